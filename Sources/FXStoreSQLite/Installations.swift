import FXDomain
import FXPorts

/// What was last written of a node, and when.
struct SignOfLife: Equatable {
  var life: NodeLife
  var confirmsKillSwitch: Bool
  var waitsFor: String?
  /// The change counter while the kill switch is engaged: each engagement is confirmed anew.
  var engagement: Int64?
  var at: Timestamp

  /// Whether it says all that another would, and is fresh enough for a node to pass for alive.
  func stands(for newer: SignOfLife) -> Bool {
    let lasting = min(signOfLifeMilliseconds, life.leaseMilliseconds / 3)
    return life == newer.life && confirmsKillSwitch == newer.confirmsKillSwitch
      && waitsFor == newer.waitsFor
      && engagement == newer.engagement && newer.at.milliseconds(since: at) < lasting
  }
}

/// How often a node's sign of life is written when nothing else changes; between, it is only read.
private let signOfLifeMilliseconds: Int64 = 5_000
/// Nodes that nobody has heard of for so long are forgotten.
private let forgottenAfterMilliseconds: Int64 = 86_400_000

extension SQLiteStore {
  public func installation() async throws(StoreError) -> Installation {
    try await read { try $0.installation() }
  }

  public func pulse(
    _ node: NodeLife, confirmsKillSwitch: Bool, waitsFor: String?
  ) async throws(StoreError) -> Installation {
    let present = try await installation()
    var sign = SignOfLife(
      life: node, confirmsKillSwitch: confirmsKillSwitch, waitsFor: waitsFor,
      engagement: present.engagement, at: clock())
    let isWritten = signsOfLife.withLock { [sign] signs in
      signs[node.node]?.stands(for: sign) ?? false
    }
    if isWritten { return present }
    let installation = try await write { transaction in
      try transaction.refuseOthers(than: node)
      let installation = try transaction.installation()
      try transaction.write(
        node, confirmsKillSwitch: confirmsKillSwitch && installation.killSwitch != nil,
        waitsFor: waitsFor)
      return installation
    }
    sign.engagement = installation.engagement
    signsOfLife.withLock { [sign] in $0[node.node] = sign }
    return installation
  }

  public func nodes() async throws(StoreError) -> [LiveNode] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT node, last_seen_at, max(last_seen_at + lease_milliseconds, coalesce((
          SELECT max(lease_expires_at) FROM batches
          WHERE completed_at IS NULL AND lease_owner = node), 0)), confirms_kill_switch,
          waits_for
        FROM nodes ORDER BY node
        """,
        read: { row in
          let node: NodeID = try row.next()
          let lastSeenAt: Timestamp = try row.next()
          let until: Timestamp = try row.next()
          return LiveNode(
            node: node, lastSeenAt: lastSeenAt, leaseUntil: until,
            confirmsKillSwitch: try row.next(), isAlive: transaction.now < until,
            waitsFor: try row.next())
        })
    }
  }

  public func clearCanary(_ trade: TradeKey) async throws(StoreError) {
    try await write { transaction in
      guard try transaction.installation().canary == trade else { return }
      try transaction.updateInstallation { $0.canary = nil }
    }
  }

  public func controlDeal(
    with bank: BankIdentity, bookedBefore: Timestamp?
  ) async throws(StoreError) -> ControlDeal? {
    try await read { transaction in
      try transaction.first(
        """
        SELECT trade_key, deal_transaction_id, ended_at FROM attempts
        WHERE bank = ? AND is_known_by_bank = 1 AND ended_at < ?
        ORDER BY ended_at DESC LIMIT 1
        """, bank, bookedBefore ?? Timestamp(milliseconds: .max),
        read: {
          ControlDeal(
            trade: try $0.next(), dealTransactionID: try $0.next(), bookedAt: try $0.next())
        })
    }
  }
}

extension Installation {
  fileprivate var engagement: Int64? { killSwitch == nil ? nil : changeCounter }
}

extension Transaction {
  /// Nodes alive at the same time have the same bank and the same bounds.
  fileprivate func refuseOthers(than node: NodeLife) throws {
    let other = try first(
      """
      SELECT node, last_seen_at + lease_milliseconds FROM nodes
      WHERE node <> ? AND last_seen_at + lease_milliseconds > ? AND NOT (bank = ?
        AND lease_milliseconds = ? AND bank_timeout_milliseconds = ?
        AND doubt_margin_milliseconds = ?) LIMIT 1
      """,
      node.node, now, node.bank, node.leaseMilliseconds, node.bankTimeoutMilliseconds,
      node.doubtMarginMilliseconds,
      read: { (name: try $0.next() as NodeID, until: try $0.next() as Timestamp) })
    guard let other else { return }
    throw StoreError.engineElsewhere(
      "Node \(other.name) runs on this store with another bank, lease, time-out or doubt margin. "
        + "Give both the same, or stop it and start again after \(other.until).")
  }

  fileprivate func write(
    _ node: NodeLife, confirmsKillSwitch: Bool, waitsFor: String?
  ) throws {
    try run(
      """
      INSERT INTO nodes (node, bank, lease_milliseconds, bank_timeout_milliseconds,
        doubt_margin_milliseconds, last_seen_at, confirms_kill_switch, waits_for)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET bank = excluded.bank,
        lease_milliseconds = excluded.lease_milliseconds,
        bank_timeout_milliseconds = excluded.bank_timeout_milliseconds,
        doubt_margin_milliseconds = excluded.doubt_margin_milliseconds,
        last_seen_at = excluded.last_seen_at,
        confirms_kill_switch = excluded.confirms_kill_switch, waits_for = excluded.waits_for
      """,
      node.node, node.bank, node.leaseMilliseconds, node.bankTimeoutMilliseconds,
      node.doubtMarginMilliseconds, now, confirmsKillSwitch, waitsFor)
    try run(
      "DELETE FROM nodes WHERE last_seen_at < ?",
      now.advanced(byMilliseconds: -forgottenAfterMilliseconds))
  }
}
