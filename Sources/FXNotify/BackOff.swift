import FXDomain

/// How long a message waits after a try that did not succeed.
public enum BackOff {
  /// After the first try, the second, and so on; after one more it has failed.
  public static let seconds: [Int64] = [
    5, 30, 120, 600, 3_600, 10_800, 28_800, 86_400, 86_400, 86_400,
  ]

  /// Up to a fifth shorter or longer, so that many do not come back at once.
  ///
  /// - Parameter tries: before this one.
  /// - Returns: milliseconds; nil when no try is left.
  public static func delay(after tries: Int, random: UInt64) -> Int64? {
    guard seconds.indices.contains(tries) else { return nil }
    return seconds[tries] * (800 + Int64(random % 401))
  }
}
