import FXDomain
import Synchronization

/// How often each caller may call: a bucket of tokens each, of a second's worth or of more.
final class Buckets: Sendable {
  private struct Bucket {
    var tokens: Int64
    var at: Int64
  }

  private let perSecond: Int64
  private let seconds: Int64
  private let buckets = Mutex<[String: Bucket]>([:])

  /// - Parameter seconds: whose tokens a bucket holds, for those who come all at once.
  init(perSecond: Int, seconds: Int = 1) {
    self.perSecond = Int64(perSecond)
    self.seconds = Int64(seconds)
  }

  /// Takes one of the caller's tokens; otherwise answers how many milliseconds until there is one.
  ///
  /// - Parameter uptime: milliseconds of a clock that is never set.
  func take(_ caller: String, at uptime: Int64) -> Int64? {
    buckets.withLock { buckets in
      // Thousandths of a token, of which a millisecond brings as many as there are in a second.
      let full = perSecond * seconds * 1_000
      var bucket = buckets[caller] ?? Bucket(tokens: full, at: uptime)
      bucket.tokens = min(full, bucket.tokens + max(0, uptime - bucket.at) * perSecond)
      bucket.at = uptime
      defer {
        buckets[caller] = bucket
        if buckets.count > CallBounds.countedCallers {
          buckets = buckets.filter { uptime - $0.value.at < seconds * 1_000 }
          // All within that time: forgetting them is kinder than refusing new ones.
          if buckets.count > CallBounds.countedCallers { buckets = [caller: bucket] }
        }
      }
      guard bucket.tokens >= 1_000 else { return (1_000 - bucket.tokens) / perSecond + 1 }
      bucket.tokens -= 1_000
      return nil
    }
  }
}

/// Slows down whoever fails to sign in, by their address.
final class SignInBrake: Sendable {
  private struct Record {
    var failures: Int
    var until: Int64
  }

  private let records = Mutex<[String: Record]>([:])

  /// How many milliseconds the address still has to wait; nil for none.
  func wait(_ address: String, at uptime: Int64) -> Int64? {
    records.withLock { records in
      guard let record = records[address], record.until > uptime else { return nil }
      return record.until - uptime
    }
  }

  /// Each failure beyond the free ones doubles the wait. An hour without one forgets them all.
  func failed(_ address: String, at uptime: Int64) {
    records.withLock { records in
      if records.count >= CallBounds.countedCallers {
        records = records.filter { uptime - $0.value.until < 3_600_000 }
        if records.count >= CallBounds.countedCallers { records.removeAll() }
      }
      var record = records[address] ?? Record(failures: 0, until: uptime)
      if uptime - record.until >= 3_600_000 { record.failures = 0 }
      record.failures += 1
      let beyond = record.failures - CallBounds.freeSignInFailures
      let seconds = beyond < 0 ? 0 : min(1 << min(beyond, 10), CallBounds.longestSignInWaitSeconds)
      record.until = uptime + Int64(seconds) * 1_000
      records[address] = record
    }
  }

  func succeeded(_ address: String) {
    records.withLock { _ = $0.removeValue(forKey: address) }
  }
}
