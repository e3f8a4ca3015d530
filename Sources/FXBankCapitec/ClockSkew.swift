import FXDomain

/// How far the bank's clock is ahead of ours, as one answer's Date header tells.
public struct ClockSkew: Hashable, Sendable {
  /// The middle of what is possible; negative when the bank's clock is behind.
  public let milliseconds: Int64
  /// The truth lies no farther than this from the middle, provided the header was written between our
  /// sending and our receiving.
  public let toleranceMilliseconds: Int64

  /// The header names a whole second, and stands for any moment within it. It was written somewhere
  /// between the request and the answer, so the skew lies between date − `received` and date + 1 s −
  /// `sent`.
  public init(bankDate: Timestamp, sent: Timestamp, received: Timestamp) {
    let least = bankDate.milliseconds(since: received)
    let most = bankDate.advanced(byMilliseconds: 1_000).milliseconds(since: sent)
    self.milliseconds = (least + most) / 2
    self.toleranceMilliseconds = max((most - least + 1) / 2, 0)
  }

  /// The least skew, in either direction, that the measurement allows.
  public var leastMagnitudeMilliseconds: Int64 {
    max(Int64(milliseconds.magnitude) - toleranceMilliseconds, 0)
  }
}
