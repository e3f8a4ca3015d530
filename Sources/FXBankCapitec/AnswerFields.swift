import FXDomain

/// Why an answer that is JSON does not say what it should.
struct UnreadableAnswer: Error, Hashable, Sendable {
  let why: String

  init(_ why: String) { self.why = why }
}

/// The members of one object of an answer, read by what they must be.
struct AnswerFields: Sendable {
  private let members: [String: AnswerValue]
  /// Where the object stands in the answer, for error texts.
  private let path: String

  init(_ members: [String: AnswerValue], path: String = "") {
    self.members = members
    self.path = path
  }

  /// Nil when the member is absent or null.
  subscript(name: String) -> AnswerValue? {
    guard let value = members[name], value != .null else { return nil }
    return value
  }

  func object(_ name: String) throws(UnreadableAnswer) -> AnswerFields {
    guard case .object(let inner) = self[name] else { throw wrong(name, "an object") }
    return AnswerFields(inner, path: path + name + ".")
  }

  func objects(_ name: String, atMost limit: Int) throws(UnreadableAnswer) -> [AnswerFields] {
    guard case .array(let elements) = self[name], elements.count <= limit else {
      throw wrong(name, "a list of at most \(limit)")
    }
    var rows: [AnswerFields] = []
    for (index, element) in elements.enumerated() {
      guard case .object(let inner) = element else { throw wrong("\(name)[\(index)]", "an object") }
      rows.append(AnswerFields(inner, path: "\(path)\(name)[\(index)]."))
    }
    return rows
  }

  func text(_ name: String) throws(UnreadableAnswer) -> String {
    guard case .string(let text) = self[name], text.count <= Limits.textCharacters else {
      throw wrong(name, "a text")
    }
    return text.withoutControlCharacters
  }

  /// Nil when absent or null; anything else must be a text.
  func textIfAny(_ name: String) throws(UnreadableAnswer) -> String? {
    self[name] == nil ? nil : try text(name)
  }

  func integer(_ name: String) throws(UnreadableAnswer) -> Int64 {
    guard case .number(let digits) = self[name], let value = Int64(digits) else {
      throw wrong(name, "an integer")
    }
    return value
  }

  /// The exact text of a JSON number without an exponent. Exponents are refused: no amount or rate
  /// needs one, and reading them would be a second way to get decimals wrong.
  func decimal(_ name: String) throws(UnreadableAnswer) -> String {
    guard case .number(let digits) = self[name], digits.utf8.count <= DecimalText.maximumBytes,
      !digits.contains(where: { $0 == "e" || $0 == "E" })
    else { throw wrong(name, "a plain decimal number") }
    return digits
  }

  /// A rate above zero, with no more decimals than can be kept exactly.
  func rate(_ name: String) throws(UnreadableAnswer) -> Rate {
    let digits = try decimal(name)
    do {
      let rate = try Rate(digits)
      guard rate.isPositive else { throw wrong(name, "above zero") }
      return rate
    } catch let error as UnreadableAnswer {
      throw error
    } catch {
      throw wrong(name, "an exact rate (\(error))")
    }
  }

  func money(_ name: String, _ currency: Currency) throws(UnreadableAnswer) -> Money {
    let digits = try decimal(name)
    do { return try Money(digits, currency) } catch {
      throw wrong(name, "an exact amount of \(currency) (\(error))")
    }
  }

  func moment(_ name: String) throws(UnreadableAnswer) -> Timestamp {
    guard let moment = Timestamp(try text(name)) else {
      throw wrong(name, "a moment with its offset from UTC")
    }
    return moment
  }

  func day(_ name: String) throws(UnreadableAnswer) -> CivilDate {
    guard let day = CivilDate(try text(name)) else { throw wrong(name, "a day") }
    return day
  }

  func currency(_ name: String) throws(UnreadableAnswer) -> Currency {
    guard let currency = Currency(try text(name)) else { throw wrong(name, "a known currency") }
    return currency
  }

  func accountStatus(_ name: String) throws(UnreadableAnswer) -> AccountStatus {
    switch try text(name) {
    case AccountStatus.open.rawValue: .open
    case AccountStatus.dormant.rawValue: .dormant
    case AccountStatus.closed.rawValue: .closed
    default: throw wrong(name, "a known account status")
    }
  }

  /// The value itself is left out: answers hold account numbers, and error texts are logged.
  private func wrong(_ name: String, _ expected: String) -> UnreadableAnswer {
    UnreadableAnswer("\(path)\(name) is not \(expected)")
  }
}

extension String {
  /// The bank's texts go into logs and onto screens, where a line break could forge a line.
  var withoutControlCharacters: String {
    guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return self
    }
    var scalars = UnicodeScalarView()
    for scalar in unicodeScalars {
      scalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return String(scalars)
  }
}
