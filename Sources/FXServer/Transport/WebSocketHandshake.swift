import Crypto
import Foundation
import HTTPTypes
import NIOCore

/// A request for a WebSocket that waits for being admitted or not.
struct UpgradeOffer: Sendable {
  let request: HTTPRequest
  /// Upgrades, or passes the request on; the connection when it was upgraded.
  let settle: @Sendable (_ admitted: Bool) async -> WebSocketConnection?
}

extension ConnectionGate {
  func offer(for request: HTTPRequest, _ context: ChannelHandlerContext) -> UpgradeOffer {
    let gate = NIOLoopBound(self, eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    return UpgradeOffer(request: request) { admitted in
      do {
        return try await eventLoop.submit { gate.value.settle(admitted: admitted) }.get()
      } catch {
        // The event loop has ended, and every connection with it.
        return nil
      }
    }
  }
}

/// The opening handshake of RFC 6455, section 4.2.
enum WebSocketHandshake {
  /// The fields of the 101 that accepts. No extension and no subprotocol is ever agreed to.
  static func accept(_ fields: HTTPFields) throws(Refusal) -> HTTPFields {
    guard fields[values: .secWebSocketVersion] == ["13"] else { throw .unknownWebSocketVersion }
    let keys = fields[values: .secWebSocketKey]
    guard keys.count == 1, Data(base64Encoded: keys[0])?.count == 16 else {
      throw .badRequest("The WebSocket's key is malformed.")
    }
    let proof = keys[0] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return [
      .upgrade: "websocket", .connection: "Upgrade",
      .secWebSocketAccept: Data(Insecure.SHA1.hash(data: Data(proof.utf8))).base64EncodedString(),
    ]
  }
}
