import NIOCore

/// Every bound of the transport, with its unit in its name.
public struct TransportLimits: Sendable {
  // MARK: Connections

  public var connections = 4_096
  /// Accepted beyond ``connections`` to be told 503; what comes on top of these is closed unheard.
  public var connectionsTurnedAway = 256
  public var backlogConnections = 1_024
  public var retryAfterSeconds = 5

  // MARK: Requests

  public var requestLineBytes = 8 << 10
  /// All fields of a head, or of the trailer after a chunked body.
  public var headerBytes = 32 << 10
  public var headerFields = 100
  public var bodyBytes = 64 << 20
  public var chunkLineBytes = 256
  /// What a peer may send ahead of the response that it waits for.
  public var pipelinedBytes = 64 << 10

  // MARK: Patience

  /// From accepting a connection, or from a later request's first byte, to the end of its head.
  public var headMilliseconds: Int64 = 10_000
  public var idleMilliseconds: Int64 = 60_000
  /// How long the answer whether a WebSocket may be opened can take.
  public var admissionMilliseconds: Int64 = 10_000
  /// A body may take this long, and a second more for every ``slowestBodyBytesPerSecond`` of it; only
  /// time spent waiting for the peer counts.
  public var bodyGraceMilliseconds: Int64 = 10_000
  public var slowestBodyBytesPerSecond: Int64 = 1_024
  /// How long a peer may take to receive ``writeSliceBytes``.
  public var writeMilliseconds: Int64 = 30_000
  public var writeSliceBytes = 64 << 10
  /// How long, and for how many bytes, a connection stays to throw away what its peer still sends, so
  /// that the last response is not lost with a reset.
  public var lingerMilliseconds: Int64 = 2_000
  public var lingerBytes = 1 << 20
  /// After a graceful shutdown began.
  public var drainMilliseconds: Int64 = 10_000

  // MARK: WebSocket

  public var frameBytes = 1 << 20
  public var messageBytes = 1 << 20
  /// Messages that wait to be taken; the peer is not read meanwhile.
  public var unreadMessages = 8
  /// A sender waits while more than this waits for the peer.
  public var unsentBytes = 256 << 10
  public var pingMilliseconds: Int64 = 20_000
  /// How long after a ping a sign of life may take.
  public var pongMilliseconds: Int64 = 20_000
  public var closeMilliseconds: Int64 = 5_000

  public init() {}
}
