import FXDomain
import FXPorts

/// Notices, endpoints and the outbox.
struct MemoryNotices: Sendable {
  var cursor: Int64 = 0
  var lastNumber: Int64 = 0
  /// In the order of their numbers.
  var notices: [Notice] = []
  var marks: [String: Int64] = [:]
  var reads: [String: Set<Int64>] = [:]
  var endpoints: [KnownEndpoint] = []
  /// In the order of their keys.
  var deliveries: [LoggedDelivery] = []
  var lastDelivery: Int64 = 0

  struct KnownEndpoint: Sendable {
    var endpoint: Endpoint
    var isDeleted = false
    var busyUntil: Timestamp?
  }

  /// Nil for one that is deleted, too.
  func place(of endpoint: Identifier) -> Int? {
    endpoints.firstIndex { $0.endpoint.id == endpoint && !$0.isDeleted }
  }

  func place(ofDelivery id: Identifier) -> Int? {
    deliveries.firstIndex { $0.delivery.id == id }
  }

  func isRead(_ number: Int64, by person: String) -> Bool {
    number <= marks[person, default: 0] || reads[person, default: []].contains(number)
  }

  mutating func add(_ delivery: MessageDelivery) {
    lastDelivery += 1
    deliveries.append(
      LoggedDelivery(
        cursor: DeliveryCursor(key: lastDelivery), delivery: delivery, attempts: []))
  }
}

extension MemoryBooks {
  mutating func announce(_ announcement: Announcement) -> Bool {
    guard told.cursor == announcement.expecting else { return false }
    for var notice in announcement.notices {
      told.lastNumber += 1
      notice.number = told.lastNumber
      told.notices.append(notice)
    }
    for delivery in announcement.deliveries {
      guard let place = told.place(of: delivery.endpoint),
        told.endpoints[place].endpoint.isEnabled
      else { continue }
      told.add(delivery)
    }
    told.cursor = announcement.upTo
    return true
  }

  func notices(_ query: NoticeQuery) -> [ListedNotice] {
    told.notices.reversed().lazy.filter { query.before == nil || $0.number < query.before! }
      .map { ListedNotice(notice: $0, isRead: told.isRead($0.number, by: query.person)) }
      .filter { !query.isUnread || !$0.isRead }.prefix(query.limit).map { $0 }
  }

  mutating func mark(_ marked: MarkedNotices, readBy person: String) {
    func number(_ id: Identifier) -> Int64? { told.notices.first { $0.id == id }?.number }
    switch marked {
    case .these(let ids): told.reads[person, default: []].formUnion(ids.compactMap(number))
    case .upTo(let id):
      guard let number = number(id) else { return }
      told.marks[person] = max(number, told.marks[person, default: 0])
    }
  }

  mutating func add(
    _ webhook: Endpoint, receipt: Receipt?
  ) throws(StoreError) -> Result<Endpoint, EndpointRefusal> {
    guard webhooks.count < NoticeBounds.webhooks else { return .failure(.tooMany) }
    return try once(receipt, subject: webhook.id, else: .repeated) { books in
      books.told.endpoints.append(.init(endpoint: webhook))
      return .success(webhook)
    }
  }

  var webhooks: [Endpoint] {
    told.endpoints.filter { $0.endpoint.batch == nil && !$0.isDeleted }.map(\.endpoint)
      .sorted { $0.id < $1.id }
  }

  mutating func change(_ id: Identifier, _ change: EndpointChange) -> Endpoint? {
    guard let place = told.place(of: id) else { return nil }
    change.apply(to: &told.endpoints[place].endpoint, now: now)
    return told.endpoints[place].endpoint
  }

  mutating func deleteEndpoint(_ id: Identifier) -> Endpoint? {
    guard let place = told.place(of: id) else { return nil }
    told.endpoints[place].isDeleted = true
    return told.endpoints[place].endpoint
  }

  mutating func redeliver(_ id: Identifier, to endpoint: Identifier) -> LoggedDelivery? {
    guard let place = told.place(ofDelivery: id),
      told.deliveries[place].delivery.endpoint == endpoint
    else { return nil }
    told.deliveries[place].delivery.tries = 0
    told.deliveries[place].delivery.dueAt = now
    told.deliveries[place].delivery.outcome = nil
    told.deliveries[place].delivery.endedAt = nil
    return told.deliveries[place]
  }

  mutating func takeDue(limit: Int, leaseMilliseconds: Int64) -> [DueDelivery] {
    var taken: [DueDelivery] = []
    for place in told.endpoints.indices where taken.count < limit {
      let known = told.endpoints[place]
      guard known.endpoint.isEnabled, !known.isDeleted, known.busyUntil.map({ $0 <= now }) ?? true
      else { continue }
      let due = told.deliveries.map(\.delivery)
        .filter { $0.endpoint == known.endpoint.id && $0.dueAt.map { $0 <= now } ?? false }
        .min { ($0.dueAt ?? now) < ($1.dueAt ?? now) }
      guard let due else { continue }
      told.endpoints[place].busyUntil = now.advanced(byMilliseconds: leaseMilliseconds)
      taken.append(DueDelivery(delivery: due, endpoint: known.endpoint))
    }
    return taken
  }

  mutating func note(_ report: DeliveryReport) {
    guard let place = told.place(ofDelivery: report.delivery) else { return }
    var attempt = report.attempt
    attempt.number = told.deliveries[place].attempts.count + 1
    told.deliveries[place].attempts.append(attempt)
    told.deliveries[place].delivery.take(report.next, now: now)
    guard let endpoint = told.place(of: told.deliveries[place].delivery.endpoint) else { return }
    told.endpoints[endpoint].busyUntil = nil
    if let reason = report.disables {
      told.endpoints[endpoint].endpoint.disable(reason, now: now)
    }
  }
}

extension MemoryStore {
  public func noticeCursor() async throws(StoreError) -> Int64 {
    try transact { (books) throws(StoreError) in books.told.cursor }
  }

  public func announce(_ announcement: Announcement) async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in books.announce(announcement) }
  }

  public func isDoubtAnnounced(of batch: BatchKey) async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in
      books.told.notices.last { $0.batch == batch && [.started, .inDoubt].contains($0.kind) }?
        .kind == .inDoubt
    }
  }

  public func notices(_ query: NoticeQuery) async throws(StoreError) -> [ListedNotice] {
    try transact { (books) throws(StoreError) in books.notices(query) }
  }

  public func unreadNotices(of person: String) async throws(StoreError) -> Int {
    try transact { (books) throws(StoreError) in
      books.notices(
        NoticeQuery(person: person, isUnread: true, limit: NoticeBounds.countedUnread)
      ).count
    }
  }

  public func markNotices(
    _ marked: MarkedNotices, readBy person: String
  ) async throws(StoreError) {
    try transact { (books) throws(StoreError) in books.mark(marked, readBy: person) }
  }

  public func forgetNotices(before moment: Timestamp) async throws(StoreError) {
    try transact { (books) throws(StoreError) in
      books.told.notices.removeAll { $0.at < moment }
      books.told.deliveries.removeAll { $0.delivery.createdAt < moment }
    }
  }

  public func webhooks() async throws(StoreError) -> [Endpoint] {
    try transact { (books) throws(StoreError) in books.webhooks }
  }

  public func callbacks(of batch: BatchKey) async throws(StoreError) -> [Endpoint] {
    try transact { (books) throws(StoreError) in
      books.told.endpoints.map(\.endpoint).filter { $0.batch == batch }.sorted { $0.id < $1.id }
    }
  }

  public func endpoint(_ id: Identifier) async throws(StoreError) -> Endpoint? {
    try transact { (books) throws(StoreError) in
      books.told.place(of: id).map { books.told.endpoints[$0].endpoint }
    }
  }

  public func add(
    _ webhook: Endpoint, receipt: Receipt?
  ) async throws(StoreError) -> Result<Endpoint, EndpointRefusal> {
    try transact { (books) throws(StoreError) in try books.add(webhook, receipt: receipt) }
  }

  public func change(
    _ endpoint: Identifier, _ change: EndpointChange
  ) async throws(StoreError) -> Endpoint? {
    try transact { (books) throws(StoreError) in books.change(endpoint, change) }
  }

  public func deleteEndpoint(_ id: Identifier) async throws(StoreError) -> Endpoint? {
    try transact { (books) throws(StoreError) in books.deleteEndpoint(id) }
  }

  public func put(_ delivery: MessageDelivery) async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in
      guard books.told.place(of: delivery.endpoint) != nil else { return false }
      books.told.add(delivery)
      return true
    }
  }

  public func deliveries(
    of endpoint: Identifier, before: DeliveryCursor?, limit: Int
  ) async throws(StoreError) -> [LoggedDelivery] {
    try transact { (books) throws(StoreError) in
      books.told.deliveries.reversed().filter {
        $0.delivery.endpoint == endpoint && $0.cursor.key < before?.key ?? .max
      }.prefix(limit).map { $0 }
    }
  }

  public func redeliver(
    _ delivery: Identifier, to endpoint: Identifier
  ) async throws(StoreError) -> LoggedDelivery? {
    try transact { (books) throws(StoreError) in books.redeliver(delivery, to: endpoint) }
  }

  public func takeDue(
    limit: Int, leaseMilliseconds: Int64
  ) async throws(StoreError) -> [DueDelivery] {
    try transact { (books) throws(StoreError) in
      books.takeDue(limit: limit, leaseMilliseconds: leaseMilliseconds)
    }
  }

  public func note(_ report: DeliveryReport) async throws(StoreError) {
    try transact { (books) throws(StoreError) in books.note(report) }
  }
}
