import FXDomain
import FXPorts
import GRDB

/// One transaction, of one operation or of a whole group: the rows that its steps share are read
/// once and written once.
final class Transaction {
  let now: Timestamp
  private var statements: Statements
  private var batches: [BatchKey: LoadedBatch] = [:]
  private var loadedInstallation: Installation?
  private var isInstallationChanged = false
  private var lastSequence: Int64?
  private var newest: (sequence: Int64, digest: [UInt8])?
  private var doubtsMayBe: Bool?
  /// Nil until it is asked for, and again once a client's own limit has been written.
  var hasOwnDayLimits: Bool?
  /// What it changes of what counts against limits, until it is written.
  var usage = UsageBook()
  /// What the transactions before have written; nil where nothing is written.
  let openTrades: OpenTrades?

  init(_ database: Database, now: Timestamp, openTrades: OpenTrades? = nil) {
    self.statements = Statements(database)
    self.now = now
    self.openTrades = openTrades
  }

  /// A batch's row as the transaction holds it.
  private final class LoadedBatch {
    var batch: Batch
    /// As its row has them.
    var storedTerms: BatchTerms
    var isChanged = false
    var summary = SummaryChange()

    init(_ batch: Batch) {
      self.batch = batch
      storedTerms = BatchTerms(batch)
    }
  }

  // MARK: Statements

  func run(_ sql: StaticString, _ values: (any ColumnValue)?...) throws {
    try statements.run(sql, values)
  }

  /// As above, for the statements of every booking: no value is boxed.
  func run(_ sql: StaticString, binding: (inout ColumnBinder) -> Void) throws {
    try statements.run(sql, binding: binding)
  }

  var changedRows: Int { statements.changedRows }

  func all<Value>(
    _ sql: StaticString, _ values: (any ColumnValue)?..., limit: Int = .max,
    read: (inout ColumnReader) throws -> Value
  ) throws -> [Value] {
    try statements.rows(sql, values, limit: limit, read)
  }

  /// As above, where the number of values is not known here.
  func all<Value>(
    _ sql: StaticString, values: [(any ColumnValue)?],
    read: (inout ColumnReader) throws -> Value
  ) throws -> [Value] {
    try statements.rows(sql, values, read)
  }

  func first<Value>(
    _ sql: StaticString, _ values: (any ColumnValue)?...,
    read: (inout ColumnReader) throws -> Value
  ) throws -> Value? {
    try statements.rows(sql, values, limit: 1, read).first
  }

  /// The single value of a query's first row; nil when there is no row, or it is NULL.
  func value<Value: ColumnValue>(
    _ sql: StaticString, _ values: (any ColumnValue)?..., as: Value.Type = Value.self
  ) throws -> Value? {
    try statements.rows(sql, values, limit: 1) { row -> Value? in try row.next() }.first ?? nil
  }

  func exists(_ sql: StaticString, _ values: (any ColumnValue)?...) throws -> Bool {
    try !statements.rows(sql, values, limit: 1) { _ in }.isEmpty
  }

  // MARK: The rows that steps share

  func batch(_ key: BatchKey) throws -> Batch? {
    try loaded(key).flatMap { $0.batch.deletedAt == nil ? $0.batch : nil }
  }

  /// Changes a batch's row in place; it is written at the end of the transaction. A change that
  /// throws leaves the row as it was.
  func update<Answer>(
    _ key: BatchKey, _ change: (inout Batch) throws -> Answer
  ) throws -> Answer {
    guard let loaded = try loaded(key) else {
      throw StoreError.inconsistent("There is no batch \(key).")
    }
    let answer = try change(&loaded.batch)
    loaded.isChanged = true
    return answer
  }

  /// Changes what is kept of a batch's trades; it is written as its row is.
  func summarize(_ key: BatchKey, _ change: (inout SummaryChange) -> Void) throws {
    guard let loaded = try loaded(key) else {
      throw StoreError.inconsistent("There is no batch \(key).")
    }
    change(&loaded.summary)
  }

  /// Takes up a batch that was just inserted.
  func hold(_ batch: Batch) { batches[batch.key] = LoadedBatch(batch) }

  private func loaded(_ key: BatchKey) throws -> LoadedBatch? {
    if let known = batches[key] { return known }
    guard
      let batch = try first(
        "SELECT * FROM batch_rows WHERE key = ?", key, read: { try $0.batch() })
    else { return nil }
    let loaded = LoadedBatch(batch)
    batches[key] = loaded
    return loaded
  }

  func installation() throws -> Installation {
    if let loadedInstallation { return loadedInstallation }
    guard
      let read = try first("SELECT * FROM installation", read: { try $0.installation() })
    else { throw StoreError.corrupt("The installation's own row is missing.") }
    loadedInstallation = read
    return read
  }

  /// Whether any trade may be in doubt: read once, and true from the first doubt on that is written.
  func mayHoldDoubts() throws -> Bool {
    if let doubtsMayBe { return doubtsMayBe }
    let found = try exists(
      "SELECT 1 FROM trades WHERE status = 'in_doubt' AND is_removed = 0 LIMIT 1")
    doubtsMayBe = found
    return found
  }

  func noteDoubt() { doubtsMayBe = true }

  /// Changes the installation's row as `update` changes a batch's.
  func updateInstallation<Answer>(
    _ change: (inout Installation) throws -> Answer
  ) throws -> Answer {
    var installation = try installation()
    let answer = try change(&installation)
    loadedInstallation = installation
    isInstallationChanged = true
    return answer
  }

  /// Writes the shared rows that have changed: at the end, and before a query that looks for batches.
  func flush() throws {
    for (key, loaded) in batches.sorted(by: { $0.key < $1.key }) where loaded.isChanged {
      let terms = BatchTerms(loaded.batch)
      if terms != loaded.storedTerms { try writeTerms(of: loaded.batch) }
      loaded.storedTerms = terms
      try write(loaded.batch)
      loaded.isChanged = false
      if !loaded.summary.isEmpty { try write(loaded.summary, of: key) }
      loaded.summary = SummaryChange()
    }
    if !usage.isEmpty { try write(usage) }
    usage = UsageBook()
    if isInstallationChanged, let installation = loadedInstallation {
      try write(installation)
      isInstallationChanged = false
    }
  }

  // MARK: The log

  /// Numbers, chains and writes entries of a batch's log.
  func log(_ entries: [JournalDraft], of batch: BatchKey) throws {
    for entry in entries {
      let sequence = try nextSequence()
      let event = try update(batch) { batch in
        Journal.chain(entry, of: batch.key, onto: &batch.chain, sequence: sequence, at: now)
      }
      try insert(event)
    }
  }

  /// Writes an entry of the installation's own log.
  func logInstallation(_ entry: JournalDraft) throws {
    guard
      var head = try first(
        "SELECT length, digest FROM chains WHERE key = 0", read: { try $0.chainHead() })
    else { throw StoreError.corrupt("The installation's chain is missing.") }
    let event = Journal.chain(
      entry, of: Journal.installation, onto: &head, sequence: try nextSequence(), at: now)
    try insert(event)
    try write(head, of: Journal.installation)
  }

  private func nextSequence() throws -> Int64 {
    let last = try lastSequence ?? value("SELECT max(sequence) FROM events") ?? 0
    lastSequence = last + 1
    return last + 1
  }

  /// How far the log goes with this transaction; nil when it adds nothing to the log.
  func mark() throws -> LogMark? {
    guard let newest else { return nil }
    let installation = try installation()
    return LogMark(
      installation: installation.id, idEpoch: installation.idEpoch, sequence: newest.sequence,
      digest: newest.digest)
  }

  private func insert(_ event: JournalEvent) throws {
    newest = (event.sequence, event.digest)
    let entry = event.entry
    try run(
      """
      INSERT INTO events (sequence, batch_key, batch_sequence, at, kind, trade_key, from_status,
        to_status, attempt, actor, code, bank_transaction_id, note, digest)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    ) { row in
      row.add(event.sequence)
      row.add(event.batch)
      row.add(event.batchSequence)
      row.add(event.at)
      row.add(entry.kind)
      row.add(entry.trade)
      row.add(entry.from)
      row.add(entry.to)
      row.add(entry.attempt)
      row.add(entry.actor)
      row.add(entry.code)
      row.add(entry.bankTransactionID)
      row.add(entry.note)
      row.add(event.digest)
    }
  }
}
