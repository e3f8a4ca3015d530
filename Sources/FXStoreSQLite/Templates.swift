import FXDomain
import FXPorts

extension SQLiteStore {
  public func save(
    _ template: Template, rows: [TemplateRow], receipt: Receipt?
  ) async throws(StoreError) -> Result<Template, TemplateRefusal> {
    try await write(weight: 1 + rows.count) { transaction in
      let count: Int = try transaction.value("SELECT count(*) FROM templates") ?? 0
      guard count < TemplateBounds.templates else { return .failure(.tooMany) }
      do {
        return try transaction.once(receipt, subject: template.id) {
          guard try !transaction.hasTemplate(named: template.name) else {
            throw TemplateRefusal.nameTaken
          }
          try transaction.insert(template)
          for row in rows { try transaction.insert(row, of: template.id) }
          return .success(template)
        }
      } catch let refusal as TemplateRefusal {
        return .failure(refusal)
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }

  public func templates(
    after name: String?, limit: Int
  ) async throws(StoreError) -> [Template] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT id, name, pricing, priority, max_concurrent_trades, on_failure, tolerated_failures,
          tolerated_failure_percent, max_attempts, transient_tries, transient_first_delay,
          transient_greatest_delay, permanent_tries, permanent_first_delay,
          permanent_greatest_delay, rule_tries, rule_first_delay, rule_greatest_delay,
          minimum_margin, approval, rows, created_at, created_by, updated_at
        FROM templates WHERE name > ? ORDER BY name LIMIT ?
        """, name ?? "", limit, read: { try $0.template() })
    }
  }

  public func template(_ id: Identifier) async throws(StoreError) -> Template? {
    try await read { try $0.template(id) }
  }

  public func rows(
    of template: Identifier, after row: Int, limit: Int
  ) async throws(StoreError) -> [TemplateRow] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT row, cif_number, base, quote, side, deal_currency, deal_amount, delivery, allowance,
          spread, fixed_rate, external_ref
        FROM template_rows WHERE template = ? AND row > ? ORDER BY row LIMIT ?
        """, template, row, limit, read: { try $0.templateRow() })
    }
  }

  public func rename(
    _ template: Identifier, to name: String
  ) async throws(StoreError) -> Result<Template, TemplateRefusal> {
    try await write { transaction in
      guard var renamed = try transaction.template(template) else {
        return .failure(.unknownTemplate)
      }
      guard try renamed.name == name || !transaction.hasTemplate(named: name) else {
        return .failure(.nameTaken)
      }
      (renamed.name, renamed.updatedAt) = (name, transaction.now)
      try transaction.run(
        "UPDATE templates SET name = ?, updated_at = ? WHERE id = ?", name, transaction.now,
        template)
      return .success(renamed)
    }
  }

  public func deleteTemplate(_ id: Identifier) async throws(StoreError) -> Template? {
    try await write(weight: 100) { transaction in
      guard let template = try transaction.template(id) else { return nil }
      try transaction.run("DELETE FROM templates WHERE id = ?", id)
      return template
    }
  }
}

extension Transaction {
  fileprivate func hasTemplate(named name: String) throws -> Bool {
    try exists("SELECT 1 FROM templates WHERE name = ?", name)
  }

  fileprivate func template(_ id: Identifier) throws -> Template? {
    try first(
      """
      SELECT id, name, pricing, priority, max_concurrent_trades, on_failure, tolerated_failures,
        tolerated_failure_percent, max_attempts, transient_tries, transient_first_delay,
        transient_greatest_delay, permanent_tries, permanent_first_delay, permanent_greatest_delay,
        rule_tries, rule_first_delay, rule_greatest_delay, minimum_margin, approval, rows,
        created_at, created_by, updated_at
      FROM templates WHERE id = ?
      """, id, read: { try $0.template() })
  }

  fileprivate func insert(_ template: Template) throws {
    let (policy, retries) = (template.policy, template.policy.retries)
    try run(
      """
      INSERT INTO templates (id, name, pricing, priority, max_concurrent_trades, on_failure,
        tolerated_failures, tolerated_failure_percent, max_attempts, transient_tries,
        transient_first_delay, transient_greatest_delay, permanent_tries, permanent_first_delay,
        permanent_greatest_delay, rule_tries, rule_first_delay, rule_greatest_delay,
        minimum_margin, approval, rows, created_at, created_by, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      template.id, template.name, template.pricing, template.priority,
      template.maxConcurrentTrades, policy.onFailure, policy.toleratedFailures,
      policy.toleratedFailurePercent, policy.maxAttempts, retries.transient.tries,
      retries.transient.firstDelayMilliseconds, retries.transient.greatestDelayMilliseconds,
      retries.permanent.tries, retries.permanent.firstDelayMilliseconds,
      retries.permanent.greatestDelayMilliseconds, retries.rule.tries,
      retries.rule.firstDelayMilliseconds, retries.rule.greatestDelayMilliseconds,
      policy.minimumMargin, policy.approval, template.rows, template.createdAt,
      template.createdBy, template.updatedAt)
  }

  fileprivate func insert(_ row: TemplateRow, of template: Identifier) throws {
    try run(
      """
      INSERT INTO template_rows (template, row, cif_number, base, quote, side, deal_currency,
        deal_amount, delivery, allowance, spread, fixed_rate, external_ref)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      template, row.row, row.cifNumber, row.deal.pair.base, row.deal.pair.quote, row.deal.side,
      row.deal.amount.currency, row.deal.amount.minorUnits, row.delivery, row.allowance,
      row.spread, row.fixedRate, row.externalRef)
  }
}

extension ColumnReader {
  fileprivate mutating func template() throws -> Template {
    Template(
      id: try next(), name: try next(), pricing: try next(), priority: try next(),
      maxConcurrentTrades: try next(), policy: try policy(), rows: try next(),
      createdAt: try next(), createdBy: try next(), updatedAt: try next())
  }

  fileprivate mutating func templateRow() throws -> TemplateRow {
    TemplateRow(
      row: try next(), cifNumber: try next(), deal: try deal(), delivery: try next(),
      allowance: try next(), spread: try next(), fixedRate: try next(), externalRef: try next())
  }
}
