import FXDomain
import FXPorts

extension SQLiteStore {
  public func batches(_ query: BatchQuery) async throws(StoreError) -> [Batch] {
    guard let query = query.narrowedByDecisions else { return [] }
    return try await read { try $0.batches(query) }
  }
}

extension Transaction {
  private static let piece = 100

  fileprivate func batches(_ query: BatchQuery) throws -> [Batch] {
    switch query.order {
    case .newestFirst, .oldestFirst:
      let isBackwards = query.order == .newestFirst
      let after = query.after.map { Place(batch: $0.values[0]) }
      return try page(
        query, statuses: query.statuses, isBackwards: isBackwards, after: after ?? .start,
        limit: query.limit)
    case .status:
      var found: [Batch] = []
      for (place, status) in BatchStatus.allCases.enumerated()
      where query.statuses.isEmpty || query.statuses.contains(status) {
        let (rank, key) = query.after.map { ($0.values[0], $0.values[1]) } ?? (-1, 0)
        guard rank <= Int64(place), found.count < query.limit else { continue }
        found += try page(
          query, statuses: [status], isBackwards: true,
          after: rank == Int64(place) ? Place(batch: key) : .start,
          limit: query.limit - found.count)
      }
      return found
    case .queue, .total, .lastEnded:
      return try sorted(query)
    }
  }

  // MARK: In the order of their coming

  private func page(
    _ query: BatchQuery, statuses: Set<BatchStatus>, isBackwards: Bool, after: Place, limit: Int
  ) throws -> [Batch] {
    guard let keys = try keys(from: query.createdFrom, to: query.createdTo) else { return [] }
    var streams = [
      try statusStream(statuses, needsDecision: query.needsDecision, isBackwards: isBackwards)
    ]
    if query.isLeased == true { streams.append(try leasedStream(isBackwards: isBackwards)) }
    if let text = SoughtText(query.text) {
      guard !text.isTooLong else { return [] }
      streams.append(try batchStream(text, isBackwards: isBackwards))
    }
    let stream = PlaceStream.all(streams)
    let sign: Int64 = isBackwards ? -1 : 1
    let (first, last) =
      isBackwards
      ? (-keys.upperBound.value, -keys.lowerBound.value)
      : (keys.lowerBound.value, keys.upperBound.value)
    var place = max(after, Place(batch: first, trade: -1))
    var found: [Batch] = []
    while found.count < limit, let next = try stream.next(after: place), next.batch <= last {
      place = next
      guard let batch = try listed(BatchKey(sign * next.batch)), query.admits(batch, at: now)
      else { continue }
      found.append(batch)
    }
    return found
  }

  private func listed(_ key: BatchKey) throws -> Batch? {
    try first("SELECT * FROM batch_rows WHERE key = ?", key, read: { try $0.batch() })
  }

  /// The keys that batches of a span of time have, and perhaps others: `entered_at` ascends with the
  /// keys, and is ahead of a batch's creation by no more than the clock was ever set back.
  func keys(
    from: Timestamp?, to: Timestamp?
  ) throws -> ClosedRange<BatchKey>? {
    var (first, last) = (BatchKey(0), BatchKey(.max))
    if let from {
      let found: BatchKey? = try value(
        "SELECT key FROM batches WHERE entered_at >= ? ORDER BY entered_at, key LIMIT 1", from)
      guard let found else { return nil }
      first = found
    }
    if let to {
      let setBack: Int64? = try value(
        """
        SELECT entered_at - created_at FROM batches WHERE entered_at > created_at
        ORDER BY entered_at - created_at DESC LIMIT 1
        """)
      let found: BatchKey? = try value(
        "SELECT key FROM batches WHERE entered_at < ? ORDER BY entered_at DESC, key DESC LIMIT 1",
        to.advanced(byMilliseconds: setBack ?? 0))
      guard let found else { return nil }
      last = found
    }
    return first <= last ? first...last : nil
  }

  private func statusStream(
    _ statuses: Set<BatchStatus>, needsDecision: Bool?, isBackwards: Bool
  ) throws -> PlaceStream {
    let chosen = statuses.isEmpty ? Set(BatchStatus.allCases) : statuses
    let needs = needsDecision.map { [$0] } ?? [false, true]
    return .any(
      chosen.flatMap { status in
        needs.map { needs in
          PlaceStream { after, limit in
            try self.all(
              isBackwards
                ? """
                SELECT key FROM batches WHERE status = ? AND needs_decision = ? AND key < ?
                  AND deleted_at IS NULL ORDER BY key DESC LIMIT ?
                """
                : """
                SELECT key FROM batches WHERE status = ? AND needs_decision = ? AND key > ?
                  AND deleted_at IS NULL ORDER BY key LIMIT ?
                """,
              status, needs, (isBackwards ? -1 : 1) * after.batchBefore, limit,
              read: { Place(batch: (isBackwards ? -1 : 1) * (try $0.next() as Int64)) })
          }
        }
      })
  }

  /// Leases are few: no more than nodes hold at once.
  private func leasedStream(isBackwards: Bool) throws -> PlaceStream {
    PlaceStream(
      try all(
        "SELECT key FROM batches WHERE lease_owner IS NOT NULL AND lease_expires_at > ?", now,
        read: { Place(batch: (isBackwards ? -1 : 1) * (try $0.next() as Int64)) }))
  }

  // MARK: Sorted otherwise

  /// Where few batches are let through, these are sorted; otherwise the index of the order is walked.
  private func sorted(_ query: BatchQuery) throws -> [Batch] {
    var candidates = query
    candidates.order = .newestFirst
    if query.order == .queue {
      candidates.statuses = BatchStatus.open.narrowed(by: query.statuses)
    }
    if query.order == .lastEnded {
      candidates.statuses = BatchStatus.final.narrowed(by: query.statuses)
    }
    guard query.statuses.isEmpty || !candidates.statuses.isEmpty else { return [] }
    let isText = SoughtText(query.text) != nil
    let isNarrow =
      isText || query.needsDecision != nil || query.isLeased != nil || query.createdFrom != nil
      || query.createdTo != nil || !query.statuses.isEmpty
    guard isNarrow else { return try walk(query) }
    let bound = ListBounds.sortedPerText
    let found = try page(
      candidates, statuses: candidates.statuses, isBackwards: true, after: .start,
      limit: isText ? bound : bound + 1)
    guard isText || found.count <= bound else { return try walk(query) }
    let sorted = found.map { (cursor: BatchCursor(of: $0, in: query.order), batch: $0) }
      .filter { item in query.after.map { $0 < item.cursor } ?? true }
      .sorted { $0.cursor < $1.cursor }
    return sorted.prefix(query.limit).map(\.batch)
  }

  private func walk(_ query: BatchQuery) throws -> [Batch] {
    var found: [Batch] = []
    var after = query.after
    while found.count < query.limit {
      let piece = try piece(of: query.order, after: after?.values)
      guard let last = piece.last else { break }
      after = BatchCursor(of: last, in: query.order)
      found += piece.filter { query.admits($0, at: now) }
    }
    return Array(found.prefix(query.limit))
  }

  /// The next batches of an order. Equal ones are told apart by the key.
  private func piece(of order: BatchQuery.Order, after: [Int64]?) throws -> [Batch] {
    let limit = Self.piece
    switch order {
    case .queue:
      let (priority, position, created, key) =
        after.map { (-$0[0], $0[1], $0[2], $0[3]) } ?? (11, 0, 0, 0)
      return try all(
        """
        SELECT * FROM batch_rows WHERE completed_at IS NULL AND priority <= ?1 AND (priority < ?1
          OR (queue_position, created_at, key) > (?2, ?3, ?4))
        ORDER BY priority DESC, queue_position, created_at, key LIMIT ?5
        """, priority, position, created, key, limit, read: { try $0.batch() })
    case .total:
      let (total, key) = after.map { (-$0[0], -$0[1]) } ?? (.max, .max)
      let equal = try all(
        "SELECT * FROM batch_rows WHERE total = ? AND key < ? ORDER BY key DESC LIMIT ?",
        total, key, limit, read: { try $0.batch() })
      guard equal.count < limit else { return equal }
      return try equal
        + all(
          "SELECT * FROM batch_rows WHERE total < ? ORDER BY total DESC, key DESC LIMIT ?", total,
          limit - equal.count, read: { try $0.batch() })
    case .lastEnded:
      let (moment, key) = after.map { (-$0[0], -$0[1]) } ?? (.max, .max)
      let equal = try all(
        "SELECT * FROM batch_rows WHERE completed_at = ? AND key < ? ORDER BY key DESC LIMIT ?",
        moment, key, limit, read: { try $0.batch() })
      guard equal.count < limit else { return equal }
      return try equal
        + all(
          """
          SELECT * FROM batch_rows WHERE completed_at < ? ORDER BY completed_at DESC, key DESC LIMIT ?
          """, moment, limit - equal.count, read: { try $0.batch() })
    case .newestFirst, .oldestFirst, .status:
      preconditionFailure("these orders have streams of their own")
    }
  }
}

extension BatchStatus {
  fileprivate static let final = Set(allCases.filter(\.isFinal))
  fileprivate static let open = Set(allCases.filter { !$0.isFinal })
}

extension Set<BatchStatus> {
  /// Those of them that are asked for; all of them where nothing is.
  fileprivate func narrowed(by asked: Set<BatchStatus>) -> Set<BatchStatus> {
    asked.isEmpty ? self : intersection(asked)
  }
}
