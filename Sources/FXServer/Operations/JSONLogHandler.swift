import FXDomain
import FXJSON
import Foundation
import Logging

/// Writes each entry of the log as one JSON object on a line of its own, for programs that collect
/// logs. What it is about stands beside the message in members of its own.
public struct JSONLogHandler: LogHandler {
  private static let longestText = 16 << 10
  private static let secretWords = ["password", "secret", "token", "authorization", "cookie"]

  public var metadata: Logger.Metadata = [:]
  public var logLevel: Logger.Level = .info
  private let label: String
  private let now: @Sendable () -> Timestamp
  private let write: @Sendable ([UInt8]) -> Void

  /// - Parameter write: takes whole lines, also at the same time from several threads.
  public init(
    label: String, now: @escaping @Sendable () -> Timestamp,
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.label = label
    self.now = now
    self.write = write
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var members: [JSON.Member] = [
      .init(name: "timestamp", value: JSON(now())),
      .init(name: "level", value: .string(event.level.rawValue)),
      .init(name: "label", value: .string(label)),
      .init(name: "message", value: Self.text(event.message.description)),
    ]
    if let error = event.error {
      members.append(.init(name: "error", value: Self.text("\(error)")))
    }
    let taken = Set(members.map(\.name))
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      let name = taken.contains(key) ? key + "_" : key
      members.append(.init(name: name, value: Self.json(value, named: key)))
    }
    write(JSON.object(members).bytes + [UInt8(ascii: "\n")])
  }

  /// Secrets are not given to loggers; this is for the day on which somebody forgets it.
  private static func json(_ value: Logger.Metadata.Value, named name: String) -> JSON {
    let lowered = name.lowercased()
    guard !secretWords.contains(where: { lowered.contains($0) }) else { return "(not told)" }
    return switch value {
    case .string(let text): Self.text(text)
    case .stringConvertible(let number as Int): .integer(number)
    case .stringConvertible(let number as Int64): .integer(number)
    case .stringConvertible(let other): text(other.description)
    case .array(let values): .array(values.map { json($0, named: name) })
    case .dictionary(let values):
      .object(
        values.sorted { $0.key < $1.key }.map {
          .init(name: $0.key, value: json($0.value, named: $0.key))
        })
    }
  }

  private static func text(_ text: String) -> JSON {
    text.utf8.count <= longestText ? .string(text) : .string(String(text.prefix(longestText)) + "…")
  }
}
