import Crypto
import FXDomain

/// Notices to people, and messages to programs: what the log calls for, and how it goes out.
public protocol NoticeStore: Sendable {
  // MARK: From the log

  /// Everything up to this event has been announced.
  func noticeCursor() async throws(StoreError) -> Int64
  /// Writes what some events call for and moves the cursor on, or does neither where the cursor is
  /// another one. Nothing goes to an endpoint that is disabled or deleted.
  func announce(_ announcement: Announcement) async throws(StoreError) -> Bool
  /// Whether a doubt of the batch was told of since it last started.
  func isDoubtAnnounced(of batch: BatchKey) async throws(StoreError) -> Bool

  // MARK: Notices

  func notices(_ query: NoticeQuery) async throws(StoreError) -> [ListedNotice]
  /// How many a person has not read; counted up to `NoticeBounds.countedUnread`.
  func unreadNotices(of person: String) async throws(StoreError) -> Int
  /// Marks those that are there as read.
  func markNotices(_ marked: MarkedNotices, readBy person: String) async throws(StoreError)
  /// Forgets notices and deliveries of before a moment; a bounded number of each.
  func forgetNotices(before moment: Timestamp) async throws(StoreError)

  // MARK: Endpoints

  /// The installation's webhooks, in the order of their identifiers.
  func webhooks() async throws(StoreError) -> [Endpoint]
  func callbacks(of batch: BatchKey) async throws(StoreError) -> [Endpoint]
  /// A webhook or a callback that is not deleted.
  func endpoint(_ id: Identifier) async throws(StoreError) -> Endpoint?
  func add(
    _ webhook: Endpoint, receipt: Receipt?
  ) async throws(StoreError) -> Result<Endpoint, EndpointRefusal>
  /// Changes what is given of an endpoint; nil where there is none.
  func change(
    _ endpoint: Identifier, _ change: EndpointChange
  ) async throws(StoreError) -> Endpoint?
  /// Nothing goes there any more, what waits in the outbox included.
  func deleteEndpoint(_ id: Identifier) async throws(StoreError) -> Endpoint?

  // MARK: The outbox

  /// Puts a message into the outbox; false where the endpoint is gone.
  func put(_ delivery: MessageDelivery) async throws(StoreError) -> Bool
  /// Newest first.
  func deliveries(
    of endpoint: Identifier, before: DeliveryCursor?, limit: Int
  ) async throws(StoreError) -> [LoggedDelivery]
  /// Puts a delivery into the outbox again, whether it has ended or not; nil where there is none.
  func redeliver(
    _ delivery: Identifier, to endpoint: Identifier
  ) async throws(StoreError) -> LoggedDelivery?
  /// What is due, one for each endpoint that has none in somebody's hands. It stays in the taker's
  /// hands until it is noted, or for the lease.
  func takeDue(
    limit: Int, leaseMilliseconds: Int64
  ) async throws(StoreError) -> [DueDelivery]
  func note(_ report: DeliveryReport) async throws(StoreError)
}

/// What events of the log call for.
public struct Announcement: Hashable, Sendable {
  /// Where the cursor must stand.
  public var expecting: Int64
  /// Where it stands afterwards.
  public var upTo: Int64
  public var notices: [Notice]
  public var deliveries: [MessageDelivery]

  public init(
    expecting: Int64, upTo: Int64, notices: [Notice] = [], deliveries: [MessageDelivery] = []
  ) {
    self.expecting = expecting
    self.upTo = upTo
    self.notices = notices
    self.deliveries = deliveries
  }
}

/// Newest first.
public struct NoticeQuery: Hashable, Sendable {
  /// Whose reading counts.
  public var person: String
  public var isUnread: Bool
  /// Those with a lower number only.
  public var before: Int64?
  public var limit: Int

  public init(person: String, isUnread: Bool = false, before: Int64? = nil, limit: Int = 50) {
    self.person = person
    self.isUnread = isUnread
    self.before = before
    self.limit = limit
  }
}

public struct ListedNotice: Hashable, Sendable {
  public var notice: Notice
  /// By the person who asked.
  public var isRead: Bool

  public init(notice: Notice, isRead: Bool) {
    self.notice = notice
    self.isRead = isRead
  }
}

public enum MarkedNotices: Hashable, Sendable {
  case these([Identifier])
  /// This one and all before it.
  case upTo(Identifier)
}

/// What is nil stays as it is.
public struct EndpointChange: Hashable, Sendable {
  public var url: String?
  public var kinds: Set<NoticeKind>?
  public var note: String?
  public var isEnabled: Bool?
  /// The present one signs beside it until the moment.
  public var secret: SigningSecret?
  public var previousUntil: Timestamp?

  public init(
    url: String? = nil, kinds: Set<NoticeKind>? = nil, note: String? = nil,
    isEnabled: Bool? = nil, secret: SigningSecret? = nil, previousUntil: Timestamp? = nil
  ) {
    self.url = url
    self.kinds = kinds
    self.note = note
    self.isEnabled = isEnabled
    self.secret = secret
    self.previousUntil = previousUntil
  }

  /// What both stores do with it.
  public func apply(to endpoint: inout Endpoint, now: Timestamp) {
    endpoint.url = url ?? endpoint.url
    endpoint.kinds = kinds ?? endpoint.kinds
    endpoint.note = note ?? endpoint.note
    if let isEnabled {
      endpoint.isEnabled = isEnabled
      endpoint.disabledReason = nil
    }
    if let secret {
      endpoint.previousSecret = endpoint.secret
      endpoint.previousUntil = previousUntil ?? now
      endpoint.secret = secret
    }
    endpoint.updatedAt = now
  }
}

public enum EndpointRefusal: Error, Hashable, Sendable {
  /// There are as many webhooks as there may be.
  case tooMany
  /// The same request has made this webhook before.
  case repeated
}

/// A place in the log of deliveries.
public struct DeliveryCursor: Hashable, Sendable {
  public var key: Int64

  public init(key: Int64) { self.key = key }
}

public struct LoggedDelivery: Hashable, Sendable {
  /// Its place in the log.
  public var cursor: DeliveryCursor
  public var delivery: MessageDelivery
  public var attempts: [DeliveryAttempt]

  public init(cursor: DeliveryCursor, delivery: MessageDelivery, attempts: [DeliveryAttempt]) {
    self.cursor = cursor
    self.delivery = delivery
    self.attempts = attempts
  }
}

public struct DueDelivery: Hashable, Sendable {
  public var delivery: MessageDelivery
  public var endpoint: Endpoint

  public init(delivery: MessageDelivery, endpoint: Endpoint) {
    self.delivery = delivery
    self.endpoint = endpoint
  }
}

/// What came of one try.
public struct DeliveryReport: Hashable, Sendable {
  public enum Next: Hashable, Sendable {
    case ended(DeliveryOutcome)
    case retry(at: Timestamp)
  }

  public var delivery: Identifier
  /// Its number is given by the store.
  public var attempt: DeliveryAttempt
  public var next: Next
  /// Why nothing may go to the endpoint any more; nil while it may.
  public var disables: String?

  public init(
    delivery: Identifier, attempt: DeliveryAttempt, next: Next, disables: String? = nil
  ) {
    self.delivery = delivery
    self.attempt = attempt
    self.next = next
    self.disables = disables
  }
}

/// What both stores do with what came of a try.
extension MessageDelivery {
  public mutating func take(_ next: DeliveryReport.Next, now: Timestamp) {
    // Somebody else has brought it meanwhile.
    guard outcome != .delivered else { return }
    switch next {
    case .ended(let outcome):
      self.outcome = outcome
      dueAt = nil
      endedAt = now
    case .retry(let moment):
      tries += 1
      outcome = nil
      dueAt = moment
      endedAt = nil
    }
  }
}

extension Endpoint {
  /// Nothing goes there until a person enables it again.
  public mutating func disable(_ reason: String, now: Timestamp) {
    isEnabled = false
    disabledReason = reason
    updatedAt = now
  }
}

/// Names of notices and deliveries. They follow from what is told, never from chance, so that a
/// repetition after a crash has the same ones.
public enum NoticeID {
  /// - Parameter event: of the log. Its digest tells it from another that had its number before the
  ///   store was restored.
  public static func of(
    _ kind: NoticeKind, event: JournalEvent, installation: Identifier
  ) -> Identifier {
    var sha = Insecure.SHA1()
    sha.update(data: installation.bytes)
    sha.update(data: event.digest)
    sha.update(data: Array("\(event.sequence)|\(kind.rawValue)".utf8))
    return .nameBased(digest: sha.finalize())
  }

  /// Of the message that tells an endpoint of a notice.
  public static func delivery(of notice: Identifier, to endpoint: Identifier) -> Identifier {
    var sha = Insecure.SHA1()
    sha.update(data: notice.bytes)
    sha.update(data: endpoint.bytes)
    return .nameBased(digest: sha.finalize())
  }
}
