import FXDomain
import FXPorts

/// What is looked at in memory immediately before the call, when the intent is already durable.
public struct LastLook: Sendable {
  public var killSwitchEngaged: Bool
  /// Until when the lease is certainly ours, on the clock that never jumps.
  public var leaseUntilUptime: Int64
  /// The bank's clock minus ours, in milliseconds.
  public var bankClockSkewMilliseconds: Int64
  /// The digest of the exact request that would be sent.
  public var digest: @Sendable (BookingOrder) -> [UInt8]

  public init(
    killSwitchEngaged: Bool, leaseUntilUptime: Int64, bankClockSkewMilliseconds: Int64,
    digest: @escaping @Sendable (BookingOrder) -> [UInt8]
  ) {
    self.killSwitchEngaged = killSwitchEngaged
    self.leaseUntilUptime = leaseUntilUptime
    self.bankClockSkewMilliseconds = bankClockSkewMilliseconds
    self.digest = digest
  }

  /// Why the call must not be sent now; nil when it may.
  func objection(
    to figures: QuoteFigures, at now: Moment, settings: EngineSettings
  ) -> Objection? {
    if killSwitchEngaged { return .heldBack("The kill switch is engaged.") }
    let needed = settings.bankTimeoutMilliseconds + EngineBounds.leaseMarginMilliseconds
    guard leaseUntilUptime - now.uptime > needed else {
      return .heldBack("The lease would end before the call's deadline.")
    }
    guard abs(bankClockSkewMilliseconds) * 2 <= settings.proof.doubtMarginMilliseconds else {
      return .failure(
        Failure(
          .clockSkew, "The bank's clock is \(bankClockSkewMilliseconds) ms away from ours."))
    }
    let bankNow = now.wall.advanced(byMilliseconds: bankClockSkewMilliseconds)
    guard figures.expiresAt.milliseconds(since: bankNow) > settings.quoteSafetyMilliseconds else {
      return .failure(Failure(.quoteExpired, "The quote was about to expire."))
    }
    return nil
  }
}

/// Why a call is not made, or was not.
enum Objection: Hashable, Sendable {
  /// The desk or this node holds it back: nothing has failed. In a sentence.
  case heldBack(String)
  /// A passing fault of the bank or the way to it, which the trade keeps.
  case failure(Failure)
}

extension Intent {
  /// What the call carries.
  public var order: BookingOrder {
    BookingOrder(
      quoteID: figures.quoteID, dealTransactionID: dealTransactionID,
      quoteRate: figures.priced.quoteRate, clientRate: figures.priced.clientRate)
  }
}
