import Foundation

/// How many files and connections this process may have open at once.
enum OpenFilesLimit {
  /// For the store, the bank's connections, the log, and what the system's libraries open.
  static let reserve = 256
  /// Beyond this, the limit is no longer what keeps connections away.
  private static let enough: rlim_t = 1 << 20

  /// Raises the limit as far as the system lets us; answers what holds from now on.
  static func raise() -> Int {
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(kind, &limit) == 0 else { return reserve * 2 }
    let present = limit.rlim_cur
    limit.rlim_cur = max(present, min(limit.rlim_max, enough))
    let isRaised = setrlimit(kind, &limit) == 0
    return Int(clamping: min(isRaised ? limit.rlim_cur : present, enough))
  }
}
