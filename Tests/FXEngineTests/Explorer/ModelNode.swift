import FXDomain
import FXPorts

@testable import FXEngine

/// One process: the real machines of its one trade, each with what it wants done next.
struct ModelNode: Sendable {
  struct Run: Sendable {
    enum Pending: Sendable {
      case perform(TradeRun.Action)
      /// The call is out.
      case awaiting
    }

    var machine: TradeRun
    var pending: Pending
    /// A planted bug has sent the call before its intent.
    var sentEarly = false
  }

  struct Inquiry: Sendable {
    var machine: DoubtInquiry
    /// Nil while it waits. Waiting is no part of any proof, so it may end at any time.
    var pending: DoubtInquiry.Action?
  }

  struct Watch: Sendable {
    var machine: SettlementWatch
    var pending: TradeCommand?
  }

  /// What it puts in order after a claim, before anything else.
  struct Recovery: Sendable {
    var command: TradeCommand
    var generation: Int64
  }

  var generation: Int64?
  var validUntil = Scale.start
  var recovery: Kept<Recovery>?
  var run: Kept<Run>?
  var inquiry: Kept<Inquiry>?
  var watch: Kept<Watch>?
  /// The answer to a question of an inquiry that is gone.
  var stray: StatusAnswer?
  var controls: [ControlAnswer] = []
  var lookUp = LookUp.unproven
  var heardOfKillSwitch = false

  /// It has something to do, and would do it at once were it not held up.
  var isBusy: Bool {
    run != nil || recovery != nil || inquiry?.value.pending != nil || watch?.value.pending != nil
  }

  /// Lets go of everything but a call that may be out.
  mutating func forget() {
    generation = nil
    recovery = nil
    if let run, !run.value.machine.isCalling { self.run = nil }
    unwatch()
  }

  mutating func unwatch() {
    inquiry = nil
    watch = nil
  }

  /// The bank has found a deal that we know is booked.
  mutating func found(bookedAt: Timestamp, at now: Timestamp) {
    controls.removeAll { $0.dealBookedAt == bookedAt }
    controls.insert(ControlAnswer(foundAt: now, dealBookedAt: bookedAt), at: 0)
    lookUp = .byDealTransactionID
  }
}

/// How an action goes.
enum Way: Hashable, Sendable {
  case done
  /// Not sent, timed out, or its answer lost.
  case trouble
}

enum NodeMove: Hashable, Sendable {
  case claim, renew
  case hearOfKillSwitch
  case take, sweep, recover
  case run(Way)
  case inquire(Way)
  case watch(Way)
  case findControl
  case takeStrayAnswer
  case crash
}

enum Move: Hashable, Sendable {
  case tick
  case node(Int, NodeMove)
  /// The bank takes a request in, while its quote is alive. One that it gets too late is refused,
  /// which tells no more than a time-out.
  case arrive(Int)
  /// Its answer reaches the node that asked, or is lost.
  case book(Int, isHeard: Bool)
  case refuse(Int)
  case settle(Int, DealStatus)
  case forget
  case cancel, pause, resume, engageKillSwitch, releaseKillSwitch, resolve, retry
  case rollBack, reconcile
}
