import FXDomain
import FXPorts

/// Reference data, changes of staged batches, and what the outside hears.
extension MemoryStore {
  public func upsert(
    _ clients: [ClientRecord], receipt: Receipt?
  ) async throws(StoreError) -> Result<UpsertCounts, AlreadyCarriedOut> {
    try transact { (books) throws(StoreError) in
      try books.once(receipt, subject: nil, else: AlreadyCarriedOut()) {
        (books) throws(StoreError) in .success(try books.upsert(clients))
      }
    }
  }

  public func register(
    _ client: ClientRecord
  ) async throws(StoreError) -> Result<Client, ClientRefusal> {
    try transact { (books) throws(StoreError) in try books.register(client) }
  }

  public func client(_ cifNumber: String) async throws(StoreError) -> Client? {
    try transact { (books) throws(StoreError) in
      try books.clients(withCIF: [cifNumber]).first
    }
  }

  public func clients(_ query: ClientQuery) async throws(StoreError) -> [Client] {
    try transact { (books) throws(StoreError) in try books.clients(query) }
  }

  public func update(
    _ change: ClientChange, cifNumber: String
  ) async throws(StoreError) -> Client? {
    try transact { (books) throws(StoreError) in
      try books.update(change, cifNumber: cifNumber)
    }
  }

  public func deleteClient(
    _ cifNumber: String
  ) async throws(StoreError) -> Result<Client, ClientRefusal> {
    try transact { (books) throws(StoreError) in try books.deleteClient(cifNumber) }
  }

  public func otcRates() async throws(StoreError) -> [OTCRate] {
    try transact { (books) throws(StoreError) in try books.everyOTCRate() }
  }

  public func restage(
    _ request: RestageRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, RestageRefusal> {
    try transact { (books) throws(StoreError) in
      guard let batch = books.index(of: request.batch) else {
        return .failure(.batch(.unknownBatch))
      }
      let id = books.batches[batch].id
      return try books.once(receipt, subject: id, else: .batch(.repeated)) {
        (books) throws(StoreError) in try books.restage(request)
      }
    }
  }

  public func cleanUpLocks(actor: Actor) async throws(StoreError) -> [Batch] {
    try transact { (books) throws(StoreError) in try books.cleanUpLocks(actor: actor) }
  }

  public func feed(
    of batch: Identifier?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [FeedEvent] {
    try transact { (books) throws(StoreError) in
      try books.feed(of: batch, after: sequence, limit: limit)
    }
  }

  public func newestSequence() async throws(StoreError) -> Int64 {
    try transact { (books) throws(StoreError) in books.newestSequence() }
  }

  public func gauges() async throws(StoreError) -> StoreGauges {
    try transact { (books) throws(StoreError) in try books.gauges() }
  }
}
