import FXDomain
import FXPorts

@testable import FXEngine

/// What happens outside the nodes.
extension World {
  /// The world after a move; nil where it changes nothing that counts.
  func after(_ move: Move) -> World {
    var next = self
    next.perform(move)
    return next
  }

  private mutating func perform(_ move: Move) {
    switch move {
    case .tick: tick()
    case .node(let index, let move): perform(move, by: index)
    case .arrive(let index): bank.requests[index].acceptedAt = now
    case .book(let index, let isHeard):
      let request = bank.requests.remove(at: index)
      bank.deals.append(
        ModelBank.Deal(id: request.id, number: request.number, bookedAt: now))
      if isHeard {
        answer(request, .accepted(BankReceipt(bankTransactionID: "T\(request.number)")))
      }
    case .refuse(let index): refuse(bank.requests.remove(at: index), "BUSINESS")
    case .settle(let index, let status): bank.deals[index].status = status
    case .forget: _ = bank.forget(bounds.bank.forgetting)
    case .cancel: cancel()
    case .pause:
      hasPaused = true
      command(.pause)
    case .resume: command(.resume)
    case .engageKillSwitch:
      hasEngaged = true
      setKillSwitch(true)
    case .releaseKillSwitch: setKillSwitch(false)
    case .resolve: resolve()
    case .retry: retry()
    case .rollBack: rollBack()
    case .reconcile: reconcile()
    }
  }

  private mutating func tick() {
    if nodes.contains(where: \.isBusy) { delays -= 1 }
    ticks += 1
    let now = now
    bank.requests.removeAll { $0.acceptedAt == nil && $0.expiresAt < now }
    // Who is not held up notices at once that its hold has ended.
    for index in nodes.indices where !nodes[index].isBusy { dropExpired(index) }
  }

  // MARK: The bank

  private mutating func refuse(_ request: ModelBank.Request, _ code: String) {
    let refusal = BankRefusal(reasonCode: code, message: "No.")
    answer(request, .refused(refusal, BankReceipt()))
  }

  private mutating func answer(_ request: ModelBank.Request, _ answer: BookingAnswer) {
    guard let asker = request.asker, case .awaiting = nodes[asker].run?.value.pending else {
      return
    }
    hear(answer, by: asker)
  }

  // MARK: People

  private mutating func command(_ command: BatchCommand) {
    var new = books.value
    if new.perform(command, now: now) { books = Kept(new) }
  }

  private mutating func setKillSwitch(_ engaged: Bool) {
    var new = books.value
    new.killSwitch = engaged
    books = Kept(new)
  }

  private mutating func cancel() {
    command(.requestCancel())
    guard bounds.mutation == .cancelAfterIntent, trade.status == .booking else { return }
    var new = books.value
    new.trade.status = .cancelled
    new.batch.counts.booking -= 1
    new.batch.counts.cancelled += 1
    new.batch.status = .cancelled
    books = Kept(new)
  }

  /// Whoever decides has looked at the bank's own books, and says what they found.
  private mutating func resolve() {
    var new = books.value
    let resolution: Resolution = bank.standing > 0 ? .booked(dealReference: "D") : .notBooked
    let margin = Scale.margin * Scale.tick
    let result = new.perform(
      .resolve(resolution, note: "seen", marginMilliseconds: margin), .open,
      by: .person("b"), now: now)
    if case .success = result.result { books = Kept(new) }
  }

  private mutating func retry() {
    retries -= 1
    var new = books.value
    guard new.perform(.retry(.all, note: "again"), now: now) else { return }
    let result = new.perform(.retry(note: "again"), .open, by: .person("b"), now: now)
    if case .success = result.result { books = Kept(new) }
  }

  // MARK: A store that loses what it has acknowledged

  /// The store is restored to before the first intent. That is detected: no process trusts its
  /// memory, a new epoch begins, and nothing is booked before reconciliation.
  private mutating func rollBack() {
    rollBacks -= 1
    rolledBackAt = ticks
    var restored = ModelBooks.fresh
    // Generations do not start again either: a zombie of the lost time stays fenced.
    restored.batch.generation = batch.generation + 1
    restored.killSwitch = true
    restored.epoch = books.value.epoch + 1
    books = Kept(restored)
    for index in nodes.indices { crash(index) }
  }

  /// Asks for every id that may have been sent in the lost time, once no old request can succeed.
  private mutating func reconcile() {
    guard let since = rolledBackAt, ticks - since > Scale.quoteLife + Scale.margin else { return }
    rolledBackAt = nil
    var new = books.value
    for number in 1...new.batch.policy.maxAttempts {
      let id = DealTransactionID.of(
        installation: Scale.installation, epoch: new.epoch - 1, batch: new.batch.id,
        trade: new.trade.id, attempt: number)
      if case .found = bank.status(id, at: now, bounds.bank) {
        _ = new.perform(
          .recordBookingEvidence(attempt: number, note: "found by its computed id"), .open,
          by: .person("admin"), now: now)
      }
    }
    new.killSwitch = false
    books = Kept(new)
  }
}
