import AsyncHTTPClient
import FXBankSandbox
import FXJSON
import Foundation

/// A deal as the bank's ledger has it. Amounts and rates are decimal texts, compared as such.
struct Booking: Decodable, Sendable {
  let number: Int64
  let dealTransactionId: String
  let dealReference: String
  let cif: String
  let pair: String
  let side: String
  let dealCurrency: String
  let dealAmount: String
  let counterCurrency: String
  let counterAmount: String
  let quoteRate: String
  let dealRate: String
  let status: String
}

/// A deal id, and how many booking calls bore it, whatever became of them.
struct ReceivedCall: Decodable, Sendable {
  let dealTransactionId: String
  let calls: Int
}

/// The sandbox's own counter, beside the bank's calls: its books, and what shall go wrong.
struct DemoBank: Sendable {
  private static let pageDeals = 500
  private static let maximumAnswerBytes = 4 * 1_024 * 1_024

  let port: Int

  /// Every deal that the bank has booked, page by page.
  func ledger() async throws -> [Booking] {
    var bookings: [Booking] = []
    while true {
      let after = bookings.last?.number ?? 0
      let page: [Booking] = try await list("ledger?after=\(after)&limit=\(Self.pageDeals)")
      bookings += page
      guard page.count == Self.pageDeals else { return bookings }
    }
  }

  /// The first of those deal ids that booking calls bore at least so often, up to a bound.
  func received(atLeast calls: Int) async throws -> [ReceivedCall] {
    try await list("received?at_least=\(calls)&limit=10000")
  }

  /// The next such call of this customer meets this fault.
  func order(_ misdeed: DemoScript.Misdeed) async throws {
    let body: JSON = [
      "call": .string(misdeed.call.rawValue), "fault": .string(misdeed.fault.rawValue),
      "cif": .string(misdeed.cifNumber),
    ]
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/sandbox/next")
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    request.body = .bytes(Array(body.text.utf8))
    _ = try await perform(request)
  }

  private func list<Row: Decodable>(_ query: String) async throws -> [Row] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      [Row].self,
      from: try await perform(
        HTTPClientRequest(url: "http://127.0.0.1:\(port)/sandbox/\(query)")))
  }

  private func perform(_ request: HTTPClientRequest) async throws -> Data {
    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let body = Data(
      try await answer.body.collect(upTo: Self.maximumAnswerBytes).readableBytesView)
    guard (200..<300).contains(answer.status.code) else {
      throw Complaint(
        "the sandbox answered \(answer.status.code) to \(request.url): "
          + String(decoding: body, as: UTF8.self), .unavailable)
    }
    return body
  }
}
