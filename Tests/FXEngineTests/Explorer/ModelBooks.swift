import FXDomain
import FXEngine
import FXPorts

/// A value behind a reference, so that worlds share what they did not change.
final class Kept<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// The store's rows of one batch of one trade, as one value: a write happens whole or not at all.
struct ModelBooks: Sendable {
  var batch: Batch
  var trade: Trade
  var attempts: [Attempt] = []
  /// Attempts whose acceptance a fenced owner saw.
  var accepted: Set<Int> = []
  /// The same as a store would answer it.
  var evidence: [Evidence] {
    accepted.sorted().map {
      Evidence(
        trade: trade.key, attempt: $0, kind: .bookingAccepted, at: trade.createdAt,
        actor: .person("a fenced owner"), summary: "accepted")
    }
  }
  var killSwitch = false
  var epoch = 1

  static let fresh: ModelBooks = {
    do {
      let client = Client(
        key: ClientKey(1), name: "Made-up Traders", cifNumber: "900001", spread: .zero)
      guard let pair = CurrencyPair(base: .usd, quote: .zar),
        let deal = Deal(
          pair: pair, side: .buy, amount: Money(minorUnits: 100_000, currency: .usd))
      else { preconditionFailure("the pair holds its own currency") }
      var batch = Batch(
        key: BatchKey(1), id: Identifier(high: 0x4001, low: 1 << 63), name: "One",
        pricing: .bank, priority: 5, queuePosition: 0, maxConcurrentTrades: 1,
        policy: BatchPolicy(maxAttempts: 2, retries: QuoteRetries(transient: RetryRule(tries: 2))),
        createdAt: Scale.start,
        createdBy: "person:a")
      let trade = Trade(
        key: TradeKey(2), id: Identifier(high: 0x4002, low: 1 << 63), batch: batch.key,
        batchID: batch.id, client: client,
        draft: TradeDraft(row: 1, client: client.key, deal: deal),
        createdAt: Scale.start)
      batch.counts.pending = 1
      _ = try Ledger.decide(
        BatchStep(batch: batch.key, actor: .person("a"), command: .start()), batch: &batch,
        now: Scale.start)
      return ModelBooks(batch: batch, trade: trade)
    } catch {
      preconditionFailure("a fresh batch starts: \(error)")
    }
  }()

  var installation: Installation { Installation(id: Scale.installation, idEpoch: epoch) }

  /// One transaction. The ledger decides; accepted or not, the batch is heard of.
  mutating func perform(
    _ command: TradeCommand, _ authority: Authority, by actor: Actor, now: Timestamp
  ) -> StepResult {
    let step = TradeStep(
      batch: batch.key, trade: trade.key, authority: authority, actor: actor, command: command)
    let facts = LedgerFacts(now: now, killSwitchEngaged: killSwitch, bank: Scale.bank)
    do throws(StepRefusal) {
      let entry = try Ledger.decide(step, trade: &trade, batch: &batch, facts: facts)
      switch entry.attempt {
      case .insert(let attempt): attempts.append(attempt)
      case .end(let number, let outcome, let bankTransactionID):
        if let last = attempts.lastIndex(where: { $0.number == number }) {
          attempts[last].outcome = outcome
          attempts[last].bankTransactionID = bankTransactionID
          attempts[last].endedAt = now
        }
      case nil: break
      }
      return StepResult(result: .success(trade), batch: batch)
    } catch {
      return StepResult(result: .failure(error), batch: batch)
    }
  }

  /// A person's command on the batch; one that is refused changes nothing.
  mutating func perform(_ command: BatchCommand, now: Timestamp) -> Bool {
    do throws(BatchRefusal) {
      _ = try Ledger.decide(
        BatchStep(batch: batch.key, actor: .person("b"), command: command), batch: &batch,
        now: now)
      return true
    } catch {
      return false
    }
  }

  /// What a take hands out, as the stores do.
  var taken: TakenTrade {
    TakenTrade(
      trade: trade, isClientActive: true, accounts: Self.accounts,
      earlierAttempts: attempts.filter { $0.outcome != .booked }.map(\.dealTransactionID))
  }

  private static let accounts = [Currency.usd, .zar].map {
    SettlementAccount(
      cifNumber: "900001", currency: $0, accountNumber: "1\($0)", status: .open)
  }
}
