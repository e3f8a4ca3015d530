import ArgumentParser
import FXDomain
import FXPorts
import FXStoreSQLite
import Foundation

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copies the store, as it stands at one moment, while it is in use.",
    discussion: """
      The copy is one file, whole, checked and on the disk when this ends with 0; where it fails there \
      is none. A file that is there is never written over. Ends with 65 when FILE cannot be made, and \
      with 74 when the store or the copy is not sound.

        fxbatch backup /var/backups/fxbatch-$(date +%F).db
      """)

  @Argument(help: ArgumentHelp("Where the copy shall be.", valueName: "file")) var file: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let begin = ContinuousClock.now
    let facts = try await Desk.open(common, .reads) { desk in
      let target = try StoreFile(newAt: file)
      let facts = try target.fill(from: desk.settings.storePath)
      // What the copy says was durable must stand in the store that it was made of.
      if let loss = try await facts.mark.loss(in: desk.store) {
        throw StoreError.corrupt("the copy and the store do not agree: \(loss.sentence)")
      }
      try target.show()
      return facts
    }
    let (seconds, attoseconds) = (ContinuousClock.now - begin).components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    Terminal.say(
      "\(file): \(facts.bytes) bytes, \(facts.mark.sequence) events"
        + (facts.newestEventAt.map { " until \($0)" } ?? "")
        + "; copied and checked in \(seconds).\(milliseconds / 100) s")
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Puts a copy in the store's place, and the present store aside.",
    discussion: """
      No engine may run on the store. The copy is checked first. What was booked after it was made is \
      found by the mark beside the store, which stays: the next start engages the kill switch, and \
      nothing is booked before the bank was asked for what is missing. Ends with 65 when FILE is no \
      copy of this store, and with 74 when an engine runs.

        fxbatch restore /var/backups/fxbatch-2026-11-20.db
      """)

  @Argument(help: ArgumentHelp("A copy that `fxbatch backup` made.", valueName: "file"))
  var file: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let settings = try await common.settings()
    let path = settings.storePath
    try Desk.makeFolder(of: path)
    guard let held = try EngineLock(besideDatabase: path).take() else {
      throw Complaint(
        "an engine runs on this store. Stop it first: everything else may go on.", .store)
    }
    defer { held.release() }
    let target = try StoreFile(besides: path, from: file)
    let facts = try target.fill(from: file)
    let mark = MarkFile(besideDatabase: path)
    try Self.refuseOther(facts, try mark.read(), mark)
    let aside = try target.replace(path)
    Terminal.say(
      "\(file) is the store \(path) now: \(facts.mark.sequence) events"
        + (facts.newestEventAt.map { " until \($0)" } ?? ""))
    if let aside { Terminal.say("the store that was there is \(aside)") }
    Terminal.say(
      """
      What happened after the copy was made, the store does not know. Next:
        fxbatch verify                 tells whether something is missing
        fxbatch serve                  begins with the kill switch engaged where something is
        fxbatch reconcile              asks the bank for what was booked meanwhile
        fxbatch kill-switch release    lets the booking go on, once all was asked
      """)
  }

  /// The mark says whose store stands here.
  private static func refuseOther(
    _ facts: StoreFacts, _ reading: MarkFile.Reading, _ mark: MarkFile
  ) throws {
    guard case .mark(let known) = reading, known.installation != facts.mark.installation else {
      return
    }
    throw Complaint(
      "the copy is of another installation's store. Name the store that it was made of in "
        + "FXBATCH_STORE; or, to bring that installation here on purpose, move this store and "
        + "\(mark.path) away.", .badInput)
  }
}

/// A store's file that is being made, under another name until it is complete.
private struct StoreFile {
  private let draft: String
  private let path: String

  /// - Throws: a complaint when something stands at the path, or nothing can.
  init(newAt path: String) throws {
    self.path = path
    draft = "\(path).new-\(ProcessInfo.processInfo.processIdentifier)"
    var facts = stat()
    if lstat(path, &facts) == 0 {
      throw Complaint("\(path) is there already. Give the name of a new file.", .badInput)
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else {
      throw Complaint(
        "nothing can be written in \(folder): \(String(cString: strerror(errno))). Give a file in a "
          + "folder that is there and that this user may write in.", .badInput)
    }
  }

  /// A file for the folder of a store, to be filled from a copy.
  init(besides store: String, from copy: String) throws {
    path = store
    draft = "\(store).restoring-\(ProcessInfo.processInfo.processIdentifier)"
    Self.removeDrafts(besides: store)
    do {
      try OpenFile(copy).close()
    } catch {
      throw Complaint("\(error.sentence) Give a copy that `fxbatch backup` made.", .badInput)
    }
  }

  /// Removes what restores have left that were killed: nobody else restores now, since the engine's
  /// lock is held.
  private static func removeDrafts(besides store: String) {
    let url = URL(filePath: store)
    let folder = url.deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix("\(url.lastPathComponent).restoring-") {
      unlink("\(folder)/\(name)")
    }
  }

  /// Copies a store and looks the copy through. On failure nothing is left.
  func fill(from source: String) throws -> StoreFacts {
    do throws(StoreError) {
      unlink(draft)
      try SQLiteStore.copy(source, into: draft)
      return try SQLiteStore.examine(draft)
    } catch {
      unlink(draft)
      throw error
    }
  }

  /// Gives the file its name, unless another has taken it meanwhile.
  func show() throws {
    defer { unlink(draft) }
    guard link(draft, path) == 0 else {
      throw Complaint(
        "\(path) cannot be made: \(String(cString: strerror(errno))). Give another name.", .badInput
      )
    }
    try syncFolder()
  }

  /// Takes the place of a store, which is put aside; answers under which name. The order makes sure
  /// that no write-ahead log is ever beside a file that it does not belong to: wherever this is
  /// interrupted, the mark tells the next start what is missing.
  func replace(_ store: String) throws -> String? {
    let time = Timestamp.now.description.prefix(19).filter { $0 != "-" && $0 != ":" }
    let aside = "\(store).replaced-\(time)"
    for ending in ["-wal", "-shm", ""] where access(store + ending, F_OK) == 0 {
      guard rename(store + ending, aside + ending) == 0 else { throw failure(store + ending) }
    }
    guard rename(draft, store) == 0 else { throw failure(store) }
    try syncFolder()
    return access(aside, F_OK) == 0 ? aside : nil
  }

  private func syncFolder() throws {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(folder) }
  }

  private func failure(_ path: String) -> StoreError {
    .unavailable("\(path) cannot be moved or written: \(String(cString: strerror(errno))).")
  }
}
