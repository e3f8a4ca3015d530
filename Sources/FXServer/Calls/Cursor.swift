import Crypto
import FXJSON
import Foundation

/// Where a list goes on: opaque to clients, and good for the list that it came from only.
struct Cursor {
  private static let separator: Character = "\u{1f}"
  private static let markBytes = 8

  /// The sort key of the last item.
  let parts: [String]

  /// - Parameter list: what the list is narrowed and ordered by.
  static func text(_ parts: [String], of list: String) -> String {
    let bytes = mark(of: list) + Array(parts.joined(separator: String(separator)).utf8)
    return Base64URL.text(of: bytes)
  }

  /// Where a list goes on after one page; nil where it does not.
  ///
  /// - Parameters:
  ///   - found: one item more than the page has, where there is one.
  ///   - place: the sort key of an item.
  static func next<Item>(
    after found: [Item], limit: Int, of list: String, at place: (Item) -> [String]
  ) -> String? {
    found.count > limit ? text(place(found[limit - 1]), of: list) : nil
  }

  init(_ text: String, of list: String, parts count: Int) throws(Problem) {
    try self.init(text, of: list)
    guard parts.count == count else { throw Self.unusable }
  }

  init(_ text: String, of list: String) throws(Problem) {
    guard let bytes = Base64URL.bytes(of: text), bytes.starts(with: Self.mark(of: list)),
      let payload = String(validating: bytes.dropFirst(Self.markBytes), as: UTF8.self)
    else { throw Self.unusable }
    parts = payload.split(separator: Self.separator, omittingEmptySubsequences: false)
      .map(String.init)
  }

  func integer(_ place: Int) throws(Problem) -> Int64 {
    guard let value = Int64(parts[place]) else { throw Self.unusable }
    return value
  }

  static let unusable = Problem(
    .invalidCursor, "Start again without a cursor: this one belongs to another list or filter.")

  private static func mark(of list: String) -> [UInt8] {
    Array(SHA256.hash(data: Array(list.utf8)).prefix(markBytes))
  }
}

/// Base64 by RFC 4648, section 5, without padding.
enum Base64URL {
  static func text(of bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  static func bytes(of text: String) -> [UInt8]? {
    guard text.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2f && $0 != 0x3d }) else { return nil }
    let padded = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4)
    return Data(base64Encoded: padded + padding).map(Array.init)
  }
}

extension JSON {
  /// One page of a list; `next` is where it goes on, nil at its end.
  static func page(_ items: [JSON], next: String?) -> JSON {
    ["items": .array(items), "next_cursor": JSON(next)]
  }
}
