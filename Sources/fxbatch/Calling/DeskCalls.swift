import FXJSON
import Foundation

/// One call of the API, however it is carried out.
struct DeskCall: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  enum Body: Sendable {
    case none
    case json(JSON)
    case csv([UInt8])
  }

  let method: Method
  /// Its parts are percent-encoded where they need be.
  let path: String
  var query: [(name: String, value: String)] = []
  var body = Body.none
  /// Takes a person's token, at a local store too.
  var asPerson = false

  /// Path and query, percent-encoded.
  var target: String {
    guard !query.isEmpty else { return path }
    return path + "?"
      + query.map { "\($0.name)=\(Self.encoded($0.value))" }.joined(separator: "&")
  }

  /// As a part of a path, or a value of a query.
  static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }

  var contentType: String? {
    switch body {
    case .none: nil
    case .json: "application/json"
    case .csv: "text/csv"
    }
  }

  var bytes: [UInt8] {
    switch body {
    case .none: []
    case .json(let json): json.bytes
    case .csv(let bytes): bytes
    }
  }
}

/// What a call was answered with.
struct DeskAnswer: Sendable {
  let status: Int
  /// Null where there was no body.
  let json: JSON

  var isRefusal: Bool { status >= 400 }

  /// Another request with the same key is being carried out.
  var isUnderWay: Bool { status == 409 && json.words("code") == "key_in_flight" }
}

/// The API as the commands reach it: at a server, or at a local store in this process.
protocol DeskCalls: Sendable {
  /// Makes a call, and brings the whole answer.
  func send(_ call: DeskCall) async throws -> DeskAnswer

  /// Makes a call whose answer may be long, and tells it piece by piece. A refusal comes whole.
  ///
  /// - Returns: the refusal; nil where everything was told.
  func fetch(
    _ call: DeskCall, _ tell: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> DeskAnswer?

  /// Tells how batches stand and what happens to them, in messages of the live feed, until `tell`
  /// answers false. A batch's standing comes first.
  ///
  /// - Parameter batch: its identifier; nil for all that are under way.
  func follow(batch: String?, _ tell: (JSON) async throws -> Bool) async throws
}

/// Every bound of what the command line asks of a server, with units in the names.
enum CallingBounds {
  static let connectMilliseconds: Int64 = 10_000
  /// Without a byte from the server. The live feed is never silent for as long.
  static let silenceMilliseconds: Int64 = 60_000
  static let answerBytes = 64 << 20
  /// A file that is given to a local store.
  static let fileBytes = 256 << 20
  static let tries = 3
  static let pauseMilliseconds: Int64 = 300
  /// How often, a second apart, the server is asked what became of a request of ours that it still
  /// carries out.
  static let waitsForOwnRequest = 120
  /// Longest wait that a server may ask for before the next try.
  static let longestPauseSeconds: Int64 = 3
  /// How often a live feed that broke off is taken up again, one after the other.
  static let reconnections = 10
  /// One message of the live feed.
  static let messageBytes = 1 << 20
  /// Between looks at a local store that is followed.
  static let lookMilliseconds: Int64 = 250
  /// Pages that are searched for a batch by its name.
  static let searchedPages = 20
}
