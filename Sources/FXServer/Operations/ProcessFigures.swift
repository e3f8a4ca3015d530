import FXDomain
import Foundation

/// What the operating system says of this process.
struct ProcessFigures: Sendable {
  let startedAt: Timestamp

  /// Under the names that every program has for them. What cannot be read is left out.
  var samples: [MetricsRegistry.Sample] {
    var samples: [MetricsRegistry.Sample] = [
      .init(
        name: "process_start_time_seconds", help: "When this process began, in seconds since 1970.",
        value: Double(startedAt.milliseconds) / 1_000)
    ]
    var usage = rusage()
    if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      samples.append(
        .init(
          name: "process_cpu_seconds_total", kind: .counter, help: "Processor time used.",
          value: usage.ru_utime.seconds + usage.ru_stime.seconds))
    }
    if let memory = Self.residentBytes {
      samples.append(
        .init(
          name: "process_resident_memory_bytes", help: "Memory that is not swapped out.",
          value: Double(memory)))
    }
    do {
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      // One of them is the folder's own.
      samples.append(
        .init(name: "process_open_fds", help: "Open file descriptors.", value: Double(open - 1)))
    } catch {
      // A system without this folder has no such figure.
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      samples.append(
        .init(
          name: "process_max_fds", help: "File descriptors that may be open.",
          value: Double(limit.rlim_cur)))
    }
    return samples
  }

  private static var residentBytes: Int? {
    guard let pages = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
    let fields = String(decoding: pages, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
  }
}

extension timeval {
  fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1_000_000 }
}
