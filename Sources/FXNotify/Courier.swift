import FXDomain
import FXEngine
import FXPorts

/// Takes one message to its endpoint, and says what came of it.
struct Courier: Sendable {
  let poster: Poster
  let clock: EngineClock
  let random: @Sendable () -> UInt64

  func deliver(_ due: DueDelivery) async -> DeliveryReport {
    let begin = clock.now()
    let seconds = begin.wall.milliseconds / 1_000
    let delivery = due.delivery
    let reply = await poster.post(
      Poster.Message(
        url: due.endpoint.url,
        headers: [
          ("webhook-id", "\(delivery.id)"), ("webhook-timestamp", "\(seconds)"),
          (
            "webhook-signature",
            Signature.text(
              id: "\(delivery.id)", seconds: seconds, body: delivery.body,
              secrets: due.endpoint.secrets(at: begin.wall))
          ),
        ], body: delivery.body, tries: delivery.tries))
    let end = clock.now()
    let verdict = Verdict(of: reply)
    return DeliveryReport(
      delivery: delivery.id,
      attempt: DeliveryAttempt(
        at: begin.wall, milliseconds: end.uptime - begin.uptime, status: reply.status,
        error: verdict.error),
      next: next(verdict, of: delivery, at: end.wall), disables: verdict.disables)
  }

  private func next(
    _ verdict: Verdict, of delivery: MessageDelivery, at now: Timestamp
  ) -> DeliveryReport.Next {
    switch verdict {
    case .delivered: return .ended(.delivered)
    case .gone: return .ended(.failed)
    case .failed:
      guard let delay = BackOff.delay(after: delivery.tries, random: random()) else {
        return .ended(.failed)
      }
      return .retry(at: now.advanced(byMilliseconds: delay))
    }
  }

  /// What a reply means.
  enum Verdict: Hashable, Sendable {
    case delivered
    /// The receiver wants nothing any more.
    case gone
    case failed(String)

    init(of reply: Poster.Reply) {
      guard let status = reply.status else {
        self = .failed(reply.error ?? "no answer came")
        return
      }
      switch status {
      case 200..<300: self = .delivered
      case 410: self = .gone
      case 300..<400: self = .failed("the answer leads elsewhere, and is not followed")
      default: self = .failed("the answer has status \(status)")
      }
    }

    var error: String? {
      switch self {
      case .delivered: nil
      case .gone: "the receiver is gone"
      case .failed(let error): error
      }
    }

    var disables: String? { self == .gone ? "The receiver answered 410: it is gone." : nil }
  }
}
