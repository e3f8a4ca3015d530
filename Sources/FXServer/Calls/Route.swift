import Crypto
import FXDomain
import FXJSON
import FXPorts
import HTTPTypes
import Hummingbird
import NIOCore

/// One call of the API: how it is reached, who may make it, and what it does.
struct Route: Sendable {
  enum Access: Hashable, Sendable {
    /// Nobody need be signed in.
    case anybody
    case role(Role)
    /// Whoever has it, and every program on this machine without.
    case roleOrLoopback(Role)
  }

  /// What a call takes as its body.
  enum BodyKind: Hashable, Sendable {
    /// Nothing; an empty body, or an empty object, does no harm.
    case none
    case json
    /// A file.
    case csv
    case jsonOrCSV
    /// Whatever comes is left unread.
    case any
  }

  let method: HTTPRequest.Method
  /// With its parameters in braces, as in `/api/batches/{id}`.
  let path: String
  let access: Access
  let body: BodyKind
  /// Honours `Idempotency-Key`.
  let takesKey: Bool
  /// Denied or done, it stands in the audit.
  var changes: Bool { method != .get && method != .head }
  let handle: @Sendable (Call) async throws -> Answer

  init(
    _ method: HTTPRequest.Method, _ path: String, _ access: Access, body: BodyKind = .none,
    takesKey: Bool = false, handle: @escaping @Sendable (Call) async throws -> Answer
  ) {
    self.method = method
    self.path = path
    self.access = access
    self.body = body
    self.takesKey = takesKey
    self.handle = handle
  }

  /// Method and path, as the audit and the metrics name the call.
  var name: String { "\(method.rawValue) \(path)" }
}

/// Who makes a call.
public struct Principal: Hashable, Sendable {
  public let person: String
  public let role: Role
  /// Nil at the command line of a local store, where the operating system says who it is.
  public let token: Identifier?
  /// SHA-256 of the cookie of a browser's session; nil where a token was shown.
  public let session: [UInt8]?

  public init(person: String, role: Role, token: Identifier? = nil, session: [UInt8]? = nil) {
    self.person = person
    self.role = role
    self.token = token
    self.session = session
  }

  public var actor: Actor { .person(person) }
}

/// What a call's handler is given.
struct Call: Sendable {
  let request: HTTPRequest
  let parameters: [String: String]
  /// Nil where nobody need be signed in, and nobody is.
  let principal: Principal?
  let requestID: String
  let body: CallBody
  /// What the handler tells the audit beside its answer.
  let observed: Observed
  /// Kept with the change, so that it is made once for its key.
  var receipt: Receipt?
  /// What an earlier request with the same key has changed, where it was never answered.
  var earlier: Identifier?

  /// The body as JSON; null where there is none.
  var json: JSON {
    switch body {
    case .none, .csv: .null
    case .json(let json, _): json
    }
  }

  /// Of everything that makes one request another.
  var digest: [UInt8] {
    var hash = SHA256()
    hash.update(data: Array("\(request.method) \(request.path ?? "/")\n".utf8))
    hash.update(data: body.bytes)
    return Array(hash.finalize())
  }

  /// Who acts; only for routes that ask for a role.
  var actor: Actor { principal?.actor ?? .person("nobody") }

  /// For what a person has to answer for with a token of theirs, at the command line of a local store
  /// too.
  func demandPerson() throws(Problem) {
    guard principal?.token == nil else { return }
    throw Problem(
      .unauthenticated,
      "This takes a person's token, on a local store too: the operating system's word is not enough."
    )
  }

  func query() throws(Problem) -> Query { try Query(of: request.path ?? "/") }

  /// A part of the path; what it names is the object of the call.
  func parameter(_ name: String) -> String {
    let text = parameters[name] ?? ""
    observed.name(text)
    return text
  }

  /// The identifier in the path. Nothing is found under one that is malformed.
  func identifier(_ name: String, _ what: String) throws(Problem) -> Identifier {
    guard let id = Identifier(parameter(name)) else { throw .notFound(what) }
    return id
  }

  /// The version that the caller saw, by `If-Match`; nil where they do not say.
  func expectedVersion() throws(Problem) -> Int64? {
    let fields = request.headerFields[values: .ifMatch]
    guard let text = fields.first, fields.count > 1 || text != "*" else { return nil }
    let quoted = text.split(separator: "\"", omittingEmptySubsequences: false)
    guard fields.count == 1, quoted.count == 3, quoted[0].isEmpty, quoted[2].isEmpty,
      let version = Int64(quoted[1]), String(version) == quoted[1]
    else {
      throw Problem(.malformedRequest, "Give If-Match the one ETag that was read, or leave it out.")
    }
    return version
  }
}

extension HTTPFields {
  /// The version of a batch or a trade, for `If-Match`.
  static func version(_ version: Int64) -> HTTPFields { [.eTag: "\"\(version)\""] }
}
