import FXJSON

/// Reads server-sent events from the pieces in which they arrive.
struct EventStream {
  struct Event: Hashable {
    /// After which the feed can be taken up again; nil for what is not repeated.
    let id: String?
    let json: JSON
  }

  private var line: [UInt8] = []
  private var data = ""
  private var id: String?

  /// The events that a piece has completed.
  ///
  /// - Throws: ``ServerTrouble`` where it is no feed of ours.
  mutating func take(_ piece: [UInt8]) throws(ServerTrouble) -> [Event] {
    var events: [Event] = []
    for byte in piece {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        guard line.count + data.utf8.count <= CallingBounds.messageBytes else {
          throw ServerTrouble(words: "a message of its feed is too long", isPassing: false)
        }
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.isEmpty {
        if let event = try finish() { events.append(event) }
      } else {
        field(String(decoding: line, as: UTF8.self))
      }
      line = []
    }
    return events
  }

  private mutating func field(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
    switch parts[0] {
    case "data": data += value
    case "id": id = value
    default: break
    }
  }

  private mutating func finish() throws(ServerTrouble) -> Event? {
    defer { (data, id) = ("", nil) }
    guard !data.isEmpty else { return nil }
    do {
      return Event(id: id, json: try JSON(parsing: data.utf8))
    } catch {
      throw ServerTrouble(words: "its feed is not what we read", isPassing: false)
    }
  }
}
