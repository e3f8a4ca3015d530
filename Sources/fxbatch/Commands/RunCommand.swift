import ArgumentParser
import FXDomain
import FXFiles
import FXJSON
import UnixSignals

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Takes a file of trades in and runs it to its end.",
    discussion: """
      Columns: Client CIF and Amount ZAR (or Amount with Currency); and optionally CurPair (USD/ZAR \
      otherwise), Side (buy), Deal Type (same_day, next_day or spot, which is usual), Spread (pips, \
      the client's otherwise), Fix Rate?, Fixed Rate, External Ref (SDA or FIA) and Reference.

      The file is taken whole or not at all. Progress goes to standard error, the result to standard \
      output; with --json the last line is the final batch. The first interrupt finishes the calls \
      that are out and says how to go on; the second ends at once, and loses nothing either.

      On a local store this process runs the batch itself. One process works on a store at a time, and \
      on its own batch; others take their files in, watch, and go on by themselves when it has ended. \
      With --server the server runs it: an interrupt only ends the watching.

        fxbatch run trades.csv --pricing bank --name morning --max-concurrent-trades 8
        fxbatch run --resume 0191…
        fxbatch run trades.csv --pricing bank --server https://desk.example:8443

      Exit codes: 0 success, 1 partial success, 2 failed, 3 cancelled, 4 waiting for a person, \
      130 interrupted and resumable, 64 usage, 65 bad input, 69 bank or server unavailable, 74 store.
      """)

  @Argument(help: ArgumentHelp("A CSV file of trades.", valueName: "file"), completion: .file())
  var file: String?
  @OptionGroup var new: NewBatchOptions
  @Option(
    help: ArgumentHelp("Go on with this batch.", valueName: "batch"), completion: .batchNames)
  var resume: String?
  @OptionGroup var place: CallOptions

  func validate() throws {
    guard (file == nil) != (resume == nil) else {
      throw ValidationError("Give either a file of trades, or --resume with a batch.")
    }
    if file != nil { try new.demandPricing() }
    if resume != nil, new.saysAnything {
      throw ValidationError("--resume goes on with a batch as it is: give no options of a new one.")
    }
  }

  func run() async throws {
    let bytes = try file.map { try FileReading.bytes(of: $0) }
    let isRemote = try await place.settings().calling.server != nil
    throw isRemote
      ? try await runAtServer(bytes)
      : try await FileReading.telling(of: file, with: TradeFileParser.self, asJSON: place.json) {
        try await runHere(bytes)
      }
  }

  /// Runs the batch in this process, on a local store.
  private func runHere(_ bytes: [UInt8]?) async throws -> ExitCode {
    try await place.openHere(.changes, bank: .needed) { client, desk, bank in
      guard let bank else { throw Complaint.noBank }
      let known = try await resume.asyncMap { try await client.batch(named: $0) }
      if let known { _ = try await client.get("/api/batches/\(known)") }
      // Asked before anything is stored: a batch without a bank would only wait.
      try await desk.knock(at: bank)
      let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
      let id = try await begin(known, bytes, at: client)
      guard let id = Identifier(id), let batch = try await desk.store.batch(id) else {
        throw Complaint("the batch \(id) has vanished from the store.", .store)
      }
      return try await BatchDriver(desk: desk, batch: batch, client: client, signals: signals)
        .drive(bank)
    }
  }

  /// Lets a server run the batch, and watches.
  private func runAtServer(_ bytes: [UInt8]?) async throws -> ExitCode {
    try await place.open(.changes) { client in
      let known = try await resume.asyncMap { try await client.batch(named: $0) }
      let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
      let id = try await begin(known, bytes, at: client)
      return try await ServerRun(client: client, batch: id, signals: signals).follow()
    }
  }

  /// Brings a new batch, or one that never started, into the queue; leaves every other as it is.
  ///
  /// - Returns: its identifier.
  private func begin(
    _ known: String?, _ bytes: [UInt8]?, at client: DeskClient
  ) async throws -> String {
    if let known {
      let batch = try await client.get("/api/batches/\(known)")
      if batch.words("status") == BatchStatus.staged.rawValue {
        FindingText.note(in: try await client.post("/api/batches/\(known)/start"))
      }
      return known
    }
    let batch = try await new.submit(bytes ?? [], from: file ?? "", starting: true, to: client)
    let id = batch.words("id")
    let created = try await client.get("/api/batches/\(id)/events", [("limit", "1")]).items.first
    Terminal.note("batch \(id) taken in: \(created?["data"]?.words("note") ?? "")")
    return id
  }
}

extension Optional {
  fileprivate func asyncMap<Answer>(
    _ transform: (Wrapped) async throws -> Answer
  ) async rethrows -> Answer? {
    guard let value = self else { return nil }
    return try await transform(value)
  }
}
