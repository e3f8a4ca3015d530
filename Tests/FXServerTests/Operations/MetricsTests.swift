import FXDomain
import FXEngine
import Metrics
import Testing

@testable import FXServer

@Suite struct `The metrics' text` {
  private let registry = MetricsRegistry()

  /// The lines about one metric.
  private func lines(_ name: String) -> [String] {
    registry.text().split(separator: "\n").map(String.init).filter {
      $0.split(whereSeparator: { " {".contains($0) }).contains { $0.hasPrefix(name) }
    }
  }

  @Test func `names a counter's kind and help once, and its series in order`() {
    registry.describe("calls_total", "Calls, by \"kind\".\nAll of them.")
    for (kind, count) in [("b", 2), ("a", 1)] {
      Counter(label: "calls_total", dimensions: [("kind", kind)], factory: registry)
        .increment(by: count)
    }
    #expect(
      lines("calls_total") == [
        #"# HELP calls_total Calls, by "kind".\nAll of them."#, "# TYPE calls_total counter",
        #"calls_total{kind="a"} 1"#, #"calls_total{kind="b"} 2"#,
      ])
  }

  @Test func `counts on where a second instrument has the same name and labels`() {
    for _ in 1...3 {
      Counter(label: "seen", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment()
      Counter(label: "seen", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment()
    }
    #expect(lines("seen") == ["# TYPE seen counter", #"seen{x="1",y="2"} 6"#])
  }

  @Test func `a gauge is what it was set to last`() {
    let gauge = Gauge(label: "level", factory: registry)
    gauge.record(7)
    gauge.record(-0.5)
    Meter(label: "depth", factory: registry).set(3)
    #expect(lines("level").last == "level -0.5")
    #expect(lines("depth") == ["# TYPE depth gauge", "depth 3"])
  }

  @Test func `a timer's buckets hold what is not longer, and all that are shorter`() {
    let timer = Timer(label: "wait_seconds", dimensions: [("call", "book")], factory: registry)
    for milliseconds in [1, 4, 40, 400, 60_000] { timer.recordMilliseconds(Int64(milliseconds)) }
    let lines = lines("wait_seconds")
    #expect(lines.first == "# TYPE wait_seconds histogram")
    #expect(lines.contains(#"wait_seconds_bucket{call="book",le="0.001"} 1"#))
    #expect(lines.contains(#"wait_seconds_bucket{call="book",le="0.005"} 2"#))
    #expect(lines.contains(#"wait_seconds_bucket{call="book",le="0.5"} 4"#))
    #expect(lines.contains(#"wait_seconds_bucket{call="book",le="30"} 4"#))
    #expect(lines.contains(#"wait_seconds_bucket{call="book",le="+Inf"} 5"#))
    #expect(lines.contains(#"wait_seconds_sum{call="book"} 60.445"#))
    #expect(lines.last == #"wait_seconds_count{call="book"} 5"#)
  }

  @Test(arguments: [
    ("say \"hi\"", #"say \"hi\""#), ("back\\slash", #"back\\slash"#),
    ("two\nlines", #"two\nlines"#),
    (String(repeating: "x", count: 500), String(repeating: "x", count: 128)),
  ])
  func `labels are escaped and cut`(value: String, written: String) {
    Counter(label: "n", dimensions: [("l", value)], factory: registry).increment()
    #expect(lines("n").last == "n{l=\"\(written)\"} 1")
  }

  @Test func `names are made fit`() {
    Counter(label: "9 lives.of-a/kat", dimensions: [("a b", "1")], factory: registry).increment()
    #expect(registry.text().contains("_9_lives_of_a_kat{a_b=\"1\"} 1\n"))
  }

  @Test func `series beyond the bound, and of another kind, are refused and counted`() {
    for number in 0..<MetricsRegistry.maximumSeries + 5 {
      Counter(label: "many", dimensions: [("n", "\(number)")], factory: registry).increment()
    }
    #expect(lines("many").count { $0.hasPrefix("many{") } == MetricsRegistry.maximumSeries)
    #expect(lines("fxbatch_metrics_refused_total").last == "fxbatch_metrics_refused_total 5")
    Gauge(label: "many", dimensions: [("n", "1")], factory: registry).record(9)
    #expect(lines("many").contains(#"many{n="1"} 1"#))
    #expect(lines("fxbatch_metrics_refused_total").last == "fxbatch_metrics_refused_total 6")
  }

  @Test func `nothing is lost between writers and a reader`() async {
    let registry = registry
    await withTaskGroup { group in
      for _ in 1...8 {
        group.addTask {
          for _ in 1...500 {
            Counter(label: "hits", factory: registry).increment()
            Timer(label: "took", factory: registry).recordNanoseconds(1)
          }
        }
      }
      group.addTask { for _ in 1...20 { _ = registry.text() } }
    }
    #expect(lines("hits").last == "hits 4000")
    #expect(lines("took").last == "took_count 4000")
  }

  @Test func `every kind of step, failure and outcome is there from the start`() {
    let text = DeskMetrics(registry: registry).registry.text()
    for status in TradeStatus.allCases {
      #expect(text.contains("fxbatch_trade_steps_total{status=\"\(status.rawValue)\"} 0\n"))
    }
    for code in FailureCode.allCases {
      #expect(text.contains("fxbatch_trade_failures_total{code=\"\(code.rawValue)\"} 0\n"))
    }
    for status in BatchStatus.allCases {
      #expect(text.contains("fxbatch_batches_ended_total{status=\"\(status.rawValue)\"} 0\n"))
    }
  }
}
