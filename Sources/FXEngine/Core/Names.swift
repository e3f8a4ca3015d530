import FXDomain
import FXPorts

/// A batch as this process and as everybody else calls it.
public struct BatchName: Hashable, Sendable {
  public let key: BatchKey
  public let id: Identifier

  public init(_ batch: Batch) {
    key = batch.key
    id = batch.id
  }
}

/// A trade as this process and as everybody else calls it.
public struct TradeName: Hashable, Sendable {
  public let key: TradeKey
  public let id: Identifier
  public let batch: BatchKey
  public let batchID: Identifier

  public init(_ trade: Trade) {
    key = trade.key
    id = trade.id
    batch = trade.batch
    batchID = trade.batchID
  }
}

extension EngineCore {
  /// The trade that a call to the bank is about; nil for what is about none, or about one that was let
  /// go of meanwhile.
  func subject(of action: EngineAction) -> TradeName? {
    switch action {
    case .createQuote(_, let trade, _), .latestQuote(_, let trade, _), .book(_, let trade, _):
      name(of: trade)
    case .cancelQuote(_, let name): name
    case .askStatus(_, let caller, _):
      switch caller {
      case .run(let trade), .inquiry(let trade, _), .watch(let trade), .recovery(let trade):
        name(of: trade)
      case .control(_, let trade, _): trade.flatMap { name(of: $0) }
      }
    case .pulse, .claim, .renew, .release, .take, .load, .sweep, .step, .evidence, .readEvidence,
      .findControl, .clearCanary, .seal, .report, .finish:
      nil
    }
  }

  private func name(of trade: TradeKey) -> TradeName? {
    if let run = runs[trade] { return TradeName(run.trade) }
    if let inquiry = inquiries[trade] { return TradeName(inquiry.open.trade) }
    return watches[trade]?.name
  }
}
