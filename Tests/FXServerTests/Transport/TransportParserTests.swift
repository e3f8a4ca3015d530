import NIOCore
import Testing

@testable import FXServer

/// Draws the same for the same seed.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0x9E37_79B9_7F4A_7C15
  }
}

/// What a parser made of some bytes, however they were cut.
private struct Outcome<Violation: Error & Equatable>: Equatable {
  var parts: [String] = []
  var violation: Violation?
}

@Suite struct `A parser fed with half-right bytes` {
  private static let requestPieces = [
    "GET / HTTP/1.1\r\n", "POST /a?b HTTP/1.1\r\n", "GET / HTTP/1.0\r\n", "Host: a\r\n",
    "Host: a\r\n",
    "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "X: y\r\n",
    "Expect: 100-continue\r\n", "\r\n", "\r\n", "\r\n", "hello", "5\r\nhello\r\n", "0\r\n",
    "a;b\r\n", ":",
    "\r", "\n", "\0", " ", "GET ", "\u{FF}",
  ]

  @Test(arguments: UInt64(0)..<400)
  func `reads requests the same in any pieces`(seed: UInt64) {
    var dice = Dice(state: seed)
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...12, using: &dice) {
      bytes += Self.requestPieces.randomElement(using: &dice)!.utf8
    }
    let whole = Self.requests(in: [bytes])
    #expect(Self.requests(in: bytes.map { [$0] }) == whole)
    let cut = Int.random(in: 0...bytes.count, using: &dice)
    #expect(Self.requests(in: [Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
  }

  @Test(arguments: UInt64(0)..<400)
  func `reads frames the same in any pieces`(seed: UInt64) {
    var dice = Dice(state: seed)
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...8, using: &dice) {
      let opcode: UInt8 = [0, 1, 2, 8, 9, 10, 3].randomElement(using: &dice)!
      let final: UInt8 = Bool.random(using: &dice) ? 0x80 : 0
      let payload: [UInt8] = [[], [0x61], [0xC3], [0xA9], [3, 0xE8], Array("grüße".utf8)]
        .randomElement(using: &dice)!
      let mask = (0..<4).map { _ in UInt8.random(in: 0...255, using: &dice) }
      bytes += [final | opcode, 0x80 | UInt8(payload.count)] + mask
      bytes += payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }
    let whole = Self.frames(in: [bytes])
    #expect(Self.frames(in: bytes.map { [$0] }) == whole)
  }

  private static func requests(in pieces: [[UInt8]]) -> Outcome<Refusal> {
    var parser = RequestParser(limits: TransportLimits(), isSecure: false)
    var buffer = ByteBuffer()
    var outcome = Outcome<Refusal>()
    var body = ""
    for piece in pieces {
      buffer.writeBytes(piece)
      do throws(Refusal) {
        while let part = try parser.next(in: &buffer) {
          switch part {
          case .head(let request): outcome.parts.append("\(request)")
          case .body(let bytes): body += String(buffer: bytes)
          case .end:
            outcome.parts.append("body \(body)")
            body = ""
          }
        }
      } catch {
        outcome.violation = error
        return outcome
      }
    }
    return outcome
  }

  private static func frames(in pieces: [[UInt8]]) -> Outcome<WebSocketViolation> {
    var parser = WebSocketParser(limits: TransportLimits())
    var buffer = ByteBuffer()
    var outcome = Outcome<WebSocketViolation>()
    for piece in pieces {
      buffer.writeBytes(piece)
      do throws(WebSocketViolation) {
        while let event = try parser.next(in: &buffer) {
          switch event {
          case .message(.text(let text)): outcome.parts.append("text \(text)")
          case .message(.binary(let bytes)), .ping(let bytes):
            outcome.parts.append("bytes \(Array(bytes.readableBytesView))")
          case .pong: outcome.parts.append("pong")
          case .close(let code): outcome.parts.append("close \(code?.number ?? 0)")
          }
        }
      } catch {
        outcome.violation = error
        return outcome
      }
    }
    return outcome
  }
}
