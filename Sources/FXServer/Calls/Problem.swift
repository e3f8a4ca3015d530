import FXJSON
import HTTPTypes

/// Why a call is answered with an error, as `application/problem+json` by RFC 9457.
public struct Problem: Error, Hashable, Sendable {
  /// Stable: clients rely on these names, which stand in the answer's `type`.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    // What was sent cannot be read.
    case malformedRequest = "malformed_request"
    case invalidCursor = "invalid_cursor"
    case bodyTooLarge = "body_too_large"
    case unsupportedType = "unsupported_type"
    case upgradeRequired = "upgrade_required"
    case invalidInput = "invalid_input"
    // Who sent it.
    case unauthenticated
    case forbidden
    case tooManyRequests = "too_many_requests"
    // What it is about.
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case staleVersion = "stale_version"
    // What stands against it.
    case wrongState = "wrong_state"
    case cancelUnderWay = "cancel_under_way"
    case nothingToRetry = "nothing_to_retry"
    case nothingToReverse = "nothing_to_reverse"
    case retriedSinglyOnly = "retried_singly_only"
    case recordsKept = "records_kept"
    case approvalRequired = "approval_required"
    case approvalExpired = "approval_expired"
    case approvesOwn = "approves_own"
    case contentChanged = "content_changed"
    case alreadyDecided = "already_decided"
    case tooEarly = "too_early"
    case rateJump = "rate_jump"
    case reconciliationDue = "reconciliation_due"
    case referenceTaken = "reference_taken"
    case alreadyExists = "already_exists"
    // A request's key.
    case keyReused = "key_reused"
    case keyInFlight = "key_in_flight"
    // What is not the caller's doing.
    case internalError = "internal_error"
    case unavailable
  }

  /// One of several things that are wrong, and where.
  public struct Detail: Hashable, Sendable {
    public enum Place: Hashable, Sendable {
      /// By RFC 6901, into the body.
      case pointer(String)
      /// A query parameter, or a field of the header.
      case parameter(String)
      /// A data row of a file, from 1, and its column; nil for the file as a whole.
      case cell(row: Int?, column: String?)
    }

    public let place: Place
    public let code: String
    /// One sentence that says what to do.
    public let detail: String
  }

  public var kind: Kind
  /// For a person, and what they can do about it.
  public var detail: String
  public var errors: [Detail] = []
  /// What the answer's head says besides.
  public var fields: HTTPFields = [:]
  /// Facts that a program may want, such as the present state; names in `snake_case`.
  public var facts: [JSON.Member] = []

  public init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  /// Everything that is wrong with what was sent.
  public init(_ errors: [Detail]) {
    self.init(
      .invalidInput,
      errors.count == 1 ? errors[0].detail : "\(errors.count) things are wrong; none was done.")
    self.errors = errors
  }

  public static func notFound(_ what: String) -> Problem {
    Problem(.notFound, "There is no \(what).")
  }

  static func unauthenticated(_ detail: String) -> Problem {
    var problem = Problem(.unauthenticated, detail)
    problem.fields[.wwwAuthenticate] = "Bearer realm=\"fxbatch\""
    return problem
  }

  public static func retryLater(_ kind: Kind, _ detail: String, seconds: Int) -> Problem {
    var problem = Problem(kind, detail)
    problem.fields[.retryAfter] = String(max(1, seconds))
    return problem
  }
}

extension Problem.Kind {
  public var status: HTTPResponse.Status {
    switch self {
    case .malformedRequest, .invalidCursor: .badRequest
    case .unauthenticated: .unauthorized
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .wrongState, .cancelUnderWay, .retriedSinglyOnly, .recordsKept, .approvalRequired,
      .approvalExpired, .contentChanged, .alreadyDecided, .tooEarly, .rateJump, .reconciliationDue,
      .referenceTaken,
      .alreadyExists,
      .keyInFlight:
      .conflict
    case .approvesOwn: .forbidden
    case .staleVersion: .preconditionFailed
    case .bodyTooLarge: .contentTooLarge
    case .unsupportedType: .unsupportedMediaType
    case .upgradeRequired: .upgradeRequired
    case .invalidInput, .keyReused, .nothingToRetry, .nothingToReverse: .unprocessableContent
    case .tooManyRequests: .tooManyRequests
    case .internalError: .internalServerError
    case .unavailable: .serviceUnavailable
    }
  }

  public var title: String {
    switch self {
    case .malformedRequest: "The request cannot be read"
    case .invalidCursor: "The cursor belongs to another list"
    case .bodyTooLarge: "The body is too large"
    case .unsupportedType: "The body has another type"
    case .upgradeRequired: "This call is a WebSocket"
    case .invalidInput: "What was sent is not right"
    case .unauthenticated: "Nobody is signed in"
    case .forbidden: "This person may not do this"
    case .tooManyRequests: "Too many requests"
    case .notFound: "Not found"
    case .methodNotAllowed: "The method is not allowed here"
    case .staleVersion: "It has changed meanwhile"
    case .wrongState: "The state does not allow it"
    case .cancelUnderWay: "It is being cancelled"
    case .nothingToRetry: "Nothing is there to be tried again"
    case .nothingToReverse: "Nothing is there to be reversed"
    case .retriedSinglyOnly: "Tried again singly only"
    case .recordsKept: "Records of business are kept"
    case .approvalRequired: "Another person's approval is asked for"
    case .approvalExpired: "The approval is too old"
    case .approvesOwn: "Nobody approves what they submitted"
    case .contentChanged: "The content has changed"
    case .alreadyDecided: "Somebody has decided already"
    case .tooEarly: "It is too early for this"
    case .rateJump: "The rate is far from the present one"
    case .reconciliationDue: "The bank must be asked first"
    case .referenceTaken: "Another trade has this reference"
    case .alreadyExists: "It is there already"
    case .keyReused: "The key belongs to another request"
    case .keyInFlight: "The request with this key is under way"
    case .internalError: "Something failed here"
    case .unavailable: "The service cannot answer now"
    }
  }
}

extension Problem {
  /// - Parameters:
  ///   - instance: the path that was asked for.
  ///   - requestID: by which the logs know the request.
  public func json(instance: String, requestID: String) -> JSON {
    var members: [JSON.Member] = [
      .init(name: "type", value: .string("/api/docs#problem-\(kind.rawValue)")),
      .init(name: "code", value: .string(kind.rawValue)),
      .init(name: "title", value: .string(kind.title)),
      .init(name: "status", value: .integer(kind.status.code)),
      .init(name: "detail", value: .string(detail)),
      .init(name: "instance", value: .string(instance)),
      .init(name: "request_id", value: .string(requestID)),
    ]
    if !errors.isEmpty {
      members.append(.init(name: "errors", value: .array(errors.map(\.json))))
    }
    return .object(members + facts)
  }
}

extension Problem.Detail {
  fileprivate var json: JSON {
    var members: [JSON.Member] =
      switch place {
      case .pointer(let pointer): [.init(name: "pointer", value: .string(pointer))]
      case .parameter(let name): [.init(name: "parameter", value: .string(name))]
      case .cell(let row, let column):
        [.init(name: "row", value: JSON(row)), .init(name: "column", value: JSON(column))]
      }
    members.append(.init(name: "code", value: .string(code)))
    members.append(.init(name: "detail", value: .string(detail)))
    return .object(members)
  }
}
