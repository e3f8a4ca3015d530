import FXJSON

/// How answers are read for showing: what is absent or null reads as nothing.
extension JSON {
  /// The value as words: a string, a number's digits, or yes and no.
  var words: String {
    switch self {
    case .null: ""
    case .bool(let value): value ? "yes" : "no"
    case .number(let digits): digits
    case .string(let string): string
    case .array(let elements): elements.map(\.words).joined(separator: ", ")
    case .object: text
    }
  }

  func words(_ name: String) -> String { self[name]?.words ?? "" }

  func number(_ name: String) -> Int { self[name].flatMap { Int($0.words) } ?? 0 }

  func holds(_ name: String) -> Bool { self[name] == .bool(true) }

  var elements: [JSON] {
    guard case .array(let elements) = self else { return [] }
    return elements
  }

  var members: [Member] {
    guard case .object(let members) = self else { return [] }
    return members
  }

  /// Of a page of a list.
  var items: [JSON] { self["items"]?.elements ?? [] }
}
