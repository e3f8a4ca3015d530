import FXDomain
import FXPorts
import Foundation
import Testing

@testable import fxbatch

@Suite struct `The mark beside a store` {
  private static let installation = Identifier(high: 1, low: 2)

  private static func mark(
    _ sequence: Int64, epoch: Int = 1, of installation: Identifier = installation
  ) -> LogMark {
    LogMark(
      installation: installation, idEpoch: epoch, sequence: sequence,
      digest: (0..<32).map { UInt8(truncatingIfNeeded: Int64($0) &* 7 &+ sequence) })
  }

  /// Runs with the path of a store that needs not be there.
  private func withPath(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "fxbatch-mark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appending(path: "desk.db").path)
  }

  /// Overwrites a part of one of the two slots.
  private func damage(_ file: MarkFile, slot: Int, from: Int = 40) throws {
    let handle = try #require(FileHandle(forUpdatingAtPath: file.path))
    try handle.seek(toOffset: UInt64(slot * 4_096 + from))
    try handle.write(contentsOf: Data(repeating: 0xab, count: 20))
    try handle.close()
  }

  @Test func `is not there at first, and is whole as soon as it is`() throws {
    try withPath { path in
      let file = MarkFile(besideDatabase: path)
      #expect(try file.read() == .missing)
      try file.raise(to: Self.mark(7))
      #expect(try file.read() == .mark(Self.mark(7)))
      for slot in 0..<2 {
        try damage(file, slot: slot)
        #expect((try file.read() == .mark(Self.mark(7))) == (slot == 0))
      }
      let folder = URL(filePath: path).deletingLastPathComponent().path
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["desk.db.mark"])
    }
  }

  @Test func `goes up and never down, whoever writes`() throws {
    try withPath { path in
      let (one, two) = (MarkFile(besideDatabase: path), MarkFile(besideDatabase: path))
      try one.raise(to: Self.mark(10))
      try two.raise(to: Self.mark(12))
      // The slower of two processes tells of an earlier commit.
      try one.raise(to: Self.mark(11))
      #expect(try one.read() == .mark(Self.mark(12)))
      try one.raise(to: Self.mark(13))
      #expect(try two.read() == .mark(Self.mark(13)))
      // A later epoch begins below; nobody of the earlier one takes it back.
      try two.raise(to: Self.mark(5, epoch: 2))
      try one.raise(to: Self.mark(14))
      #expect(try one.read() == .mark(Self.mark(5, epoch: 2)))
      try one.close()
      #expect(try MarkFile(besideDatabase: path).read() == .mark(Self.mark(5, epoch: 2)))
    }
  }

  @Test func `falls back to the older slot when the newer is torn, and goes on`() throws {
    try withPath { path in
      let file = MarkFile(besideDatabase: path)
      for sequence in Int64(1)...4 { try file.raise(to: Self.mark(sequence)) }
      // Slots 1 and 2 were made with the file, then 3, 4 and 5 went to 1, 0 and 1.
      try damage(file, slot: 1)
      #expect(try file.read() == .mark(Self.mark(3)))
      try file.raise(to: Self.mark(5))
      #expect(try file.read() == .mark(Self.mark(5)))
      try damage(file, slot: 0)
      #expect(try file.read() == .mark(Self.mark(5)))
    }
  }

  @Test func `is not taken for a mark once both slots are torn, until it is replaced`() throws {
    try withPath { path in
      let file = MarkFile(besideDatabase: path)
      try file.raise(to: Self.mark(1))
      for slot in 0..<2 { try damage(file, slot: slot) }
      let reading = try file.read()
      guard case .unreadable = reading else {
        Issue.record("read as \(reading)")
        return
      }
      #expect(throws: StoreError.self) { try file.raise(to: Self.mark(2)) }
      file.replaceAnything()
      try file.raise(to: Self.mark(2, epoch: 3))
      try damage(file, slot: 1)
      #expect(try file.read() == .mark(Self.mark(2, epoch: 3)))
    }
  }

  @Test func `is not written by whoever has another store, unless it replaces it`() throws {
    try withPath { path in
      let file = MarkFile(besideDatabase: path)
      try file.raise(to: Self.mark(9))
      let other = Self.mark(20, of: Identifier(high: 8, low: 8))
      #expect(throws: StoreError.self) { try file.raise(to: other) }
      #expect(try file.read() == .mark(Self.mark(9)))
      file.replaceAnything()
      try file.raise(to: other)
      #expect(try file.read() == .mark(other))
    }
  }

  @Test func `has slots in which no single damaged byte goes unseen`() throws {
    let slot = MarkSlot(77, Self.mark(123_456, epoch: 4))
    #expect(slot.bytes.count == MarkSlot.length)
    #expect(MarkSlot(slot.bytes) == slot)
    // The last eight bytes are spare.
    for place in 0..<MarkSlot.length - 8 {
      var bytes = slot.bytes
      bytes[place] ^= 0x10
      #expect(MarkSlot(bytes) == nil, "byte \(place)")
    }
    #expect(MarkSlot(Array(slot.bytes.dropLast())) == nil)
    #expect(MarkSlot(Array(repeating: 0, count: MarkSlot.length)) == nil)
  }
}
