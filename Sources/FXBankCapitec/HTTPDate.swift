import FXDomain

/// Moments as HTTP writes them.
enum HTTPDate {
  private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` and no other form; nil for a day that does not exist or is
  /// not that weekday.
  static func read(_ text: String) -> Timestamp? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard text.utf8.count == 29, words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
      let day = number(words[1], digits: 2), let month = months.firstIndex(of: String(words[2])),
      let year = number(words[3], digits: 4),
      let date = CivilDate(year: Int(year), month: month + 1, day: Int(day)),
      words[0].dropLast() == weekdays[date.weekday.rawValue]
    else { return nil }
    let time = words[4].split(separator: ":", omittingEmptySubsequences: false)
    guard time.count == 3, let hour = number(time[0], digits: 2), hour < 24,
      let minute = number(time[1], digits: 2), minute < 60,
      let second = number(time[2], digits: 2), second < 60
    else { return nil }
    let inDay = (hour * 60 + minute) * 60 + second
    return Timestamp(milliseconds: (Int64(date.dayNumber) * 86_400 + inDay) * 1_000)
  }

  /// The wait that a Retry-After header asks for, in milliseconds from 0 to the bound; nil when it
  /// cannot be read. A moment is counted from `now`, by the clock of whoever wrote it.
  static func retryAfterMilliseconds(_ text: String, now: Timestamp) -> Int64? {
    if let seconds = number(Substring(text), digits: nil) {
      return seconds > Limits.retryAfterMilliseconds / 1_000
        ? Limits.retryAfterMilliseconds : seconds * 1_000
    }
    return read(text).map {
      min(max($0.milliseconds(since: now), 0), Limits.retryAfterMilliseconds)
    }
  }

  private static func number(_ text: Substring, digits: Int?) -> Int64? {
    guard !text.isEmpty, text.utf8.count <= 18, digits == nil || text.utf8.count == digits,
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int64(text)
  }
}
