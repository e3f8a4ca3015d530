import FXDomain
import FXPorts
import Foundation

/// The folder of one demonstration: its files, both databases, and the settings that lead to them.
struct DemoFolder: Sendable {
  let path: String

  /// Makes the folder. One that holds a demonstration already is refused.
  init(path: String?) throws {
    let files = FileManager.default
    let url =
      path.map { URL(filePath: $0) }
      ?? files.temporaryDirectory.appending(
        path: "fxbatch-demo-" + String(UInt32.random(in: .min ... .max), radix: 36))
    self.path = url.standardizedFileURL.path(percentEncoded: false)
    guard !files.fileExists(atPath: file("desk.db")), !files.fileExists(atPath: file("bank.db"))
    else {
      throw Complaint(
        "\(self.path) holds a demonstration already. Give another --folder, or none.", .badInput)
    }
    do {
      try files.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw Complaint(
        "\(self.path) cannot be made: \(error.localizedDescription)", .badInput)
    }
  }

  func file(_ name: String) -> String {
    URL(filePath: path).appending(path: name).path(percentEncoded: false)
  }

  func write(_ script: DemoScript) throws {
    try write(script.clientsFile, to: "clients.csv")
    for part in script.parts { try write(script.file(of: part), to: part.file) }
  }

  /// Short times, so that a doubt ends within seconds instead of minutes.
  func writeSettings(_ bank: [String]) throws {
    let lines =
      [
        "# Written by fxbatch demo. The bank is a sandbox; nothing here is secret.",
        "FXBATCH_STORE=sqlite:\(file("desk.db"))",
      ] + bank + [
        "FXBATCH_BANK_TIMEOUT_MS=4000", "FXBATCH_BANK_MAX_RPS=100", "FXBATCH_LEASE_SECONDS=20",
        "FXBATCH_STATUS_POLL_MS=500", "FXBATCH_DOUBT_MARGIN_SECONDS=4",
      ]
    try write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "demo.env")
  }

  /// Commands that work from here on, as they are typed.
  func waysOn(afterBank port: Int, resuming batches: [Batch]) -> String {
    var lines = [
      "alias fxbatch='\(Self.program)'",
      "cd '\(path)'",
    ]
    let startsBank =
      "fxbatch sandbox --port \(port) --database bank.db --quote-life 5000 >bank.log &"
    if batches.isEmpty {
      lines += [
        "fxbatch list --config demo.env",
        "fxbatch show stormy --config demo.env",
        "fxbatch trades importers --config demo.env",
        "fxbatch trades stormy --status failed --config demo.env",
        "fxbatch errors stormy --config demo.env",
        "fxbatch events stormy --config demo.env | grep in_doubt",
        "fxbatch verify --config demo.env",
        "",
        "# the same bank again: ask it about every deal, and try once more what failed",
        startsBank,
        "fxbatch reconcile --config demo.env",
        "fxbatch retry stormy --code booking_refused --config demo.env",
        "fxbatch run --resume stormy --config demo.env",
        "kill %1",
      ]
    } else {
      lines.append(startsBank)
      for batch in batches {
        if batch.status == .paused {
          lines.append("fxbatch resume \(batch.name) --config demo.env")
        }
        lines.append("fxbatch run --resume \(batch.name) --config demo.env")
      }
    }
    let set = ProcessInfo.processInfo.environment.keys.filter {
      $0.hasPrefix("FXBATCH_") && !$0.hasPrefix("FXBATCH_DEMO_")
    }.sorted()
    if !set.isEmpty {
      lines.insert("unset \(set.joined(separator: " "))   # they would win over demo.env", at: 2)
    }
    let ways = lines.map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
    guard batches.isEmpty else { return ways }
    return ways
      + "\n\n  README.md tells how a trade lives, ARCHITECTURE.md what is always true of it."
  }

  private func write(_ bytes: [UInt8], to name: String) throws {
    do {
      try Data(bytes).write(to: URL(filePath: file(name)), options: .atomic)
    } catch {
      throw Complaint(
        "\(file(name)) cannot be written: \(error.localizedDescription)", .badInput)
    }
  }

  /// How this program was called, so that it can be called again from anywhere.
  private static var program: String {
    let word = CommandLine.arguments.first ?? "fxbatch"
    return word.contains("/")
      ? URL(filePath: word).standardizedFileURL.path(percentEncoded: false) : word
  }
}
