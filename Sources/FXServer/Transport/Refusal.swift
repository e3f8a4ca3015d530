import FXJSON
import Foundation
import HTTPTypes

/// A request that the transport answers itself, whereupon it closes the connection.
struct Refusal: Error, Equatable {
  let status: HTTPResponse.Status
  let detail: String
  var fields: HTTPFields = [:]

  static func badRequest(_ detail: String) -> Refusal {
    Refusal(status: .badRequest, detail: detail)
  }

  static let headTimeout = Refusal(
    status: .requestTimeout, detail: "The request's head took too long to arrive.")
  static let bodyTimeout = Refusal(
    status: .requestTimeout, detail: "The request's body arrives too slowly.")
  static let bodyTooLarge = Refusal(
    status: .contentTooLarge, detail: "The request's body is larger than this server takes.")
  static let lineTooLong = Refusal(
    status: .uriTooLong, detail: "The request line is longer than this server takes.")
  static let headerTooLarge = Refusal(
    status: .requestHeaderFieldsTooLarge, detail: "The header is larger than this server takes.")
  static let methodNotAllowed = Refusal(
    status: .methodNotAllowed, detail: "The method is not allowed anywhere on this server.",
    fields: [.allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"])
  static let unknownCoding = Refusal(
    status: .notImplemented, detail: "The only transfer coding known here is chunked.")
  static let unknownVersion = Refusal(
    status: .httpVersionNotSupported, detail: "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
  static let unknownExpectation = Refusal(
    status: .expectationFailed, detail: "The only expectation met here is 100-continue.")
  static let unknownWebSocketVersion = Refusal(
    status: .upgradeRequired, detail: "Only version 13 of the WebSocket protocol is spoken here.",
    fields: [.upgrade: "websocket", .secWebSocketVersion: "13"])
  static let admissionTimeout = Refusal(
    status: .serviceUnavailable, detail: "The server cannot decide on the upgrade in time.")
  static func tooManyConnections(retryAfterSeconds: Int) -> Refusal {
    Refusal(
      status: .serviceUnavailable, detail: "The server has as many connections as it takes.",
      fields: [.retryAfter: String(retryAfterSeconds)])
  }

  /// The answer's head and its body, a problem by RFC 9457.
  var response: (head: HTTPResponse, body: [UInt8]) {
    let occurrence = UUID().uuidString.lowercased()
    let problem: JSON = [
      "type": .string("/api/docs#problem-\(code)"), "code": .string(code),
      "title": .string(status.reasonPhrase), "status": .integer(status.code),
      "detail": .string(detail),
      // Where no path could be read, the occurrence stands for itself.
      "instance": .string("urn:uuid:\(occurrence)"), "request_id": .string(occurrence),
    ]
    var fields = fields
    fields[.contentType] = "application/problem+json"
    fields[.contentLength] = String(problem.bytes.count)
    fields[.date] = Self.now
    return (HTTPResponse(status: status, headerFields: fields), problem.bytes)
  }

  /// The stable name: the one that calls give to the same, or the status's own.
  private var code: String {
    let kinds: [Problem.Kind] = [
      .malformedRequest, .methodNotAllowed, .bodyTooLarge, .upgradeRequired, .unavailable,
    ]
    if let kind = kinds.first(where: { $0.status == status }) { return kind.rawValue }
    return status.reasonPhrase.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
  }

  /// This moment as HTTP writes it.
  private static var now: String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
