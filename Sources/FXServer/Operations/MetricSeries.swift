import Metrics
import Synchronization

/// One line of numbers, or a histogram's several, under one set of labels.
protocol MetricSeries: AnyObject, Sendable {
  var kind: MetricKind { get }

  /// - Parameter labels: as they stand between braces, escaped; empty for none.
  func write(_ name: String, _ labels: String, to text: inout String)
}

enum MetricKind: String, Sendable {
  case counter
  case gauge
  case histogram
}

final class CounterSeries: MetricSeries, CounterHandler {
  private let total = Atomic<Int64>(0)

  var kind: MetricKind { .counter }

  func increment(by amount: Int64) { total.wrappingAdd(amount, ordering: .relaxed) }

  func reset() { total.store(0, ordering: .relaxed) }

  func write(_ name: String, _ labels: String, to text: inout String) {
    MetricText.line(name, labels, String(total.load(ordering: .relaxed)), to: &text)
  }
}

final class GaugeSeries: MetricSeries, RecorderHandler, MeterHandler {
  private let value = Mutex(0.0)

  var kind: MetricKind { .gauge }

  func record(_ new: Int64) { set(Double(new)) }
  func record(_ new: Double) { set(new) }
  func set(_ new: Int64) { set(Double(new)) }
  func set(_ new: Double) { value.withLock { $0 = new } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }

  func write(_ name: String, _ labels: String, to text: inout String) {
    MetricText.line(name, labels, MetricText.number(value.withLock { $0 }), to: &text)
  }
}

/// Counts what was measured, by fixed upper bounds.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler {
  /// For times; the longest is that of a call to the bank that nobody answers.
  static let seconds = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]
  /// For whatever is counted.
  static let sizes: [Double] = [1, 4, 16, 64, 128, 256, 512, 1_024, 4_096, 65_536]

  private struct State {
    var counts: [Int64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    // One more, for what lies above them all.
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  var kind: MetricKind { .histogram }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let place = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[place] += 1
      $0.sum += value
    }
  }

  func write(_ name: String, _ labels: String, to text: inout String) {
    let state = state.withLock { $0 }
    var total: Int64 = 0
    for (place, count) in state.counts.enumerated() {
      total += count
      let bound = place < bounds.count ? MetricText.number(bounds[place]) : "+Inf"
      let more = (labels.isEmpty ? "" : labels + ",") + "le=\"\(bound)\""
      MetricText.line(name + "_bucket", more, String(total), to: &text)
    }
    MetricText.line(name + "_sum", labels, MetricText.number(state.sum), to: &text)
    MetricText.line(name + "_count", labels, String(total), to: &text)
  }
}

/// Prometheus' text format, version 0.0.4.
enum MetricText {
  static let mediaType = "text/plain; version=0.0.4; charset=utf-8"
  private static let longestValue = 128

  static func line(_ name: String, _ labels: String, _ value: String, to text: inout String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  static func head(_ name: String, _ kind: MetricKind, _ help: String?, to text: inout String) {
    if let help {
      text += "# HELP \(name) \(escaped(help).replacing("\\\"", with: "\""))\n"
    }
    text += "# TYPE \(name) \(kind.rawValue)\n"
  }

  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.sorted { $0.0 < $1.0 }.map { name, value in
      "\(self.name(name))=\"\(escaped(String(value.prefix(longestValue))))\""
    }.joined(separator: ",")
  }

  /// A name of the characters that there may be, others replaced.
  static func name(_ text: String) -> String {
    var name = String(
      text.unicodeScalars.map { scalar -> Character in
        let isFit = scalar.isASCII && (scalar.properties.isAlphabetic || scalar == "_")
        return isFit || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
      })
    if name.first?.isNumber ?? true { name = "_" + name }
    return name
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map { String($0) } ?? "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
