import FXDomain
import FXEngine
import FXPorts

/// Planted bugs: what lies between the real engine and its surroundings is bent. Without one,
/// everything passes as it is.
extension SimulatedWorld {
  func asPlanted(_ step: TradeStep) -> TradeStep {
    guard temper.planted == .noGenerationCheck else { return step }
    var step = step
    step.authority = .lease(generation: books.batches[step.batch.index].generation)
    return step
  }

  func asPlanted(_ request: TakeRequest) -> TakeRequest {
    guard temper.planted == .noGenerationCheck else { return request }
    let batch = request.hold.batch
    var request = request
    request.hold = Hold(batch: batch, generation: books.batches[batch.index].generation)
    return request
  }

  func asPlanted(_ trades: [OpenTrade]) -> [OpenTrade] {
    guard temper.planted == .earlyNotFoundBelieved else { return trades }
    return trades.map { open in
      var open = open
      let longAgo = open.attempt?.quoteExpiresAt.advanced(byMilliseconds: -600_000)
      if let longAgo { open.attempt?.quoteExpiresAt = longAgo }
      return open
    }
  }

  func asPlanted(_ answer: StatusAnswer, to caller: Caller) -> StatusAnswer {
    guard temper.planted == .noPositiveControl, case .control = caller,
      case .notFound(let receipt) = answer
    else { return answer }
    return .found(FoundDeal(status: .completed), receipt)
  }

  /// Whether the call leaves now, and its intent is written only later.
  mutating func sendsEarly(
    _ action: EngineAction, _ step: TradeStep, _ generation: Int64, by node: NodeIndex
  ) -> Bool {
    guard temper.planted == .intentAfterCall, case .recordIntent(let intent, _) = step.command,
      !sentEarly.contains(intent.dealTransactionID)
    else { return false }
    send(intent.order, by: node, step.trade, generation, isEarly: true)
    sentEarly.insert(intent.dealTransactionID)
    schedule(
      .perform(action, node, incarnation: nodes[node].incarnation), after: chance.pick(10...60))
    return true
  }

  mutating func asSent(_ order: BookingOrder) -> BookingOrder {
    guard temper.planted == .randomIDAfterLostCommit else { return order }
    var order = order
    let id = sentAs[order.dealTransactionID]
    let drawn = id ?? Identifier(high: chance.next(), low: chance.next())
    sentAs[order.dealTransactionID] = drawn
    order.dealTransactionID = drawn
    return order
  }

  func asSent(_ query: DealQuery) -> DealQuery {
    guard case .dealTransactionID(let id) = query, let drawn = sentAs[id] else { return query }
    return .dealTransactionID(drawn)
  }
}

extension MemoryBooks {
  /// A planted bug: trades that may be with the bank are cancelled.
  mutating func cancelPastIntent(_ batch: BatchKey) {
    for index in rows[batch.index] where trades[index].status == .booking {
      trades[index].status = .cancelled
      batches[batch.index].counts.booking -= 1
      batches[batch.index].counts.cancelled += 1
    }
  }
}
