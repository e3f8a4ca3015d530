import HTTPTypes
import NIOCore

/// The connection closed, or is closing; why is nobody's concern who can only stop sending.
public struct WebSocketClosed: Error, Equatable {}

/// An open WebSocket. Whatever it receives is whole, unmasked and checked; pings and the closing
/// handshake are taken care of.
public struct WebSocketConnection: Sendable {
  /// The request that opened it.
  public let request: HTTPRequest
  /// What the peer sends, for one reader. It ends when the connection closes. Messages must be taken:
  /// while too many wait, the peer is not read.
  public let messages: WebSocketMessages
  private let handler: NIOLoopBound<WebSocketHandler>
  private let eventLoop: any EventLoop
  private let ended: EventLoopFuture<Void>

  init(
    request: HTTPRequest, messages: WebSocketMessages, handler: NIOLoopBound<WebSocketHandler>,
    eventLoop: any EventLoop, ended: EventLoopFuture<Void>
  ) {
    self.request = request
    self.messages = messages
    self.handler = handler
    self.eventLoop = eventLoop
    self.ended = ended
  }

  /// Sends a text; see the other `send`.
  public func send(_ text: String) async throws(WebSocketClosed) {
    try await send(EncodedMessage(text: text))
  }

  /// Sends a message behind all that were sent before. Waits only while the peer has more before it
  /// than the limits allow; a peer that takes nothing for too long is cut off.
  public func send(_ message: EncodedMessage) async throws(WebSocketClosed) {
    let handler = handler
    do {
      try await eventLoop.flatSubmit { handler.value.send(message) }.get()
    } catch {
      // Nothing else fails, save for an event loop that has ended.
      throw WebSocketClosed()
    }
  }

  /// Begins to close; ``messages`` end at once. Does nothing when it is closing already.
  ///
  /// - Parameter reason: shown to the peer, cut to 123 bytes.
  public func close(_ code: WebSocketCloseCode, _ reason: String = "") {
    let handler = handler
    eventLoop.execute { handler.value.close(code, reason) }
  }

  /// Returns when the connection is closing, whoever began it.
  func waitForEnd() async {
    // The promise behind it is never failed.
    _ = try? await ended.get()
  }
}

/// See ``WebSocketConnection/messages``.
public struct WebSocketMessages: AsyncSequence, Sendable {
  let base: WebSocketHandler.Messages

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let base: WebSocketHandler.Messages.AsyncIterator

    public func next() async -> WebSocketMessage? { await base.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: base.makeAsyncIterator())
  }
}
