import FXDomain
import FXPorts

/// Notices or deliveries that are forgotten in one transaction.
private let forgottenAtOnce = 500

extension SQLiteStore {
  public func noticeCursor() async throws(StoreError) -> Int64 {
    try await read { try $0.noticeCursor() }
  }

  public func announce(_ announcement: Announcement) async throws(StoreError) -> Bool {
    let weight = 1 + announcement.notices.count + announcement.deliveries.count
    return try await write(weight: weight) { transaction in
      guard try transaction.noticeCursor() == announcement.expecting else { return false }
      for notice in announcement.notices { try transaction.insert(notice) }
      for delivery in announcement.deliveries {
        guard try transaction.endpoint(delivery.endpoint)?.isEnabled == true else { continue }
        try transaction.insert(delivery)
      }
      try transaction.run(
        "UPDATE notice_cursor SET sequence = ? WHERE key = 1", announcement.upTo)
      return true
    }
  }

  public func isDoubtAnnounced(of batch: BatchKey) async throws(StoreError) -> Bool {
    try await read { transaction in
      let last: NoticeKind? = try transaction.value(
        """
        SELECT kind FROM notices WHERE batch_key = ? AND kind IN ('started', 'in_doubt')
        ORDER BY number DESC LIMIT 1
        """, batch)
      return last == .inDoubt
    }
  }

  public func notices(_ query: NoticeQuery) async throws(StoreError) -> [ListedNotice] {
    try await read { transaction in
      let mark = try transaction.noticeMark(of: query.person)
      let before = query.before ?? .max
      if query.isUnread {
        return try transaction.all(
          """
          SELECT number, id, kind, at, sequence, batch_key, batch_id, trade_id, text FROM notices
          WHERE number < ? AND number > ? AND NOT EXISTS (SELECT 1 FROM notice_reads r
            WHERE r.person = ? AND r.number = notices.number)
          ORDER BY number DESC LIMIT ?
          """, before, mark, query.person, query.limit,
          read: { ListedNotice(notice: try $0.notice(), isRead: false) })
      }
      return try transaction.all(
        """
        SELECT number, id, kind, at, sequence, batch_key, batch_id, trade_id, text,
          number <= ? OR EXISTS (SELECT 1 FROM notice_reads r
            WHERE r.person = ? AND r.number = notices.number)
        FROM notices WHERE number < ? ORDER BY number DESC LIMIT ?
        """, mark, query.person, before, query.limit,
        read: { ListedNotice(notice: try $0.notice(), isRead: try $0.next()) })
    }
  }

  public func unreadNotices(of person: String) async throws(StoreError) -> Int {
    try await read { transaction in
      try transaction.all(
        """
        SELECT number FROM notices WHERE number > ? AND NOT EXISTS (SELECT 1 FROM notice_reads r
          WHERE r.person = ? AND r.number = notices.number) LIMIT ?
        """, try transaction.noticeMark(of: person), person, NoticeBounds.countedUnread,
        read: { _ in }
      ).count
    }
  }

  public func markNotices(
    _ marked: MarkedNotices, readBy person: String
  ) async throws(StoreError) {
    try await write { transaction in
      switch marked {
      case .these(let ids):
        for id in ids {
          guard let number = try transaction.noticeNumber(id) else { continue }
          try transaction.run(
            "INSERT INTO notice_reads (person, number) VALUES (?, ?) ON CONFLICT DO NOTHING",
            person, number)
        }
      case .upTo(let id):
        guard let number = try transaction.noticeNumber(id) else { return }
        try transaction.run(
          """
          INSERT INTO notice_marks (person, up_to) VALUES (?, ?)
          ON CONFLICT DO UPDATE SET up_to = max(up_to, excluded.up_to)
          """, person, number)
        try transaction.run(
          "DELETE FROM notice_reads WHERE person = ? AND number <= ?", person, number)
      }
    }
  }

  public func forgetNotices(before moment: Timestamp) async throws(StoreError) {
    try await write { transaction in
      let notices = try transaction.all(
        "SELECT number FROM notices WHERE at < ? LIMIT ?", moment, forgottenAtOnce,
        read: { try $0.next() as Int64 })
      for number in notices {
        try transaction.run("DELETE FROM notices WHERE number = ?", number)
      }
      let deliveries = try transaction.all(
        "SELECT key, endpoint FROM deliveries WHERE created_at < ? LIMIT ?", moment,
        forgottenAtOnce, read: { (key: try $0.next() as Int64, to: try $0.next() as Identifier) })
      for (key, endpoint) in deliveries {
        try transaction.run("DELETE FROM deliveries WHERE key = ?", key)
        try transaction.wake(endpoint)
      }
    }
  }
}

extension Transaction {
  fileprivate func noticeCursor() throws -> Int64 {
    guard let cursor: Int64 = try value("SELECT sequence FROM notice_cursor WHERE key = 1") else {
      throw StoreError.corrupt("The cursor of the notices is missing.")
    }
    return cursor
  }

  fileprivate func noticeMark(of person: String) throws -> Int64 {
    try value("SELECT up_to FROM notice_marks WHERE person = ?", person) ?? 0
  }

  fileprivate func noticeNumber(_ id: Identifier) throws -> Int64? {
    try value("SELECT number FROM notices WHERE id = ?", id)
  }

  fileprivate func insert(_ notice: Notice) throws {
    try run(
      """
      INSERT INTO notices (id, kind, at, sequence, batch_key, batch_id, trade_id, text)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      notice.id, notice.kind, notice.at, notice.sequence, notice.batch, notice.batchID,
      notice.tradeID, notice.text)
  }
}

extension ColumnReader {
  fileprivate mutating func notice() throws -> Notice {
    Notice(
      number: try next(), id: try next(), kind: try next(), at: try next(),
      sequence: try next(), batch: try next(), batchID: try next(), tradeID: try next(),
      text: try next())
  }
}
