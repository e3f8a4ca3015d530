import FXFiles
import FXJSON

/// Reads the members of a JSON object and gathers everything that is wrong with them. Members that
/// nobody asked for are wrong too.
struct Fields {
  private let members: [JSON.Member]
  private let pointer: String
  private var taken: Set<String> = []
  private(set) var errors: [Problem.Detail] = []

  /// - Parameter pointer: where the object stands in the body, by RFC 6901.
  init(_ json: JSON, at pointer: String = "") {
    self.pointer = pointer
    if case .object(let members) = json {
      self.members = members
    } else {
      self.members = []
      refuse(at: pointer, "wrong_type", "Give an object.")
    }
  }

  var count: Int { members.count }
  var isEmpty: Bool { members.isEmpty }

  /// Whether the field is there, and not null.
  func has(_ name: String) -> Bool { members.contains { $0.name == name && $0.value != .null } }

  /// Ends the reading: everything that was wrong, the members that nobody asked for among it.
  mutating func finish() -> [Problem.Detail] {
    for member in members where !taken.contains(member.name) {
      refuse(member.name, "unknown_field", "Leave this field out: nothing here is called so.")
    }
    return errors
  }

  mutating func refuse(_ name: String, _ code: String, _ detail: String) {
    refuse(at: "\(pointer)/\(Self.escaped(name))", code, detail)
  }

  private mutating func refuse(at pointer: String, _ code: String, _ detail: String) {
    guard errors.count < CallBounds.keptErrors else { return }
    errors.append(.init(place: .pointer(pointer), code: code, detail: detail))
  }

  // MARK: Values

  /// The member, or nil where it is absent or null.
  private mutating func take(_ name: String) -> JSON? {
    taken.insert(name)
    guard let value = members.first(where: { $0.name == name })?.value, value != .null else {
      return nil
    }
    return value
  }

  mutating func text(_ name: String) -> String? {
    guard let value = take(name) else { return nil }
    guard case .string(let text) = value else {
      refuse(name, "wrong_type", "Give a string.")
      return nil
    }
    return text
  }

  /// A string that a rule of files reads, such as an amount or a currency.
  mutating func value<Value>(
    _ name: String, _ read: (String) throws(CellProblem) -> Value
  ) -> Value? {
    guard let text = text(name) else { return nil }
    do {
      return try read(text)
    } catch {
      refuse(name, error.code.rawValue, error.detail)
      return nil
    }
  }

  /// An exact decimal: a string, or a number, which is kept as the text that was sent.
  mutating func decimal<Value>(
    _ name: String, _ read: (String) throws(CellProblem) -> Value
  ) -> Value? {
    guard let value = take(name) else { return nil }
    switch value {
    case .string(let text), .number(let text):
      do {
        return try read(text)
      } catch {
        refuse(name, error.code.rawValue, error.detail)
      }
    case .null, .bool, .array, .object:
      refuse(name, "wrong_type", "Give a decimal, best as a string.")
    }
    return nil
  }

  /// Whether the field is there, and null.
  func isNull(_ name: String) -> Bool { members.contains { $0.name == name && $0.value == .null } }

  /// Refuses what is there without a value: a change of nothing would be none.
  mutating func refuseNulls(except removable: Set<String> = []) {
    for member in members where member.value == .null && !removable.contains(member.name) {
      refuse(member.name, "wrong_type", "Give a value, or leave this field out.")
    }
  }

  /// Says that a field is missing, unless something else is wrong with it.
  mutating func require(_ names: String...) {
    for name in names where !has(name) { refuse(name, "empty", "Give this field.") }
  }

  /// One of the names of an enumeration.
  mutating func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, of type: Value.Type
  ) -> Value? where Value.RawValue == String {
    guard let text = text(name) else { return nil }
    guard let value = Value(rawValue: text) else {
      let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
      refuse(name, "unknown_value", "Give one of \(names).")
      return nil
    }
    return value
  }

  mutating func bool(_ name: String) -> Bool? {
    guard let value = take(name) else { return nil }
    guard case .bool(let bool) = value else {
      refuse(name, "wrong_type", "Give true or false.")
      return nil
    }
    return bool
  }

  /// A whole number. One that lies beyond what an `Int` holds is out of range, not malformed.
  mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let value = take(name) else { return nil }
    guard let digits = Self.wholeDigits(value) else {
      refuse(name, "wrong_type", "Give a whole number.")
      return nil
    }
    guard let number = Int64(digits), range.contains(number) else {
      refuse(
        name, "out_of_range",
        "Give a whole number from \(range.lowerBound) to \(range.upperBound).")
      return nil
    }
    return number
  }

  /// A whole number of which what lies beyond the range is taken for the nearest.
  mutating func clamped(_ name: String, to range: ClosedRange<Int>) -> Int? {
    guard let value = take(name) else { return nil }
    guard let digits = Self.wholeDigits(value) else {
      refuse(name, "wrong_type", "Give a whole number.")
      return nil
    }
    let beyond = digits.hasPrefix("-") ? range.lowerBound : range.upperBound
    return min(max(Int(digits) ?? beyond, range.lowerBound), range.upperBound)
  }

  /// The digits of a whole number; `7.0` is one, as JSON Schema has it.
  private static func wholeDigits(_ value: JSON) -> Substring? {
    guard case .number(let text) = value else { return nil }
    let parts = text.split(separator: ".", maxSplits: 1)
    guard let digits = parts.first, digits.utf8.allSatisfy({ $0 == 0x2d || $0.isDigit }),
      parts.count == 1 || parts[1].utf8.allSatisfy({ $0 == 0x30 })
    else { return nil }
    return digits
  }

  // MARK: Nested values

  /// An object, read by `read`; nil where it is absent.
  mutating func object<Value>(_ name: String, _ read: (inout Fields) -> Value) -> Value? {
    guard let value = take(name) else { return nil }
    return nested(value, at: "\(pointer)/\(Self.escaped(name))", read)
  }

  /// An array of objects, each read by `read` with its place; nil where it is absent.
  mutating func objects<Value>(
    _ name: String, atMost bound: Int, _ read: (inout Fields, Int) -> Value?
  ) -> [Value]? {
    guard let elements = elements(name, atMost: bound) else { return nil }
    var values: [Value] = []
    values.reserveCapacity(elements.count)
    for (place, element) in elements.enumerated() {
      let value = nested(element, at: "\(pointer)/\(Self.escaped(name))/\(place)") { fields in
        read(&fields, place)
      }
      if let value { values.append(value) }
    }
    return values
  }

  /// An array of strings, each read by `read`, which answers nil for what it cannot read.
  mutating func list<Value>(
    _ name: String, atMost bound: Int, of what: String, _ read: (String) -> Value?
  ) -> [Value]? {
    guard let elements = elements(name, atMost: bound) else { return nil }
    var values: [Value] = []
    for (place, element) in elements.enumerated() {
      guard case .string(let text) = element, let value = read(text) else {
        refuse(
          at: "\(pointer)/\(Self.escaped(name))/\(place)", "unknown_value", "Give \(what).")
        continue
      }
      values.append(value)
    }
    return values
  }

  private mutating func elements(_ name: String, atMost bound: Int) -> [JSON]? {
    guard let value = take(name) else { return nil }
    guard case .array(let elements) = value else {
      refuse(name, "wrong_type", "Give an array.")
      return nil
    }
    guard elements.count <= bound else {
      refuse(name, "too_many", "Give at most \(bound).")
      return nil
    }
    return elements
  }

  private mutating func nested<Value>(
    _ json: JSON, at pointer: String, _ read: (inout Fields) -> Value
  ) -> Value {
    var fields = Fields(json, at: pointer)
    let value = read(&fields)
    errors.append(contentsOf: fields.finish().prefix(CallBounds.keptErrors - errors.count))
    return value
  }

  private static func escaped(_ name: String) -> String {
    name.replacing("~", with: "~0").replacing("/", with: "~1")
  }
}
