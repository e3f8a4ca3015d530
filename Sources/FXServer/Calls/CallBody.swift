import FXJSON
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// What came as a call's body, whole.
enum CallBody: Sendable {
  case none
  case json(JSON, [UInt8])
  case csv([UInt8])

  var bytes: [UInt8] {
    switch self {
    case .none: []
    case .json(_, let bytes), .csv(let bytes): bytes
    }
  }

  static func json(_ bytes: [UInt8]) throws(Problem) -> JSON {
    do {
      return try JSON(parsing: bytes)
    } catch {
      let what =
        switch error.fault {
        case .unexpected: "is not JSON"
        case .badString: "holds a string that is not right"
        case .badNumber: "holds a number that is not right"
        case .duplicateName: "names one member twice"
        case .tooDeep: "is nested more than \(JSON.maximumDepth) deep"
        }
      throw Problem(.malformedRequest, "The body \(what), at byte \(error.offset).")
    }
  }
}

/// Reads bodies into memory, of the large ones a few at a time.
final class BodyReader: Sendable {
  /// Of a file.
  private let fileBytes: Int
  private let large = Mutex(0)

  init(fileBytes: Int) { self.fileBytes = fileBytes }

  /// What a caller may send to a call that takes such a body.
  func bound(of kind: Route.BodyKind, _ type: String?, by principal: Principal?) -> Int {
    switch (kind, type) {
    case (.any, _), (_, nil): 0
    case (.none, _): CallBounds.smallBodyBytes
    case (.json, _) where principal == nil: CallBounds.smallBodyBytes
    case (.csv, _), (.jsonOrCSV, "text/csv"): fileBytes
    case (.json, _), (.jsonOrCSV, _): CallBounds.jsonBytes
    }
  }

  func bytes(of request: Request, atMost bound: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(Self.length(of: request) ?? 0, bound))
    do {
      for try await piece in request.body {
        guard bytes.count + piece.readableBytes <= bound else { throw Self.tooLarge(bound) }
        bytes.append(contentsOf: piece.readableBytesView)
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      // The transport has told the peer already, where it still listens.
      throw Problem(.malformedRequest, "The body did not come to its end.")
    }
    return bytes
  }

  /// A place among the calls with large bodies, for those that have one.
  enum Place { case small, large }

  func enter(_ request: Request, atMost bound: Int) throws(Problem) -> Place {
    let length = Self.length(of: request)
    if let length, length > bound, bound > 0 { throw Self.tooLarge(bound) }
    guard (length ?? bound) > CallBounds.smallBodyBytes else { return .small }
    let hasRoom = large.withLock { count in
      guard count < CallBounds.largeBodiesAtOnce else { return false }
      count += 1
      return true
    }
    guard hasRoom else {
      throw .retryLater(
        .unavailable, "Other large bodies are being read. Send it again in a moment.", seconds: 2)
    }
    return .large
  }

  func leave(_ place: Place) {
    if place == .large { large.withLock { $0 -= 1 } }
  }

  private static func length(of request: Request) -> Int? {
    request.headers[.contentLength].flatMap { Int($0) }
  }

  private static func tooLarge(_ bound: Int) -> Problem {
    let most = bound < 1 << 20 ? "\(bound >> 10) KiB" : "\(bound >> 20) MiB"
    return Problem(
      .bodyTooLarge,
      bound == 0
        ? "This call takes no body of this kind."
        : "Send at most \(most). A large batch comes as text/csv, or in several.")
  }
}
