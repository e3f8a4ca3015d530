import FXDomain
import FXFiles
import FXPorts

/// The desk's door: rows that a file or a caller gave become a stored batch, whole or not at all.
public struct Intake: Sendable {
  let store: any BookStore & EngineStore
  let settings: IntakeSettings
  /// Nil where no bank is there to be asked.
  let balances: BalanceInquiry?
  public var rules: DeskRules { settings.rules }
  let now: @Sendable () -> Timestamp
  private let random: @Sendable () -> UInt64

  /// - Parameters:
  ///   - balances: asks the bank what accounts hold, before a start.
  ///   - now: the wall clock, which dates trades and judges the age of OTC rates.
  ///   - random: 64 random bits, of which identifiers are made.
  public init(
    store: any BookStore & EngineStore, settings: IntakeSettings,
    balances: BalanceInquiry? = nil, now: @escaping @Sendable () -> Timestamp,
    random: @escaping @Sendable () -> UInt64
  ) {
    self.store = store
    self.settings = settings
    self.balances = balances
    self.now = now
    self.random = random
  }

  /// As `take`, without what was said of the batch.
  public func submit(
    _ rows: [TradeRow], _ options: BatchOptions, by actor: Actor, receipt: Receipt? = nil
  ) async throws(StoreError) -> Result<Batch, IntakeRefusal> {
    try await take(rows, options, by: actor, receipt: receipt).map(\.batch)
  }

  /// Stores a batch of these rows, in their order, or tells all that is wrong with them. Where it is to
  /// start at once, the money for it is looked for too.
  ///
  /// Repetitions of trades that are already stored are looked for once the rows are good otherwise.
  public func take(
    _ rows: [TradeRow], _ options: BatchOptions, by actor: Actor, receipt: Receipt? = nil
  ) async throws(StoreError) -> Result<StartedBatch, IntakeRefusal> {
    let mistakes = options.problems
    guard mistakes.isEmpty else { return .failure(.options(mistakes)) }
    guard !rows.isEmpty else { return .failure(.file(.noRows, "Give at least one row.")) }
    guard rows.count <= settings.maxRows else {
      return .failure(.file(.tooManyRows, "Give at most \(settings.maxRows) rows."))
    }

    let moment = now()
    let facts = try await facts(about: rows, options, at: moment)
    let rules = rules(about: rows, options, facts)
    guard rules.problems.isEmpty else { return .failure(.problems(rules.problems)) }

    var policy = options.policy
    var starts = options.starts
    if policy.approval == .none, try await demandsApproval(of: rules.trades) {
      policy.approval = .required
      // It waits for its approval where it is.
      starts = false
    }
    var warnings = rules.moved
    if starts {
      let found = await balances(for: rows, options.pricing, facts)
      let errors = found.filter { $0.severity == .error }
      guard errors.isEmpty else { return .failure(.problems(FileProblems(errors))) }
      warnings += found
    }
    let request = CreateRequest(
      batch: BatchDraft(
        id: identifier(at: moment), name: options.name, pricing: options.pricing,
        priority: options.priority, maxConcurrentTrades: options.maxConcurrentTrades,
        policy: policy),
      trades: rules.trades,
      // In ascending order, so that each falls beside the one before in the store's index.
      tradeIDs: rows.map { _ in identifier(at: moment) }.sorted(), actor: actor,
      starts: starts, rules: settings.rules, movedByCutOff: rules.movedByCutOff,
      duplicateWindowMilliseconds:
        refusesDuplicates(options) ? settings.duplicateWindowMilliseconds : nil,
      callbacks: options.callbacks)
    switch try await store.create(request, receipt: receipt) {
    case .failure(let refusal): return .failure(IntakeRefusal(refusal))
    case .success(let batch):
      if !options.allowsDuplicates, settings.rules.severity(of: .duplicate) == .warning {
        warnings += try await repetitions(of: rules.trades, in: batch.key)
      }
      return .success(StartedBatch(batch: batch, warnings: warnings))
    }
  }

  /// Changes the trades of a staged batch, all as asked for or nothing. Rows are counted over the added
  /// and then the changed ones.
  public func restage(
    _ batch: Batch, add: [TradeRow], change: [(id: Identifier, row: TradeRow)],
    remove: Set<Identifier>, by actor: Actor, expectedVersion: Int64?
  ) async throws(StoreError) -> Result<Batch, IntakeRefusal> {
    let moment = now()
    let options = BatchOptions(
      name: batch.name, pricing: batch.pricing, starts: false, allowsDuplicates: false)
    let rows = add + change.map(\.row)
    let rules = rules(about: rows, options, try await facts(about: rows, options, at: moment))
    guard rules.problems.isEmpty else { return .failure(.problems(rules.problems)) }
    let added = rules.trades.prefix(add.count).map {
      RestageRequest.Entry(id: identifier(at: moment), draft: $0)
    }
    let changed = zip(change, rules.trades.dropFirst(add.count)).map {
      RestageRequest.Entry(id: $0.id, draft: $1)
    }
    let request = RestageRequest(
      batch: batch.key, add: added, change: changed, remove: remove, actor: actor,
      expectedVersion: expectedVersion,
      duplicateWindowMilliseconds:
        refusesDuplicates(options) ? settings.duplicateWindowMilliseconds : nil)
    return try await store.restage(request, receipt: nil).mapError(IntakeRefusal.init)
  }

  /// What the desk's rules find wrong with the good rows of a file that is refused for others, so that
  /// one answer names everything.
  ///
  /// - Parameter besidesAmount: rows of which only the amount could not be read.
  public func problems(
    with rows: [TradeRow], besidesAmount: [TradeRow] = [], _ options: BatchOptions
  ) async throws(StoreError) -> FileProblems {
    let facts = try await facts(about: rows + besidesAmount, options, at: now())
    var problems = rules(about: rows, options, facts).problems
    var others = self.rules(about: [], options, facts)
    for row in besidesAmount { others.add(besidesAmount: row) }
    problems.merge(others.problems)
    return problems
  }

  /// Creates clients and updates those that are known, with their accounts; all or none. A file
  /// confirms no account: what the bank has told of one stays.
  public func importClients(_ rows: [ClientRow]) async throws(StoreError) -> UpsertCounts {
    try await store.upsert(
      rows.map { row in
        ClientRecord(
          name: row.name, cifNumber: row.cifNumber, spread: row.spread,
          accounts: row.accounts.map { account in
            SettlementAccount(
              cifNumber: row.cifNumber, currency: account.currency, accountNumber: account.number)
          })
      })
  }

  private func identifier(at moment: Timestamp) -> Identifier {
    .timeOrdered(at: moment, random: (random(), random()))
  }

  private func refusesDuplicates(_ options: BatchOptions) -> Bool {
    !options.allowsDuplicates && settings.rules.severity(of: .duplicate) == .error
  }

  private func rules(
    about rows: [TradeRow], _ options: BatchOptions, _ facts: IntakeFacts
  ) -> IntakeRules {
    var options = options
    options.allowsDuplicates = !refusesDuplicates(options)
    var rules = IntakeRules(facts: facts, options: options, settings: settings, rows: rows.count)
    for row in rows { rules.add(row) }
    return rules
  }

  func facts(
    about rows: [TradeRow], _ options: BatchOptions, at moment: Timestamp
  ) async throws(StoreError) -> IntakeFacts {
    var facts = IntakeFacts(now: moment)
    var numbers: Set<String> = []
    var seen: Set<String> = []
    var pairs: Set<CurrencyPair> = []
    for row in rows {
      if seen.insert(row.cifNumber).inserted { numbers.insert(row.cifNumber) }
      if numbers.count == IntakeBounds.clientsPerQuery {
        try await addClients(numbers, to: &facts)
        numbers.removeAll(keepingCapacity: true)
      }
      if options.pricing != .fixed, !row.isFixed { pairs.insert(row.pair) }
    }
    if !numbers.isEmpty { try await addClients(numbers, to: &facts) }
    for pair in pairs { facts.otcRates[pair] = try await store.otcRate(pair) }
    return facts
  }

  private func addClients(
    _ numbers: Set<String>, to facts: inout IntakeFacts
  ) async throws(StoreError) {
    for client in try await store.clients(withCIF: numbers) {
      facts.clients[client.cifNumber] = KnownClient(client)
    }
    for account in try await store.accounts(ofCIF: numbers) {
      facts.clients[account.cifNumber]?.accounts.append(account)
    }
  }
}

extension RowProblem.Code {
  /// What a rule about amounts is called where rows are refused.
  fileprivate init(_ code: FailureCode) {
    self = Self(rawValue: code.rawValue) ?? .limitExceeded
  }
}

extension IntakeRefusal {
  /// What the store found when it was about to change a staged batch.
  init(_ refusal: RestageRefusal) {
    switch refusal {
    case .batch(let refusal): self = .batch(refusal)
    case .unknownTrades(let ids): self = .unknownTrades(ids)
    case .duplicates(let duplicates): self.init(CreateRefusal.duplicates(duplicates))
    case .clients(let rows): self.init(CreateRefusal.clients(rows: rows))
    }
  }

  /// What the store found when it was about to write.
  init(_ refusal: CreateRefusal) {
    var problems = FileProblems()
    switch refusal {
    case .approvalRequired:
      self = .approvalRequired
      return
    case .repeated:
      self = .repeated
      return
    case .rulesBroken(let breaches):
      for finding in breaches.flatMap(\.findings) {
        problems.append(
          RowProblem(
            row: finding.row, column: nil, code: RowProblem.Code(finding.code),
            detail: finding.detail))
      }
    case .empty:
      self = .file(.noRows, "Give at least one row.")
      return
    case .duplicates(let duplicates):
      for duplicate in duplicates {
        problems.append(
          RowProblem(
            row: duplicate.row, column: nil, code: .duplicateRecent,
            detail: "Remove this row, which repeats a trade of batch \(duplicate.batchID) of "
              + "\(duplicate.createdAt), or allow duplicates."))
      }
    case .clients(let rows):
      for row in rows {
        problems.append(
          RowProblem(
            row: row, column: "Client CIF", code: .clientInactive,
            detail: "This client is no longer active."))
      }
    }
    self = .problems(problems)
  }

  static func file(_ code: RowProblem.Code, _ detail: String) -> IntakeRefusal {
    var problems = FileProblems()
    problems.append(RowProblem(row: nil, column: nil, code: code, detail: detail))
    return .problems(problems)
  }
}
