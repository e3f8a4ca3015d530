import FXDomain
import FXPorts

/// Reference data and new batches.
extension MemoryBooks {
  /// Rows of a refusal that are named; the rest is left out.
  static let namedDuplicates = 1000

  /// See `BookStore.upsert`.
  public mutating func upsert(_ records: [ClientRecord]) throws(StoreError) -> UpsertCounts {
    var counts = UpsertCounts()
    for record in records {
      let key: ClientKey
      if let known = known(withCIF: record.cifNumber) {
        key = known
        if deletedClients.remove(key) == nil {
          counts.updated += 1
        } else {
          counts.created += 1
          clients[key.index].isActive = true
        }
        clients[key.index].name = record.name
        rename(key, record.name)
        clients[key.index].spread = record.spread
      } else {
        key = ClientKey(index: clients.count)
        counts.created += 1
        clientsByCIF.insert(key, at: place(ofCIF: record.cifNumber))
        clients.append(
          Client(
            key: key, name: record.name, cifNumber: record.cifNumber, spread: record.spread))
        accounts.append([])
        exposed.append([])
      }
      for var account in record.accounts {
        account.cifNumber = record.cifNumber
        // The bank's word on an account outlives a file that merely names it again.
        let isKnown = accounts[key.index].contains {
          $0.currency == account.currency && $0.accountNumber == account.accountNumber
        }
        if !isKnown || account.status != .unconfirmed { _ = put(account, of: key) }
      }
    }
    return counts
  }

  /// Puts an account in its place among the client's; answers whether it is new.
  private mutating func put(_ account: SettlementAccount, of client: ClientKey) -> Bool {
    let place =
      accounts[client.index].firstIndex { $0.currency >= account.currency }
      ?? accounts[client.index].count
    let isKnown =
      place < accounts[client.index].count
      && accounts[client.index][place].currency == account.currency
    accounts[client.index].replaceSubrange(place..<(isKnown ? place + 1 : place), with: [account])
    return !isKnown
  }

  /// See `BookStore.clients(_:)`.
  public func clients(_ query: ClientQuery) throws(StoreError) -> [Client] {
    clientsByCIF.lazy.filter { !deletedClients.contains($0) }.map { clients[$0.index] }
      .filter { query.admits($0) }.prefix(max(0, query.limit)).map { $0 }
  }

  /// See `BookStore.clients(withCIF:)`. In the order of their CIF numbers.
  public func clients(withCIF numbers: Set<String>) throws(StoreError) -> [Client] {
    numbers.sorted().compactMap { client(withCIF: $0).map { clients[$0.index] } }
  }

  /// See `BookStore.update`.
  public mutating func update(
    _ change: ClientChange, cifNumber: String
  ) throws(StoreError) -> Client? {
    guard let index = client(withCIF: cifNumber)?.index else { return nil }
    if let name = change.name {
      clients[index].name = name
      rename(ClientKey(index: index), name)
    }
    clients[index].spread = change.spread ?? clients[index].spread
    clients[index].isActive = change.isActive ?? clients[index].isActive
    clients[index].dayLimit = change.dayLimit ?? clients[index].dayLimit
    clients[index].taxClearance = change.taxClearance ?? clients[index].taxClearance
    return clients[index]
  }

  /// See `BookStore.register`.
  public mutating func register(
    _ record: ClientRecord
  ) throws(StoreError) -> Result<Client, ClientRefusal> {
    guard client(withCIF: record.cifNumber) == nil else { return .failure(.alreadyRegistered) }
    _ = try upsert([record])
    guard let key = client(withCIF: record.cifNumber) else {
      throw .inconsistent("The client \(record.cifNumber) was not written.")
    }
    return .success(clients[key.index])
  }

  /// See `BookStore.deleteClient`.
  public mutating func deleteClient(
    _ cifNumber: String
  ) throws(StoreError) -> Result<Client, ClientRefusal> {
    guard let key = client(withCIF: cifNumber) else { return .failure(.unknown) }
    guard !trades.contains(where: { $0.client == key }) else { return .failure(.hasTrades) }
    let deleted = clients[key.index]
    accounts[key.index] = []
    declaredUses[key] = nil
    clients[key.index].dayLimit = nil
    clients[key.index].taxClearance = nil
    deletedClients.insert(key)
    return .success(deleted)
  }

  /// See `BookStore.sync`.
  public mutating func sync(_ accounts: [SettlementAccount]) throws(StoreError) -> UpsertCounts {
    var counts = UpsertCounts()
    for var account in accounts {
      guard let client = client(withCIF: account.cifNumber) else {
        counts.unknown += 1
        continue
      }
      account.syncedAt = account.syncedAt ?? now
      if put(account, of: client) { counts.created += 1 } else { counts.updated += 1 }
    }
    return counts
  }

  /// See `BookStore.accounts`.
  public func accounts(
    after cursor: AccountCursor?, cifNumber: String?, limit: Int
  ) throws(StoreError) -> [SettlementAccount] {
    clientsByCIF.lazy.flatMap { accounts[$0.index] }.filter { account in
      if let cifNumber, account.cifNumber != cifNumber { return false }
      guard let cursor else { return true }
      return (account.cifNumber, account.currency) > (cursor.cifNumber, cursor.currency)
    }.prefix(max(0, limit)).map { $0 }
  }

  /// See `BookStore.accounts(ofCIF:)`.
  public func accounts(ofCIF numbers: Set<String>) throws(StoreError) -> [SettlementAccount] {
    numbers.sorted().flatMap { number in
      client(withCIF: number).map { accounts[$0.index] } ?? []
    }
  }

  /// See `BookStore.otcRates`.
  public func everyOTCRate() throws(StoreError) -> [OTCRate] {
    otcRates.values.sorted {
      ($0.pair.base.code, $0.pair.quote.code) < ($1.pair.base.code, $1.pair.quote.code)
    }
  }

  /// See `BookStore.otcRate`.
  public func otcRate(_ pair: CurrencyPair) throws(StoreError) -> OTCRate? { otcRates[pair] }

  /// See `BookStore.setOTCRate`.
  public mutating func setOTCRate(
    _ rate: Rate, for pair: CurrencyPair, by person: String, confirmed: Bool,
    jumpBasisPoints: Int
  ) throws(StoreError) -> Result<OTCRate, RateJump> {
    if let present = otcRates[pair], !confirmed,
      present.isJump(to: rate, basisPoints: jumpBasisPoints)
    {
      return .failure(RateJump(present: present))
    }
    let new = OTCRate(pair: pair, rate: rate, setAt: now, setBy: person)
    otcRates[pair] = new
    return .success(new)
  }

  /// See `BookStore.create`. Checked in this order: empty, clients, approval, duplicates.
  public mutating func create(
    _ request: CreateRequest
  ) throws(StoreError) -> Result<Batch, CreateRefusal> {
    precondition(request.trades.count == request.tradeIDs.count, "one identifier per trade")
    try checkIdentifiers(of: request)
    var batch = batch(from: request)
    let asked =
      request.starts ? request.trades.map { AskedTrade($0, value: value(of: $0)) } : []
    var drafts = [
      JournalDraft(kind: .batchCreated, actor: request.actor, note: request.note)
    ]
    do throws(CreateRefusal) {
      if request.trades.isEmpty { throw .empty }
      let gone = request.trades.filter { !isActive($0.client) }
      if !gone.isEmpty { throw .clients(rows: gone.map(\.row)) }
      if request.starts { drafts += try start(&batch, actor: request.actor) }
      if let window = request.duplicateWindowMilliseconds {
        let found = duplicates(of: request.trades, within: window)
        if !found.isEmpty { throw .duplicates(found) }
      }
      let broken = errors(by: asked, in: batch, request.rules)
      if !broken.isEmpty { throw .rulesBroken(broken) }
    } catch {
      return .failure(error)
    }
    Ledger.reserve(asked, in: &batch)
    usage.reserve(asked, of: batch)
    batches.append(batch)
    summaries.append(MemorySummary())
    places.append([])
    sealedLengths.append(0)
    batchesByID[batch.id] = batch.key
    let first = trades.count
    for (draft, id) in zip(request.trades, request.tradeIDs) { add(draft, id: id, to: batch) }
    rows.append(Array(first..<trades.count))
    for var callback in request.callbacks {
      callback.batch = batch.key
      told.endpoints.append(.init(endpoint: callback))
    }
    write(&batch, drafts)
    if request.starts { house.changeCounter += 1 }
    return .success(batch)
  }

  private func checkIdentifiers(of request: CreateRequest) throws(StoreError) {
    let isNew =
      batchesByID[request.batch.id] == nil
      && Set(request.tradeIDs).count == request.tradeIDs.count
      && request.tradeIDs.allSatisfy { tradesByID[$0] == nil }
    if !isNew { throw .inconsistent("An identifier of the new batch was given out before.") }
  }

  private func batch(from request: CreateRequest) -> Batch {
    let draft = request.batch
    // A batch that was moved to the very end of all numbers shares its place with those after it.
    let last = batches.lazy.map(\.queuePosition).max() ?? 0
    var batch = Batch(
      key: BatchKey(index: batches.count), id: draft.id, name: draft.name,
      pricing: draft.pricing, priority: draft.priority,
      queuePosition: last == .max ? last : last + 1,
      maxConcurrentTrades: draft.maxConcurrentTrades, policy: draft.policy, createdAt: now,
      createdBy: request.actor.description)
    batch.counts.pending = request.trades.count
    batch.termsHash = ContentHash.terms(of: request.trades)
    return batch
  }

  /// A trade carries its client's name.
  private mutating func rename(_ client: ClientKey, _ name: String) {
    for index in trades.indices where trades[index].client == client {
      trades[index].clientName = name
    }
  }

  func isActive(_ client: ClientKey) -> Bool {
    clients.indices.contains(client.index) && clients[client.index].isActive
      && !deletedClients.contains(client)
  }

  private func start(
    _ batch: inout Batch, actor: Actor
  ) throws(CreateRefusal) -> [JournalDraft] {
    do {
      let step = BatchStep(batch: batch.key, actor: actor, command: .start())
      return try Ledger.decide(step, batch: &batch, now: now)
    } catch {
      // A new batch is staged: nothing but a missing approval keeps it from starting.
      throw .approvalRequired
    }
  }

  mutating func add(_ draft: TradeDraft, id: Identifier, to batch: Batch) {
    let key = TradeKey(index: trades.count)
    trades.append(
      Trade(
        key: key, id: id, batch: batch.key, batchID: batch.id,
        client: clients[draft.client.index], draft: draft, createdAt: now))
    trades[key.index].value = value(of: draft)
    summaries[batch.key.index].request(draft.deal)
    attempts.append([])
    evidence.append([])
    tradesByID[id] = key
    tradesByPrint[draft.fingerprint, default: []].append(key)
  }

  /// For each row, the newest trade of the window that it repeats.
  func duplicates(
    of drafts: [TradeDraft], within milliseconds: Int64, besides outdated: Set<TradeKey> = []
  ) -> [CreateRefusal.Duplicate] {
    drafts.lazy.compactMap { draft in
      let twin = tradesByPrint[draft.fingerprint, default: []].last { key in
        let trade = trades[key.index]
        return isListed(trade) && !outdated.contains(key) && trade.status != .failed
          && trade.status != .cancelled
          && now.milliseconds(since: trade.createdAt) <= milliseconds
          && draft.isDuplicate(of: trade.draft)
      }
      return twin.map { key in
        let trade = trades[key.index]
        return CreateRefusal.Duplicate(
          row: draft.row, batchID: trade.batchID, createdAt: trade.createdAt)
      }
    }.prefix(Self.namedDuplicates).map { $0 }
  }
}
