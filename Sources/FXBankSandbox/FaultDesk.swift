import FXJSON
import Synchronization

/// Decides what befalls each call, and counts calls and faults. It starts anew with each process.
final class FaultDesk: Sendable {
  /// Faults ordered for the next calls, per call; more are refused.
  static let maximumOrdered = 1_000

  private struct State {
    var plan: FaultPlan
    var calls: [BankCall: UInt64] = [:]
    var ordered: [BankCall: [Order]] = [:]
    var faults: [BankCall: [BankFault: UInt64]] = [:]
  }

  private struct Order {
    let fault: BankFault
    let done: Bool?
    /// Whose call it is for; nil for anybody's.
    let cif: String?
  }

  private let seed: UInt64
  private let state: Mutex<State>

  init(seed: UInt64, plan: FaultPlan) {
    self.seed = seed
    self.state = Mutex(State(plan: plan))
  }

  var plan: FaultPlan {
    get { state.withLock { $0.plan } }
    set { state.withLock { $0.plan = newValue } }
  }

  /// Orders a fault for the next call of its kind that no earlier order is waiting for.
  ///
  /// - Parameters:
  ///   - done: for a fault that leaves it open, whether the call is done; by the seed if nil.
  ///   - cif: the customer whose call is meant; nil for anybody's.
  /// - Returns: false when too many are waiting.
  func order(_ fault: BankFault, for call: BankCall, done: Bool?, cif: String?) -> Bool {
    state.withLock { state in
      guard state.ordered[call, default: []].count < Self.maximumOrdered else { return false }
      state.ordered[call, default: []].append(Order(fault: fault, done: done, cif: cif))
      return true
    }
  }

  /// Whether an order waits for a certain customer's call of this kind.
  func waitsForCustomer(of call: BankCall) -> Bool {
    state.withLock { $0.ordered[call]?.contains { $0.cif != nil } ?? false }
  }

  /// Counts a call of a customer, where one is known, and says what befalls it.
  func receive(_ call: BankCall, of cif: String?) -> FaultDraw? {
    state.withLock { state in
      let counter = state.calls[call, default: 0]
      state.calls[call] = counter + 1
      var draw = state.plan.draw(for: call, seed: seed, counter: counter)
      let next = state.ordered[call]?.firstIndex { $0.cif == nil || $0.cif == cif }
      if let next, let order = state.ordered[call]?.remove(at: next) {
        var ordered = state.plan.detailed(order.fault, for: call, seed: seed, counter: counter)
        if let done = order.done { ordered.coin = done }
        draw = ordered
      }
      if let fault = draw?.fault { state.faults[call, default: [:]][fault, default: 0] += 1 }
      return draw
    }
  }

  /// Calls and faults so far, as `{"calls":{…},"faults":{"book":{"late":3}}}`.
  var counts: JSON {
    let (calls, faults) = state.withLock { ($0.calls, $0.faults) }
    return [
      "calls": .object(
        BankCall.allCases.map { .init(name: $0.rawValue, value: .integer(calls[$0] ?? 0)) }),
      "faults": .object(
        BankCall.allCases.compactMap { call in
          guard let counted = faults[call] else { return nil }
          let members = BankFault.allCases.compactMap { fault in
            counted[fault].map {
              JSON.Member(name: fault.rawValue, value: .integer($0))
            }
          }
          return .init(name: call.rawValue, value: .object(members))
        }),
    ]
  }
}
