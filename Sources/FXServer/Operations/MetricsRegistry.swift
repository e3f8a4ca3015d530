import Metrics
import Synchronization

/// The metrics of this process, kept in memory and told to Prometheus as text.
///
/// Writers share nothing but their own series, and the register of all series for as long as it takes
/// to find one. So reading it out never holds them up for longer than one series takes.
public final class MetricsRegistry: MetricsFactory {
  /// Further ones are measured and never told: names are to be few, whoever gives them.
  public static let maximumSeries = 2_000

  /// A figure that is looked up when somebody asks.
  struct Sample: Sendable {
    let name: String
    var kind = MetricKind.gauge
    let help: String
    var dimensions: [(String, String)] = []
    let value: Double
  }

  private struct Key: Hashable {
    let name: String
    let labels: String
  }

  private struct State {
    var series: [Key: any MetricSeries] = [:]
    var kinds: [String: MetricKind] = [:]
    var help: [String: String] = [:]
    var refused = 0
  }

  private let state = Mutex(State())

  public init() {}

  /// What the reader of the metrics is told about one.
  func describe(_ name: String, _ help: String) { state.withLock { $0.help[name] = help } }

  // MARK: Making

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions) { CounterSeries() }
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions) { GaugeSeries() }
  }

  /// A gauge keeps the last value only; other recorders count how many there were of which size.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate {
      return series(label, dimensions) { HistogramSeries(bounds: HistogramSeries.sizes) }
    }
    return series(label, dimensions) { GaugeSeries() }
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions) { HistogramSeries(bounds: HistogramSeries.seconds) }
  }

  // What was counted stays: a total that goes back would be taken for a new process.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}

  private func series<Series: MetricSeries>(
    _ label: String, _ dimensions: [(String, String)], _ make: () -> Series
  ) -> Series {
    let key = Key(name: MetricText.name(label), labels: MetricText.labels(dimensions))
    return state.withLock { state in
      if let known = state.series[key] as? Series { return known }
      let new = make()
      guard state.series[key] == nil, state.series.count < Self.maximumSeries,
        state.kinds[key.name] ?? new.kind == new.kind
      else {
        state.refused += 1
        return new
      }
      state.series[key] = new
      state.kinds[key.name] = new.kind
      return new
    }
  }

  // MARK: Telling

  /// Everything, in the order of the names.
  func text(with samples: [Sample] = []) -> String {
    let now = state.withLock { $0 }
    var text = ""
    let refused = Sample(
      name: "fxbatch_metrics_refused_total", kind: .counter,
      help: "Series that were one too many, or of another kind than their name.",
      value: Double(now.refused))
    let looked = Dictionary(grouping: samples + [refused], by: \.name)
    let kept = Dictionary(grouping: now.series, by: \.key.name)
    for name in Set(looked.keys).union(kept.keys).sorted() {
      if let series = kept[name], let kind = now.kinds[name] {
        MetricText.head(name, kind, now.help[name], to: &text)
        for (key, series) in series.sorted(by: { $0.key.labels < $1.key.labels }) {
          series.write(name, key.labels, to: &text)
        }
      } else if let samples = looked[name] {
        MetricText.head(name, samples[0].kind, samples[0].help, to: &text)
        for sample in samples {
          MetricText.line(
            name, MetricText.labels(sample.dimensions), MetricText.number(sample.value), to: &text)
        }
      }
    }
    return text
  }
}
