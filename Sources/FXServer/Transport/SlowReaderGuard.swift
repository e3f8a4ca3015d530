import NIOCore

/// Breaks off a connection whose peer takes what is written to it too slowly or not at all. Nothing
/// waits behind the write that hangs: the clock runs here.
final class SlowReaderGuard: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let limits: TransportLimits
  private var unsent = 0
  private var lastProgress = NIODeadline.now()
  private var deadline: Scheduled<Void>?

  init(limits: TransportLimits) { self.limits = limits }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var bytes = unwrapOutboundIn(data)
    // In slices, so that a long write shows progress.
    while bytes.readableBytes > limits.writeSliceBytes,
      let slice = bytes.readSlice(length: limits.writeSliceBytes)
    {
      watch(context.write(wrapOutboundOut(slice)), context)
    }
    let last = context.write(wrapOutboundOut(bytes))
    watch(last, context)
    last.cascade(to: promise)
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  private func watch(_ write: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
    if unsent == 0 { lastProgress = .now() }
    unsent += 1
    if deadline == nil { arm(.milliseconds(limits.writeMilliseconds), context) }
    write.assumeIsolated().whenComplete { _ in
      self.unsent -= 1
      self.lastProgress = .now()
    }
  }

  private func arm(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
      self.deadline = nil
      guard self.unsent > 0 else { return }
      let left = .milliseconds(self.limits.writeMilliseconds) - (.now() - self.lastProgress)
      if left <= .zero { return context.close(promise: nil) }
      self.arm(left, context)
    }
  }
}
