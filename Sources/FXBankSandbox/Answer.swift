import FXDomain
import FXJSON
import Hummingbird

/// The bank's reason codes, as far as they are known or assumed.
enum ReasonCode: String, Hashable, Sendable {
  case validation = "VALIDATION"
  case rateMismatch = "RATE_MISMATCH"
  case business = "BUSINESS"
  case quoteUsed = "QUOTE_USED"
  case quoteExpired = "QUOTE_EXPIRED"
  case `internal` = "INTERNAL"
  case notFound = "NOT_FOUND"
  /// On nobody's list, on purpose.
  case unlisted = "SBX_UNLISTED"

  /// The `resultCode` that goes with it; any number above zero is a failure.
  var resultCode: Int {
    switch self {
    case .validation: 1
    case .rateMismatch: 2
    case .business: 3
    case .quoteUsed: 4
    case .quoteExpired: 5
    case .internal: 6
    case .notFound: 7
    case .unlisted: 99
    }
  }
}

/// A refusal in the bank's words; nothing was done.
struct BankRefusal: Error, Hashable {
  let reason: ReasonCode
  let message: String
  /// The field that is wrong, for `VALIDATION`.
  var field: String?

  init(_ reason: ReasonCode, _ message: String, field: String? = nil) {
    self.reason = reason
    self.message = message
    self.field = field
  }

  static func invalid(_ field: String, _ error: String) -> BankRefusal {
    BankRefusal(.validation, error, field: field)
  }
}

/// One HTTP answer, before the `Date` header.
struct Answer: Sendable {
  var status = HTTPResponse.Status.ok
  var headers: HTTPFields = [.contentType: "application/json"]
  var body: [UInt8]
  var dated = true

  init(_ json: JSON, status: HTTPResponse.Status = .ok) {
    self.status = status
    self.body = json.bytes
  }

  /// An answer in the envelope of every business call, for a call that succeeded.
  static func success(
    transactionID: Identifier, _ members: [JSON.Member] = []
  ) -> Answer {
    let result: JSON = ["resultCode": .integer(0), "resultMsg": "Success"]
    return Answer(
      .object([header(transactionID), .init(name: "result", value: result)] + members))
  }

  /// An answer in the envelope, for a call that was refused.
  static func refusal(
    _ refusal: BankRefusal, transactionID: Identifier, status: HTTPResponse.Status = .ok
  ) -> Answer {
    var result: [JSON.Member] = [
      .init(name: "resultCode", value: .integer(refusal.reason.resultCode)),
      .init(name: "resultReasonCode", value: .string(refusal.reason.rawValue)),
      .init(name: "resultMsg", value: .string(refusal.message)),
    ]
    if let field = refusal.field {
      let error: JSON = ["validation": .string(field), "error": .string(refusal.message)]
      result.append(.init(name: "validationErrors", value: [error]))
    }
    return Answer(
      .object([header(transactionID), .init(name: "result", value: .object(result))]),
      status: status)
  }

  /// `{"error":…,"error_description":…}` for what is not a business answer.
  static func error(
    _ status: HTTPResponse.Status, _ code: String, _ description: String
  ) -> Answer {
    Answer(
      ["error": .string(code), "error_description": .string(description)], status: status)
  }

  private static func header(_ transactionID: Identifier) -> JSON.Member {
    .init(name: "header", value: ["transactionId": .string(transactionID.description)])
  }
}

extension Timestamp {
  /// The form of HTTP's `Date` header: `Tue, 10 Nov 2026 08:30:00 GMT`.
  var httpDate: String {
    let text = description
    guard let date = CivilDate(text.prefix(10)) else {
      preconditionFailure("\(text) starts with a day")
    }
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let (year, month, _) = date.components
    let day = text.prefix(10).suffix(2)
    let time = text.dropFirst(11).prefix(8)
    return "\(days[date.weekday.rawValue]), \(day) \(months[month - 1]) \(year) \(time) GMT"
  }
}
