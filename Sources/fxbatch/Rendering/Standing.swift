import FXDomain
import FXJSON

/// How a batch stands, read from what the API says of it or of its progress.
struct Standing: Sendable {
  let id: String
  let name: String
  let status: BatchStatus
  let counts: TradeCounts
  /// Thousandths of trades that have ended per second; nil where nobody can tell.
  let rate: String?
  let secondsLeft: Int?
  let needsDecision: [String]

  /// Nil where the answer is of another kind, or from a newer server.
  init?(_ json: JSON) {
    guard let status = BatchStatus(rawValue: json.words("status")), let counts = json["counts"]
    else { return nil }
    let id = json.words("id")
    self.id = id.isEmpty ? json.words("batch_id") : id
    self.name = json.words("name")
    self.status = status
    self.counts = TradeCounts(counts)
    let rate = json.words("trades_per_second")
    self.rate = rate.isEmpty ? nil : rate
    self.secondsLeft = json["eta_seconds"].flatMap { Int($0.words) }
    self.needsDecision = json["needs_decision"]?.elements.map(\.words) ?? []
  }

  init(of batch: Batch) {
    id = batch.id.description
    name = batch.name
    status = batch.status
    counts = batch.counts
    (rate, secondsLeft) = (nil, nil)
    needsDecision = batch.needsDecision.map(\.rawValue)
  }

  /// Trades that have ended.
  var done: Int { counts.total - counts.open }

  /// Whether nothing of it is out at the bank, or about to be.
  var isQuiet: Bool { counts.quoting == 0 && counts.booking == 0 && counts.booked == 0 }
}

extension TradeCounts {
  init(_ json: JSON) {
    self.init()
    for status in TradeStatus.allCases { self[status] = json.number(status.rawValue) }
  }

  /// What stands where, without the places where nothing does.
  var words: String {
    let parts = TradeStatus.allCases.reversed().compactMap { status in
      self[status] == 0
        ? nil : "\(self[status]) \(status.rawValue.replacing("_", with: " "))"
    }
    return "\(total): " + parts.joined(separator: ", ")
  }
}
