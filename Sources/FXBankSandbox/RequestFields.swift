import FXDomain
import FXJSON

/// A JSON object of a request, read field by field; what is missing or malformed is a `VALIDATION`
/// refusal that names the field.
struct RequestFields {
  /// Longest accepted text, in characters.
  static let maximumText = 100

  private let value: JSON
  private let path: String

  /// Reads a request's body.
  init(body: some Sequence<UInt8>) throws(BankRefusal) {
    do {
      self.init(try JSON(parsing: body), path: "")
    } catch {
      throw .invalid("body", "not a JSON text: \(error.fault) at byte \(error.offset)")
    }
    guard case .object = value else { throw .invalid("body", "not a JSON object") }
  }

  init(_ value: JSON, path: String) {
    self.value = value
    self.path = path
  }

  func has(_ name: String) -> Bool { value[name] != nil }

  func invalid(_ name: String, _ error: String) -> BankRefusal { .invalid(path + name, error) }

  func object(_ name: String) throws(BankRefusal) -> RequestFields {
    guard let member = value[name], case .object = member else {
      throw invalid(name, "must be an object")
    }
    return RequestFields(member, path: "\(path)\(name).")
  }

  /// A text of 1…100 characters, or of another length.
  func text(
    _ name: String, characters: ClosedRange<Int> = 1...Self.maximumText
  ) throws(BankRefusal) -> String {
    guard case .string(let text) = value[name], characters.contains(text.count) else {
      throw invalid(
        name,
        "must be a text of \(characters.lowerBound) to \(characters.upperBound) characters")
    }
    return text
  }

  /// The digits of a number, unconverted.
  func number(_ name: String) throws(BankRefusal) -> String {
    guard case .number(let digits) = value[name] else { throw invalid(name, "must be a number") }
    return digits
  }

  func integer(_ name: String) throws(BankRefusal) -> Int64 {
    guard let integer = Int64(try number(name)) else {
      throw invalid(name, "must be a whole number")
    }
    return integer
  }

  func flag(_ name: String) throws(BankRefusal) -> Bool {
    guard case .bool(let flag) = value[name] else { throw invalid(name, "must be true or false") }
    return flag
  }

  /// A positive rate, exact to its eight decimals.
  func rate(_ name: String) throws(BankRefusal) -> Rate {
    let rate: Rate
    do {
      rate = try Rate(try number(name))
    } catch let refusal as BankRefusal {
      throw refusal
    } catch {
      throw invalid(name, "is not an exact rate")
    }
    guard rate.isPositive else { throw invalid(name, "must be above zero") }
    return rate
  }

  /// An amount with no more decimals than its currency has; above zero unless `signed`.
  func amount(
    _ name: String, in currency: Currency, signed: Bool = false
  ) throws(BankRefusal) -> Money {
    let amount: Money
    do {
      amount = try Money(try number(name), currency)
    } catch let refusal as BankRefusal {
      throw refusal
    } catch {
      throw invalid(name, "is not an exact amount of \(currency)")
    }
    guard signed || amount.isPositive else { throw invalid(name, "must be above zero") }
    return amount
  }

  func currency(_ name: String) throws(BankRefusal) -> Currency {
    guard let currency = Currency(try text(name)) else { throw invalid(name, "is no currency") }
    return currency
  }

  /// `YYYY-MM-DD`.
  func day(_ name: String) throws(BankRefusal) -> CivilDate {
    guard let day = CivilDate(try text(name)) else { throw invalid(name, "must be YYYY-MM-DD") }
    return day
  }

  /// `YYYYMMDD`.
  func compactDay(_ name: String) throws(BankRefusal) -> CivilDate {
    let text = try text(name)
    guard text.utf8.count == 8,
      let day = CivilDate("\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.suffix(2))")
    else { throw invalid(name, "must be YYYYMMDD") }
    return day
  }

  /// The elements of a list of objects, at most 1,000.
  static func list(body: some Sequence<UInt8>) throws(BankRefusal) -> [RequestFields] {
    let value: JSON
    do {
      value = try JSON(parsing: body)
    } catch {
      throw .invalid("body", "not a JSON text: \(error.fault) at byte \(error.offset)")
    }
    guard case .array(let elements) = value, elements.count <= 1_000 else {
      throw .invalid("body", "must be a list of at most 1000")
    }
    return elements.enumerated().map { RequestFields($1, path: "[\($0)].") }
  }
}
