import FXJSON
import FXPorts
import HTTPTypes
import Hummingbird

/// What a call is answered with.
struct Answer: Sendable {
  enum Body: Sendable {
    case none
    case bytes([UInt8], type: String)
    /// Written piece by piece while the peer reads; it throws to end the connection.
    case stream(type: String, @Sendable (inout any ResponseBodyWriter) async throws -> Void)
  }

  /// What a change did, for the audit.
  struct Change: Sendable {
    var before: JSON?
    var after: JSON?
  }

  var status: HTTPResponse.Status
  var fields: HTTPFields
  var body: Body
  var change = Change()
  /// Holds what is shown once and kept nowhere, such as a new token.
  var isSecret = false

  init(
    _ status: HTTPResponse.Status = .ok, fields: HTTPFields = [:], body: Body = .none
  ) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  static func json(
    _ json: JSON, _ status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
  ) -> Answer {
    Answer(status, fields: fields, body: .bytes(json.bytes, type: "application/json"))
  }

  static let noContent = Answer(.noContent)

  /// The same answer with what it changed, for the audit.
  func changing(from before: JSON? = nil, to after: JSON? = nil) -> Answer {
    var answer = self
    answer.change = Change(before: before, after: after)
    return answer
  }
}

extension Answer {
  /// - Parameter withBody: whether the peer wants it; a stream is not even begun otherwise.
  func response(withBody: Bool) -> Response {
    var fields = fields
    // Whatever is served belongs to whoever asked.
    if fields[.cacheControl] == nil { fields[.cacheControl] = "no-store" }
    switch body {
    case .none:
      return Response(status: status, headers: fields)
    case .bytes(let bytes, let type):
      fields[.contentType] = type
      return Response(
        status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    case .stream(let type, let write):
      fields[.contentType] = type
      guard withBody else { return Response(status: status, headers: fields) }
      return Response(
        status: status, headers: fields,
        body: ResponseBody { writer in
          try await write(&writer)
          try await writer.finish(nil)
        })
    }
  }
}

extension Answer {
  static func problem(_ problem: Problem, to request: HTTPRequest, requestID: String) -> Answer {
    let path = request.path?.prefix { $0 != "?" } ?? "/"
    return Answer(
      problem.kind.status, fields: problem.fields,
      body: .bytes(
        problem.json(instance: String(path), requestID: requestID).bytes,
        type: "application/problem+json"))
  }

  /// The answer that an earlier request with the same key was given.
  init(_ kept: KeptAnswer) {
    self.init(HTTPResponse.Status(code: kept.status))
    if let location = kept.location { fields[.location] = location }
    if !kept.contentType.isEmpty { body = .bytes(kept.body, type: kept.contentType) }
    // The ETag of a batch or a trade is its version, which stands in the body.
    if let json = Self.json(of: kept), case .number(let version)? = json["version"],
      json["id"] != nil
    {
      fields[.eTag] = "\"\(version)\""
    }
    fields[.idempotencyReplayed] = "true"
  }

  private static func json(of kept: KeptAnswer) -> JSON? {
    do { return try JSON(parsing: kept.body) } catch { return nil }
  }

  /// What a repetition of the request is answered with; nil for answers that are not kept.
  var kept: KeptAnswer? {
    if isSecret { return nil }
    return switch body {
    case .none:
      KeptAnswer(
        status: status.code, contentType: "", location: fields[.location], body: [])
    case .bytes(let bytes, let type):
      KeptAnswer(
        status: status.code, contentType: type, location: fields[.location], body: bytes)
    case .stream: nil
    }
  }
}

extension HTTPField.Name {
  static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
}
