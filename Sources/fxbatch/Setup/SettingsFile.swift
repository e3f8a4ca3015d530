/// A file of settings: lines of `NAME=value`, empty ones, and remarks that begin with `#`.
struct SettingsFile {
  private(set) var values: [String: String] = [:]
  private(set) var problems: [String] = []

  /// - Parameter known: every name that the file may hold; another one is a problem, since it is
  ///   most likely misspelt.
  init(_ path: String, known: Set<String>) throws(UnreadableFile) {
    let lines = try OpenFile.text(of: path).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in zip(1..., lines) {
      var line = line.trimmed
      // As the sandbox prints its settings, for shells.
      if line.hasPrefix("export ") { line = line.dropFirst("export ".count).trimmed }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      guard let sign = line.firstIndex(of: "=") else {
        problems.append("line \(number) of \(path) is not NAME=value")
        continue
      }
      let name = String(line[..<sign].trimmed)
      guard known.contains(name) else {
        problems.append("line \(number) of \(path): there is no setting \(name)")
        continue
      }
      if values.updateValue(String(line[line.index(after: sign)...].trimmed), forKey: name) != nil {
        problems.append("line \(number) of \(path) gives \(name) again; keep one")
      }
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return self[first...last]
  }
}
