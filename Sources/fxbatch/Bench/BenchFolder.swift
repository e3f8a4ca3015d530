import ArgumentParser
import Foundation

/// A folder of a benchmark's files, and the processes that work in it.
struct BenchFolder {
  let path: String

  /// A new folder in the one given, or where this machine keeps temporary files.
  init(in parent: String?) throws {
    let parent = parent ?? FileManager.default.temporaryDirectory.path
    self.path = "\(parent)/fxbatch-bench-\(UInt32.random(in: .min ... .max))"
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Complaint("\(path) cannot be made: \(error.localizedDescription)", .badInput)
    }
  }

  func fresh() throws -> BenchFolder { try BenchFolder(in: path) }

  func remove() {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      Terminal.complain("\(path) could not be removed: \(error.localizedDescription)")
    }
  }

  var store: String { "\(path)/store.db" }
  var tradesFile: String { "\(path)/trades.csv" }

  /// Works in a folder with a copy of the store, which no process has open.
  func copyingStore(_ work: (BenchFolder) throws -> Figures) throws -> Figures {
    let copy = try fresh()
    defer { copy.remove() }
    try RawDatabase.open(store).run("PRAGMA wal_checkpoint(TRUNCATE)")
    try FileManager.default.copyItem(atPath: store, toPath: copy.store)
    return try work(copy)
  }

  /// Measures in a process of its own, so that its peak of memory is nobody else's.
  func measure(
    _ what: Measurement, trades: Int = 0, batches: Int = 1, atOnce: Int = 1, group: Int = 1,
    latency: Int64 = 0
  ) throws -> Figures {
    let process = Process()
    let output = Pipe()
    process.executableURL = Bundle.main.executableURL
    process.arguments = [
      MeasureCommand.name, what.rawValue, path, "--trades", "\(trades)", "--batches", "\(batches)",
      "--at-once", "\(atOnce)", "--group", "\(group)", "--latency", "\(latency)",
    ]
    process.standardOutput = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0,
      let figures = Figures(lines: String(decoding: bytes, as: UTF8.self))
    else {
      throw Complaint("measuring \(what.rawValue) failed.", ExitCode(process.terminationStatus))
    }
    return figures
  }
}

/// The greatest amount of this process's memory that lay in the machine's at once, in bytes.
func peakMemoryBytes() throws -> Int64 { try statusBytes("VmHWM", of: "self") }

/// A figure of memory that the system tells of a process, in bytes.
func statusBytes(_ name: String, of process: String) throws -> Int64 {
  let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
  for line in status.split(separator: "\n") where line.hasPrefix("\(name):") {
    if let kibibytes = line.split(separator: " ").dropLast().last.flatMap({ Int64($0) }) {
      return kibibytes * 1_024
    }
  }
  throw Complaint("this system does not tell a process's memory.", .unavailable)
}
