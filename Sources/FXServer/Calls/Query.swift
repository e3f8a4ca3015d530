import Foundation

/// The parameters of a query. Those that nobody asked for, or that are named twice where once is
/// meant, are wrong.
struct Query {
  private var values: [(name: String, value: String)] = []
  private var taken: Set<String> = []
  private var errors: [Problem.Detail] = []

  /// - Parameter path: a request's target, with or without a query.
  init(of path: String) throws(Problem) {
    guard let mark = path.firstIndex(of: "?") else { return }
    for part in path[path.index(after: mark)...].split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(pair[0]),
        let value = Self.decoded(pair.count > 1 ? pair[1] : "")
      else { throw Problem(.malformedRequest, "The query is not percent-encoded UTF-8.") }
      values.append((name, value))
    }
  }

  private static func decoded(_ text: Substring) -> String? {
    text.replacing("+", with: " ").removingPercentEncoding
  }

  /// Throws everything that was wrong.
  mutating func finish() throws(Problem) {
    var unknown: Set<String> = []
    for (name, _) in values where !taken.contains(name) && unknown.insert(name).inserted {
      refuse(name, "unknown_parameter", "Leave this parameter out: nothing here is called so.")
    }
    guard errors.isEmpty else { throw Problem(errors) }
  }

  mutating func refuse(_ name: String, _ code: String, _ detail: String) {
    guard errors.count < CallBounds.keptErrors else { return }
    errors.append(.init(place: .parameter(name), code: code, detail: detail))
  }

  mutating func all(_ name: String) -> [String] {
    taken.insert(name)
    return values.filter { $0.name == name }.map(\.value)
  }

  mutating func text(_ name: String, atMost bound: Int = CallBounds.queryTextCharacters) -> String?
  {
    let all = all(name)
    guard all.count <= 1 else {
      refuse(name, "repeated", "Give this parameter once.")
      return nil
    }
    guard let text = all.first, !text.isEmpty else { return nil }
    guard text.unicodeScalars.count <= bound, !text.unicodeScalars.contains("\0") else {
      refuse(name, "too_long", "Give at most \(bound) characters, none of them NUL.")
      return nil
    }
    return text
  }

  mutating func value<Value>(_ name: String, _ what: String, _ read: (String) -> Value?) -> Value? {
    guard !all(name).contains("") else {
      refuse(name, "empty", "Give \(what), or leave this parameter out.")
      return nil
    }
    guard let text = text(name) else { return nil }
    guard let value = read(text) else {
      refuse(name, "malformed", "Give \(what).")
      return nil
    }
    return value
  }

  mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
    value(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  mutating func bool(_ name: String) -> Bool? {
    value(name, "true or false") { ["true": true, "false": false][$0] }
  }

  mutating func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, of type: Value.Type
  ) -> Value? where Value.RawValue == String {
    value(name, "one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))") {
      Value(rawValue: $0)
    }
  }

  /// A parameter that may be repeated, or hold several names between commas.
  mutating func choices<Value: RawRepresentable & CaseIterable & Hashable>(
    _ name: String, of type: Value.Type
  ) -> Set<Value> where Value.RawValue == String {
    var found: Set<Value> = []
    let texts = all(name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
    for text in texts {
      guard let value = Value(rawValue: String(text)) else {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        refuse(name, "malformed", "Give one of \(names).")
        return []
      }
      found.insert(value)
    }
    return found
  }

  mutating func limit() -> Int {
    integer("limit", in: CallBounds.pageItems) ?? CallBounds.pageItemsByDefault
  }

  /// What the list is narrowed and ordered by: a cursor goes on only in the same list.
  var filters: String {
    values.filter { $0.name != "cursor" && $0.name != "limit" }.map { "\($0.name)=\($0.value)" }
      .sorted().joined(separator: "&")
  }
}
