import FXBankCapitec
import FXDomain
import FXEngine
import FXPorts

/// What several commands do at the desk.
extension Desk {
  var intake: Intake {
    Intake(
      store: store,
      settings: IntakeSettings(
        valueDates: ValueDates(closedDays: settings.closedDays), cutOffs: settings.cutOffs,
        otcRateAgeMilliseconds: settings.otcMaxAgeSeconds * 1_000,
        collarBasisPoints: settings.collar),
      now: { .now }, random: { .random(in: .min ... .max) })
  }

  func reconciler(_ bank: any BankGateway) -> Reconciler {
    Reconciler(
      store: store, bank: bank, actor: person,
      doubtMarginMilliseconds: settings.doubtMarginSeconds * 1_000, now: { .now })
  }

  /// What the bank, where one is configured and answers, says to a person's word on a trade.
  func bankWord(on resolution: Resolution, of trade: Trade) async throws -> BankWord {
    guard settings.bank != nil else {
      return .couldNotBeAsked("No bank is configured that could be asked.")
    }
    return try await withBank { bank in
      try await reconciler(bank).word(on: resolution, of: trade)
    }
  }

  /// The batch of an identifier, or of a name that only one has.
  func batch(named text: String) async throws -> Batch {
    if let id = Identifier(text) {
      if let batch = try await store.batch(id) { return batch }
      throw Complaint("there is no batch \(text). `fxbatch list` shows them.", .badInput)
    }
    let found = try await store.batches(BatchQuery(text: text, limit: Pages.rows))
      .filter { $0.name == text }
    if found.count == 1 { return found[0] }
    throw Complaint(
      found.isEmpty
        ? "there is no batch named \"\(text)\". `fxbatch list` shows them."
        : "\(found.count) batches are named \"\(text)\". Give the identifier that `fxbatch list` shows.",
      .badInput)
  }

  func trade(named text: String) async throws -> Trade {
    guard let id = Identifier(text), let trade = try await store.trade(id) else {
      throw Complaint(
        "there is no trade \"\(text)\". `fxbatch trades BATCH` shows them.", .badInput)
    }
    return trade
  }

  /// Gives an order about a batch as the person at the keyboard.
  func command(_ command: BatchCommand, on batch: Batch) async throws -> Batch {
    let step = BatchStep(batch: batch.key, actor: person, command: command)
    do {
      return try await store.perform(step).get()
    } catch let refusal as BatchRefusal {
      throw Complaint(refusal.advice(on: batch), .badInput)
    }
  }

  /// Engages or releases the kill switch as the person at the keyboard.
  func setKillSwitch(engaged: Bool, reason: String) async throws -> Installation {
    let answer = try await store.setKillSwitch(engaged: engaged, reason: reason, actor: person)
    do { return try answer.get() } catch { throw Complaint(error.advice, .waitsForPerson) }
  }

  /// Forgets engines that died, with the leases in their hands, so that nobody waits for their end.
  /// To be called by whoever holds the engine's lock: no other engine lives on this store.
  func freeLeasesOfTheDead() async throws { try await store.forgetPredecessors() }

  /// What the engine that holds a batch has waited for, for long; nil while it gets on, or where no
  /// engine holds the batch.
  func wait(on batch: Batch) async throws -> String? {
    guard let owner = batch.lease?.owner, !batch.status.isFinal else { return nil }
    return try await store.nodes().first { $0.node == owner && $0.isAlive }?.waitsFor
  }

  /// Makes sure that the bank answers and accepts us, before anything depends on it.
  func knock(at bank: CapitecGateway) async throws {
    let tries = 3
    for attempt in 1...tries {
      guard case .trouble(let trouble) = await bank.accounts(page: 0) else { return }
      switch trouble {
      case .rateLimited:
        // It is there, and knows us.
        return
      case .unauthorized:
        throw Complaint(
          "the bank does not accept our credentials. Correct FXBATCH_BANK_CLIENT_ID, "
            + "_CLIENT_SECRET, _USERNAME and _PASSWORD. Nothing was stored or started.",
          .unavailable)
      case .notSent, .timeout, .connectionLost, .httpStatus, .unreadable:
        guard attempt == tries else {
          try await Task.sleep(for: .milliseconds(300))
          continue
        }
        throw Complaint(
          "\(trouble.failure.message) Nothing was stored or started. "
            + "Look at FXBATCH_BANK_TOKEN_URL and its siblings, or try again later.", .unavailable)
      }
    }
  }
}

extension KillSwitchRefusal {
  var advice: String {
    switch self {
    case .reconciliationDue(let rollback):
      "the kill switch is not released: \(rollback.reason) Deals may have been booked since that the "
        + "store does not know. Let the bank be asked for them first: fxbatch reconcile"
    }
  }
}

extension BatchRefusal {
  func advice(on batch: Batch) -> String {
    switch self {
    case .unknownBatch: "the batch \(batch.id) is gone."
    case .wrongState(let status):
      "the batch \(batch.id) is \(status.rawValue), which allows no such order. "
        + status.possibleOrders
    case .approvalRequired: "the batch needs somebody's approval before it may start."
    case .approvesOwn: "a batch is approved by somebody else than who submitted it."
    case .cancelUnderWay:
      "the batch is being cancelled already. `fxbatch run --resume \(batch.id)` brings it to its end."
    case .nothingToRetry:
      "no trade of that kind could be tried again. `fxbatch errors \(batch.id)` shows what failed."
    case .singlyOnly(let count):
      "\(count) of these trades are tried again singly only, each with a --note."
    case .outOfBounds(let problems): problems.joined(separator: " ")
    case .staleVersion(let present): "the batch has changed meanwhile (version \(present))."
    case .alreadyAccepted(let person): "\(person) has accepted the outcome already."
    case .contentChanged: "the batch has changed since it was shown. Look at it again."
    case .recordsKept:
      "the batch \(batch.id) has sent bookings, and executed business is kept."
    case .repeated: "this request was carried out before."
    }
  }
}

extension BatchStatus {
  /// What may be done to a batch that stands here, in a sentence.
  fileprivate var possibleOrders: String {
    switch self {
    case .staged: "It can be started by `fxbatch run --resume`, or cancelled."
    case .pending, .running: "It can be paused or cancelled."
    case .paused: "It can be resumed or cancelled."
    case .success: "Everything in it is completed."
    case .partialSuccess, .failed, .cancelled: "What failed or was cancelled can be tried again."
    }
  }
}
