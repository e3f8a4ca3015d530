import FXDomain
import FXPorts

/// Batches that are made again and again.
struct MemoryTemplates: Sendable {
  var all: [Identifier: Template] = [:]
  var rows: [Identifier: [TemplateRow]] = [:]

  func hasTemplate(named name: String) -> Bool { all.values.contains { $0.name == name } }
}

extension MemoryBooks {
  mutating func save(
    _ template: Template, rows: [TemplateRow], receipt: Receipt?
  ) throws(StoreError) -> Result<Template, TemplateRefusal> {
    guard templates.all.count < TemplateBounds.templates else { return .failure(.tooMany) }
    return try once(receipt, subject: template.id, else: .repeated) { books in
      guard !books.templates.hasTemplate(named: template.name) else { return .failure(.nameTaken) }
      books.templates.all[template.id] = template
      books.templates.rows[template.id] = rows
      return .success(template)
    }
  }

  func templates(after name: String?, limit: Int) -> [Template] {
    func precedes(_ left: String, _ right: String) -> Bool {
      left.utf8.lexicographicallyPrecedes(right.utf8)
    }
    let sorted = templates.all.values.sorted { precedes($0.name, $1.name) }
    return Array(sorted.filter { precedes(name ?? "", $0.name) }.prefix(limit))
  }

  func rows(of template: Identifier, after row: Int, limit: Int) -> [TemplateRow] {
    Array((templates.rows[template] ?? []).filter { $0.row > row }.prefix(limit))
  }

  mutating func rename(_ id: Identifier, to name: String) -> Result<Template, TemplateRefusal> {
    guard var template = templates.all[id] else { return .failure(.unknownTemplate) }
    guard template.name == name || !templates.hasTemplate(named: name) else {
      return .failure(.nameTaken)
    }
    (template.name, template.updatedAt) = (name, now)
    templates.all[id] = template
    return .success(template)
  }

  mutating func deleteTemplate(_ id: Identifier) -> Template? {
    templates.rows[id] = nil
    return templates.all.removeValue(forKey: id)
  }

  func margins(_ query: MarginQuery) -> [MarginLine] {
    var lines: [MarginLine.Place: MarginLine] = [:]
    for trade in trades where isListed(trade) && trade.status.isDealt {
      guard let bookedAt = trade.bookedAt, bookedAt >= query.from, bookedAt < query.to else {
        continue
      }
      let group: MarginLine.Group =
        switch query.grouping {
        case .batch:
          .batch(trade.batch, id: trade.batchID, name: batches[trade.batch.index].name)
        case .client: .client(cifNumber: trade.cifNumber, name: clients[trade.client.index].name)
        case .day: .day(query.deskClock.date(of: bookedAt))
        }
      let empty = MarginLine(
        group: group, terms: DealTerms(of: trade.deal), trades: 0, sums: DealSums())
      lines[empty.place, default: empty].trades += 1
      lines[empty.place]?.sums.request(trade.deal)
      lines[empty.place]?.sums.deal(trade)
    }
    let sorted = lines.sorted { $0.key < $1.key }
    return sorted.filter { line in query.after.map { line.key > $0 } ?? true }
      .prefix(query.limit).map(\.value)
  }
}

extension MemoryStore {
  public func save(
    _ template: Template, rows: [TemplateRow], receipt: Receipt?
  ) async throws(StoreError) -> Result<Template, TemplateRefusal> {
    try transact { (books) throws(StoreError) in
      try books.save(template, rows: rows, receipt: receipt)
    }
  }

  public func templates(after name: String?, limit: Int) async throws(StoreError) -> [Template] {
    try transact { (books) throws(StoreError) in books.templates(after: name, limit: limit) }
  }

  public func template(_ id: Identifier) async throws(StoreError) -> Template? {
    try transact { (books) throws(StoreError) in books.templates.all[id] }
  }

  public func rows(
    of template: Identifier, after row: Int, limit: Int
  ) async throws(StoreError) -> [TemplateRow] {
    try transact { (books) throws(StoreError) in
      books.rows(of: template, after: row, limit: limit)
    }
  }

  public func rename(
    _ template: Identifier, to name: String
  ) async throws(StoreError) -> Result<Template, TemplateRefusal> {
    try transact { (books) throws(StoreError) in books.rename(template, to: name) }
  }

  public func deleteTemplate(_ id: Identifier) async throws(StoreError) -> Template? {
    try transact { (books) throws(StoreError) in books.deleteTemplate(id) }
  }

  public func margins(_ query: MarginQuery) async throws(StoreError) -> [MarginLine] {
    try transact { (books) throws(StoreError) in books.margins(query) }
  }
}
