import FXDomain
import Testing

@Suite struct `What the log gives notice of` {
  struct Row: Sendable, CustomTestStringConvertible {
    let words: String
    let entry: JournalDraft
    var asksForApproval = false
    let kinds: [NoticeKind]
    var testDescription: String { words }
  }

  static let node = Actor.node(NodeID("desk-1:a"))
  static let person = Actor.person("thandi")

  static func batch(_ from: BatchStatus, _ to: BatchStatus, by actor: Actor = node) -> JournalDraft
  {
    JournalDraft(kind: .batchTransition, from: from.rawValue, to: to.rawValue, actor: actor)
  }

  static func trade(_ to: TradeStatus, _ code: FailureCode? = nil) -> JournalDraft {
    JournalDraft(
      kind: .tradeTransition, trade: TradeKey(1), from: "booking", to: to.rawValue, actor: node,
      code: code)
  }

  static func house(_ note: String) -> JournalDraft {
    JournalDraft(kind: .installationChanged, actor: person, note: note)
  }

  static let rows: [Row] = [
    Row(words: "a node takes it up", entry: batch(.pending, .running), kinds: [.started]),
    Row(words: "a person resumes it", entry: batch(.paused, .running, by: person), kinds: []),
    Row(words: "evidence reopens it", entry: batch(.failed, .running), kinds: []),
    Row(words: "a retry while it runs", entry: batch(.running, .running), kinds: []),
    Row(words: "all completed", entry: batch(.running, .success), kinds: [.success]),
    Row(
      words: "some completed", entry: batch(.running, .partialSuccess),
      kinds: [.partialSuccess, .needsDecision]),
    Row(
      words: "none completed", entry: batch(.paused, .failed), kinds: [.failed, .needsDecision]),
    Row(words: "cancelled", entry: batch(.staged, .cancelled, by: person), kinds: [.cancelled]),
    Row(words: "paused by a person", entry: batch(.running, .paused, by: person), kinds: []),
    Row(
      words: "paused by the policy", entry: batch(.running, .paused), kinds: [.needsDecision]),
    Row(words: "into the queue", entry: batch(.staged, .pending, by: person), kinds: []),
    Row(words: "a new round", entry: batch(.failed, .pending, by: person), kinds: []),
    Row(words: "a doubt", entry: trade(.inDoubt), kinds: [.inDoubt]),
    Row(words: "a refusal", entry: trade(.failed, .bookingRefused), kinds: []),
    Row(
      words: "a deal that did not settle", entry: trade(.failed, .settlementFailed),
      kinds: [.needsDecision]),
    Row(words: "a booked trade", entry: trade(.booked), kinds: []),
    Row(
      words: "a trade before a person",
      entry: JournalDraft(kind: .tradeEscalated, trade: TradeKey(1), actor: node),
      kinds: [.inDoubt, .needsDecision]),
    Row(
      words: "a batch that waits for approval",
      entry: JournalDraft(kind: .batchCreated, actor: person), asksForApproval: true,
      kinds: [.needsDecision]),
    Row(
      words: "a batch that does not", entry: JournalDraft(kind: .batchCreated, actor: person),
      kinds: []),
    Row(
      words: "the switch engaged", entry: house("kill switch engaged: odd"), kinds: [.killSwitch]),
    Row(
      words: "the switch after a loss", entry: house("kill switch engaged, id epoch 2: lost"),
      kinds: [.killSwitch]),
    Row(
      words: "the switch released", entry: house("kill switch released: fine"), kinds: [.killSwitch]
    ),
    Row(
      words: "paused by the policy on a person's word",
      entry: JournalDraft(
        kind: .batchTransition, from: "running", to: "paused", actor: person,
        note: "1 of 2 trades failed, and none is tolerated"), kinds: [.needsDecision]),
    Row(
      words: "deals are due", entry: JournalDraft(kind: .settlementDue, actor: node),
      kinds: [.settlementDue]),
    Row(
      words: "a reconciliation found differences",
      entry: JournalDraft(kind: .reconciliationEnded, to: "differs", actor: node),
      kinds: [.reconciliation]),
    Row(
      words: "a reconciliation could not be completed",
      entry: JournalDraft(kind: .reconciliationEnded, to: "incomplete", actor: node),
      kinds: [.reconciliation]),
    Row(
      words: "bank and books agree",
      entry: JournalDraft(kind: .reconciliationEnded, to: "agrees", actor: node), kinds: []),
    Row(words: "reconciled", entry: house("reconciled after a loss of events: done"), kinds: []),
  ]

  @Test(arguments: rows)
  func `each entry calls for these kinds`(row: Row) {
    #expect(NoticeKind.kinds(of: row.entry, asksForApproval: row.asksForApproval) == row.kinds)
  }

  @Test(arguments: [
    JournalKind.batchClaimed, .batchReleased, .batchCancelRequested, .batchChanged, .batchApproved,
    .batchAccepted, .batchDeleted,
  ])
  func `what people do themselves calls for nothing`(kind: JournalKind) {
    let entry = JournalDraft(kind: kind, actor: Self.person)
    #expect(NoticeKind.kinds(of: entry, asksForApproval: true).isEmpty)
  }

  @Test func `what the ledger writes of the kill switch is known again`() throws {
    var house = Installation(id: Identifier(high: 1, low: 1))
    for engaged in [true, false] {
      let entry = try Ledger.setKillSwitch(
        engaged: engaged, reason: "a drill", in: &house, actor: Self.person,
        now: Timestamp(milliseconds: 1))
      #expect(NoticeKind.kinds(of: entry, asksForApproval: false) == [.killSwitch])
      #expect(KillSwitch.isEngaged(by: entry) == engaged)
    }
  }
}
