import FXDomain
import FXEngine
import FXPorts
import FXSimulation
import FXTesting
import Synchronization
import Testing

@Suite struct `The verifier` {
  @Test(arguments: UInt64(0)..<8)
  func `finds nothing in books that only the ledger has written`(seed: UInt64) async throws {
    let kept = Mutex<MemoryStore?>(nil)
    let log = try await StoreConformance.walk(seed: seed) { clock in
      let store = MemoryStore(installation: Identifier(high: 1, low: 1)) { clock.now }
      kept.withLock { $0 = store }
      return store
    }
    let store = try #require(kept.withLock { $0 })
    let report = try await Verifier(store: store).verify()
    #expect(report.findings == [])
    #expect(report.events == log.count)
    #expect(try await report.batches == store.batches(BatchQuery(limit: 10_000)).count)
    #expect(try await report.trades == store.trades(TradeQuery(limit: 10_000)).count)
  }

  @Test func `finds nothing in an empty store`() async throws {
    let store = MemoryStore(installation: Identifier(high: 1, low: 1)) {
      Timestamp(milliseconds: 0)
    }
    let report = try await Verifier(store: store).verify()
    #expect(report.findings == [])
    #expect(report.batches == 0)
  }

  @Test(arguments: Tampering.all)
  func `tells in a sentence`(_ tampering: Tampering) async throws {
    let dealt = try await DealtDesk()
    var books = TamperedBooks(store: dealt.store)
    tampering.change(&books)
    let findings = try await Verifier(store: books).verify().findings
    #expect(findings.contains { $0.contains(tampering.finding) }, "\(findings)")
    #expect(findings.allSatisfy { $0.hasSuffix(".") })
  }

  @Test func `finds nothing wrong with a batch that moves while it is read`() async throws {
    let dealt = try await DealtDesk()
    let left = Mutex(3)
    var books = TamperedBooks(store: dealt.store)
    books.meanwhile = { () async throws(StoreError) in
      do {
        switch left.withLock({
          $0 -= 1
          return $0
        }) {
        case 2: try await dealt.book(4)
        case 1: try await dealt.step(1, .recordSettled(attempt: 1, dealReference: "FX2"))
        default: break
        }
      } catch {
        throw .inconsistent("\(error)")
      }
    }
    let report = try await Verifier(store: books).verify()
    #expect(report.findings == [])
    #expect(left.withLock { $0 } < 2)
    #expect(try await dealt.trade(4).status == .booking)
  }

  @Test func `keeps a bounded number of findings and counts the rest`() async throws {
    let desk = try await IntakeDesk()
    let rows = (1...1_100).map { desk.row($0, reference: "\($0)") }
    _ = try await desk.submit(rows).get()
    var books = TamperedBooks(store: desk.store)
    books.seenTrade = {
      var trade = $0
      trade.status = .completed
      return trade
    }
    let findings = try await Verifier(store: books).verify().findings
    #expect(findings.count == IntakeBounds.keptFindings + 1)
    #expect(findings.last == "100 more findings are left out.")
  }
}

/// One thing that is not as the ledger wrote it, and what is to be said of it.
struct Tampering: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let finding: String
  let change: @Sendable (inout TamperedBooks) -> Void

  init(
    _ description: String, _ finding: String,
    _ change: @escaping @Sendable (inout TamperedBooks) -> Void
  ) {
    testDescription = description
    self.finding = finding
    self.change = change
  }

  private static func trade(
    _ description: String, _ finding: String, row: Int,
    _ change: @escaping @Sendable (inout Trade) -> Void
  ) -> Tampering {
    Tampering(description, finding) { books in
      books.seenTrade = {
        var trade = $0
        if trade.row == row { change(&trade) }
        return trade
      }
    }
  }

  private static func batch(
    _ description: String, _ finding: String, _ change: @escaping @Sendable (inout Batch) -> Void
  ) -> Tampering {
    Tampering(description, finding) { books in
      books.seenBatch = {
        var batch = $0
        change(&batch)
        return batch
      }
    }
  }

  private static func event(
    _ description: String, _ finding: String,
    _ change: @escaping @Sendable (JournalEvent) -> JournalEvent?
  ) -> Tampering {
    Tampering(description, finding) { books in
      books.seenEvent = { $0.batch == BatchKey(1) ? change($0) : $0 }
    }
  }

  static let all: [Tampering] = [
    batch("counts that the log does not make", "keeps counts that its log") {
      $0.counts.pending -= 1
      $0.counts.completed += 1
    },
    batch("a doubt that was put before nobody", "put before a person than its log") {
      $0.escalated.inDoubt += 1
    },
    batch("a failed settlement that the log does not have", "put before a person than its log") {
      $0.escalated.settlementFailed += 1
    },
    batch("a cause of a pause that it is not in", "the cause of its pause is policy") {
      $0.pauseCause = .policy
    },
    Tampering("a sum that the trades do not make", "keeps sums that its trades") { books in
      books.seenRecount = {
        var recount = $0
        for terms in recount.kept.sums.keys { recount.kept.sums[terms]?.dealt += 1 }
        return recount
      }
    },
    Tampering("a batch's usage that the trades do not make", "against limits than its trades") {
      books in
      books.seenRecount = {
        var recount = $0
        recount.keptUsage.used += 1
        return recount
      }
    },
    Tampering("a client's usage that the trades do not make", "has used other amounts") { books in
      books.seenUsage = {
        var recount = $0
        for (client, days) in recount.kept.clients {
          for day in days.keys {
            recount.kept.add(ClientUsage(dealt: Usage(used: 1)), of: client, on: day)
          }
        }
        return recount
      }
    },
    Tampering("a dealer's usage that the trades do not make", "has dealt other amounts") { books in
      books.seenUsage = {
        var recount = $0
        recount.counted.add(Usage(reserved: 1), ofDealer: "person:a", on: CivilDate(dayNumber: 1))
        return recount
      }
    },
    Tampering("failures that no trade has", "keeps other counts of failures") { books in
      books.seenRecount = {
        let sums = $0.kept.sums
        return Recount(kept: BatchSummary(sums: sums), counted: $0.counted)
      }
    },
    batch("a status that the log does not give", "is paused, and its log ends at running") {
      $0.status = .paused
      $0.pauseCause = .person
    },
    batch("an end before the trades' ends", "amount to none of the ends") { $0.status = .failed },
    batch("a head that is not the chain's", "keeps a head that is not") {
      $0.chain.digest[0] ^= 1
    },
    batch("a chain that lacks its end", "events where its head counts") { $0.chain.length += 1 },
    Tampering("a trade that is gone", "counts 5 trades and has 4") { books in
      books.seenTrade = { $0.row == 3 ? nil : $0 }
    },
    trade("a status that the log never reached", "its log ends at pending", row: 5) {
      $0.status = .cancelled
    },
    trade("a completed trade without its figures", "without the figures", row: 1) {
      $0.figures = nil
    },
    trade("a booked trade without its deal's id", "without the figures", row: 2) {
      $0.dealTransactionID = nil
    },
    trade("a deal of no attempt", "which none of its attempts has", row: 2) {
      $0.dealTransactionID = Identifier(high: 0, low: 0)
    },
    trade("a counter amount that the rate does not make", "figures that its rates", row: 1) {
      guard let priced = $0.figures?.priced else { return }
      $0.figures?.priced = Priced(
        quoteRate: priced.quoteRate, clientRate: priced.clientRate,
        counterAmount: Money(
          minorUnits: priced.counterAmount.minorUnits + 1, currency: priced.counterAmount.currency),
        marginPips: priced.marginPips, margin: priced.margin, residual: priced.residual,
        roundingDifference: priced.roundingDifference)
    },
    Tampering("two bookings of one trade", "more than one attempt that is booked") { books in
      books.seenAttempts = { $0 + $0 }
    },
    event("an event that was changed", "breaks its chain") {
      var event = $0
      if event.batchSequence == 4 { event.entry.note = "changed" }
      return event
    },
    event("an event that is gone", "breaks its chain") { $0.batchSequence == 4 ? nil : $0 },
    event("a step that no table has", "takes trade key") {
      var event = $0
      if event.entry.to == "quoting" { event.entry.to = "completed" }
      return event
    },
    event("a batch's step that no table has", "takes it from staged to running") {
      var event = $0
      if event.entry.kind == .batchTransition, event.entry.to == "pending" {
        event.entry.to = "running"
      }
      return event
    },
    Tampering("a seal that was changed", "breaks the chain of seals") { books in
      books.seenSeal = {
        var seal = $0
        seal.digest[0] ^= 1
        return seal
      }
    },
    Tampering("a seal over another event", "was sealed with another event") { books in
      books.seenSeal = {
        var seal = $0
        for place in seal.heads.indices { seal.heads[place].head.digest[0] ^= 1 }
        return seal
      }
    },
    Tampering("a sealed event that is gone", "that it no longer has") { books in
      books.seenSeal = {
        var seal = $0
        for place in seal.heads.indices { seal.heads[place].head.length += 1 }
        return seal
      }
    },
    Tampering("a sealed batch that is gone", "which is gone") { books in
      books.seenSeal = {
        var seal = $0
        seal.heads.append(Seal.Head(batch: BatchKey(99), head: .start))
        return seal
      }
    },
    Tampering("a seal that is gone", "Seal 1 is missing") { books in
      books.seenSeal = {
        var seal = $0
        seal.number += 1
        return seal.number == 2 ? seal : nil
      }
    },
  ]
}
