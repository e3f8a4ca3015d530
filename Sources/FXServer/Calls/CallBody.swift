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
  let fileBytes: Int
  private let large = Mutex(0)

  init(fileBytes: Int) { self.fileBytes = fileBytes }

  func bytes(of request: Request, atMost bound: Int) async throws -> [UInt8] {
    let length = request.headers[.contentLength].flatMap { Int($0) }
    if let length, length > bound { throw Self.tooLarge(bound) }
    let isLarge = (length ?? bound) > CallBounds.smallBodyBytes
    if isLarge { try enter() }
    defer { if isLarge { large.withLock { $0 -= 1 } } }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(length ?? 0, bound))
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

  private func enter() throws(Problem) {
    let hasRoom = large.withLock { count in
      guard count < CallBounds.largeBodiesAtOnce else { return false }
      count += 1
      return true
    }
    guard hasRoom else {
      throw .retryLater(
        .unavailable, "Other large bodies are being read. Send it again in a moment.", seconds: 2)
    }
  }

  private static func tooLarge(_ bound: Int) -> Problem {
    Problem(
      .bodyTooLarge,
      bound == 0
        ? "This call takes no body of this kind."
        : "Send at most \(bound >> 20) MiB. A large batch comes as text/csv, or in several.")
  }
}
