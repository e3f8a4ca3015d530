import FXJSON

/// Measured numbers under their names, in the order of their coming.
///
/// The end of a name says the unit: `_per_second`, `_bytes`, `_milliseconds`; a `_ratio` is kept in
/// thousandths; everything else is a count.
struct Figures: Sendable {
  private(set) var all: [(name: String, value: Int64)] = []

  mutating func add(_ name: String, _ value: Int64) { all.append((name, value)) }
  mutating func add(_ others: Figures) { all += others.all }

  /// A rate; 0 when no time has passed.
  mutating func add(_ name: String, _ count: Int, in duration: Duration) {
    add(name, duration.microseconds > 0 ? Int64(count) * 1_000_000 / duration.microseconds : 0)
  }

  subscript(name: String) -> Int64 {
    guard let value = all.first(where: { $0.name == name })?.value else {
      preconditionFailure("\(name) was not measured")
    }
    return value
  }

  func has(_ name: String) -> Bool { all.contains { $0.name == name } }

  /// Of each figure the middle of several rounds, each by itself.
  static func median(of rounds: [Figures]) -> Figures {
    var medians = Figures()
    for (name, _) in rounds.first?.all ?? [] {
      let values = rounds.map { $0[name] }.sorted()
      medians.add(name, values[values.count / 2])
    }
    return medians
  }

  /// What must hold on every machine, in full sentences where it does not.
  func brokenPromises(trades: Int) -> [String] {
    var broken: [String] = []
    for (name, count) in all where name.hasSuffix("wrong_bookings") && count != 0 {
      broken.append("\(count) trades were not booked exactly once.")
    }
    let bound: Int64 = 100_000_000
    if trades <= 100_000, has("import_above_idle_bytes"), self["import_above_idle_bytes"] > bound {
      broken.append(
        "The import took \(self["import_above_idle_bytes"]) bytes above an idle process.")
    }
    return broken
  }

  // MARK: Telling

  var json: JSON {
    .object(
      all.map { name, value in
        JSON.Member(
          name: name, value: name.isRatio ? .number(value.thousandths) : .integer(value))
      })
  }

  /// For people: one figure a line.
  var text: String {
    let width = all.map(\.name.count).max() ?? 0
    return all.map { name, value in
      let shown = name.isRatio ? value.thousandths : String(value)
      let blanks = String(repeating: " ", count: width - name.count + max(0, 14 - shown.count))
      return name.replacing("_", with: " ") + blanks + shown
    }.joined(separator: "\n")
  }

  // MARK: From process to process

  /// One figure a line, as `init(lines:)` reads it.
  var lines: String { all.map { "\($0.name) \($0.value)" }.joined(separator: "\n") }

  /// Nil for anything that `lines` has not written.
  init?(lines: String) {
    for line in lines.split(separator: "\n") {
      let parts = line.split(separator: " ")
      guard parts.count == 2, let value = Int64(parts[1]) else { return nil }
      add(String(parts[0]), value)
    }
  }

  init() {}
}

extension String {
  fileprivate var isRatio: Bool { hasSuffix("_ratio") }
}

extension Int64 {
  /// As a decimal number, of which this is the thousandths.
  fileprivate var thousandths: String {
    let fraction = String(magnitude % 1_000)
    return "\(self < 0 ? "-" : "")\(magnitude / 1_000)."
      + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}

extension Duration {
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
  }
}
