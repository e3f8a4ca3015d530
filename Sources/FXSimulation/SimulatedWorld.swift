import FXDomain
import FXEngine
import FXPorts
import HeapModule

/// A whole installation from one seed: nodes with the real engine core, the in-memory store, a bank
/// with faults, a network that delays and loses, crashes, standstills, and persons with commands.
/// Time jumps from event to event; nothing runs at the same time, everything can interleave.
public struct SimulatedWorld: Sendable {
  enum Happening: Sendable {
    case arrival(EngineInput, NodeIndex, incarnation: Int)
    case wake(NodeIndex, incarnation: Int)
    case perform(EngineAction, NodeIndex, incarnation: Int)
    /// A booking request reaches the bank, whether or not its sender still lives.
    case booking(BookingOrder, Sender, workMilliseconds: Int64)
    /// The bank has worked on it. An answer after the sender's time-out reaches nobody.
    case worked(BookingOrder, Sender, acceptedAt: Int64)
    case crash(NodeIndex)
    case stop(NodeIndex)
    case start(NodeIndex)
    case freeze(NodeIndex, milliseconds: Int64)
    case command(BatchKey, PersonsWish)
    case snapshot, rollBack, reconcile
  }

  /// What persons ask for.
  enum PersonsWish: Sendable {
    case start, pause, resume, cancel, priority, retry, engageKillSwitch, releaseKillSwitch
    case lowerLimits
  }

  typealias NodeIndex = Int

  /// Who made a booking call, and for what.
  struct Sender: Sendable {
    var node: NodeIndex
    var incarnation: Int
    var trade: TradeKey
    var generation: Int64
    /// False when its time-out comes before the answer.
    var isWaiting: Bool
  }

  struct Scheduled: Comparable, Sendable {
    var at: Int64
    var serial: Int
    var happening: Happening

    static func < (left: Scheduled, right: Scheduled) -> Bool {
      (left.at, left.serial) < (right.at, right.serial)
    }

    static func == (left: Scheduled, right: Scheduled) -> Bool { left.serial == right.serial }
  }

  struct Node: Sendable {
    var core: EngineCore?
    var incarnation = 0
    var frozenUntil: Int64 = 0
    var wakeAt = Int64.max
    /// This node's wall clock minus the world's.
    var skew: Int64 = 0
  }

  public let seed: UInt64
  public let temper: WorldTemper
  public var books: MemoryBooks
  public var bank: SimulatedBank
  public internal(set) var now: Int64 = SimulatedWorld.beginning
  /// The first violation that was seen, in words.
  public internal(set) var violation: String?
  public internal(set) var steps = 0
  public internal(set) var occurrences = Occurrences()
  /// Hears of everything that happens: milliseconds since the beginning, and what.
  public var observer: (@Sendable (Int64, String) -> Void)?

  var chance: Chance
  var nodes: [Node] = []
  var agenda = Heap<Scheduled>()
  var serial = 0
  /// The world stands still here, until it is given more time.
  var end: Int64
  /// Before this, it is not asked whether the world has come to rest.
  var restFrom: Int64
  /// Length of the log when that was last asked.
  private var lengthAtRest = -1

  /// Places of each trade's deals in the bank's ledger, as the calls were made for them.
  var dealsOf: [TradeKey: [Int]] = [:]
  var lastHolder: [BatchKey: NodeIndex] = [:]
  /// What a restored store will hold.
  var snapshot: MemoryBooks?
  /// The desk's rules as they are configured now, and as everything was started under them or stricter.
  var rules = DeskRules()
  var rulesOfStarts = DeskRules()
  /// Bookings that turn up count, whatever room there is.
  var isExceededByEvidence = false
  /// Of planted bugs: calls that left too early, and ids other than those that are computed.
  var sentEarly: Set<Identifier> = []
  var sentAs: [Identifier: Identifier] = [:]

  /// 2026-07-01T08:00:00Z, a Wednesday without holidays nearby.
  public static let beginning: Int64 = 1_782_892_800_000
  static let bankName = BankIdentity("simulated bank")

  public init(seed: UInt64, temper: WorldTemper = WorldTemper()) throws(StoreError) {
    self.seed = seed
    self.temper = temper
    var chance = Chance(seed: seed)
    let installation = Identifier(high: chance.next(), low: chance.next())
    self.books = MemoryBooks(
      installation: installation, now: Timestamp(milliseconds: Self.beginning))
    self.bank = SimulatedBank(temper: temper.bank, midRate: Rate(units: 1_780_000_000))
    self.chance = chance
    self.end = Self.beginning + temper.endsAt
    self.restFrom = Self.beginning + temper.faultsUntil
    drawRules()
    try populate()
    nodes = (0..<temper.nodes).map { _ in Node() }
    for index in nodes.indices {
      nodes[index].skew = self.chance.pick(-400...400)
      schedule(.start(index), after: self.chance.pick(0...500))
    }
    planFaults()
    planStarts()
  }

  mutating func schedule(_ happening: Happening, after delay: Int64) {
    serial += 1
    agenda.insert(Scheduled(at: now + delay, serial: serial, happening: happening))
  }

  // MARK: The course of things

  /// Runs until every batch is final, or until nothing but persons is awaited, or to the end of
  /// time. Answers whether every batch is final.
  public mutating func run() throws(StoreError) -> Bool {
    while violation == nil, let next = agenda.popMin() {
      now = next.at
      guard now < end else {
        // Left for when the world is given more time.
        agenda.insert(next)
        break
      }
      books.now = Timestamp(milliseconds: now)
      steps += 1
      try perform(next)
      checkLimits()
      if try isAtRest() { break }
    }
    if violation == nil, let first = audit().first { violation = first }
    return try isEveryBatchFinal()
  }

  /// Runs with persons who decide what is put before them, until every batch is final or waits for
  /// a command that nobody gives.
  public mutating func runWithPersons() throws(StoreError) {
    var isEnded = try run()
    for _ in 0..<Self.rounds where !isEnded && violation == nil {
      try resolveDoubts()
      try resumePaused()
      restFrom = now + 60_000
      end = max(end, now) + 600_000
      lengthAtRest = -1
      isEnded = try run()
    }
    guard violation == nil, !isEnded, try !onlyPersonsAreAwaited() else { return }
    violation = "the world comes to no end"
  }

  /// Times that persons look at what is put before them.
  private static let rounds = 12

  /// Every batch is final, or only persons are awaited; asked only when something has changed.
  private mutating func isAtRest() throws(StoreError) -> Bool {
    guard now > restFrom, books.events.count != lengthAtRest, !isUnreconciled else { return false }
    lengthAtRest = books.events.count
    if try isQuiet() { return true }
    return try onlyPersonsAreAwaited()
  }

  private mutating func perform(_ next: Scheduled) throws(StoreError) {
    switch next.happening {
    case .arrival(let input, let node, let incarnation):
      guard isAlive(node, incarnation, postponing: next.happening) else { return }
      observe(node, input)
      feed(input, to: node)
    case .wake(let node, let incarnation):
      guard isAlive(node, incarnation, postponing: next.happening) else { return }
      guard nodes[node].wakeAt <= now else { return }
      nodes[node].wakeAt = .max
      feed(.tick, to: node)
    case .perform(let action, let node, let incarnation):
      guard isAlive(node, incarnation, postponing: next.happening) else { return }
      observe(node, action)
      try performUnlessStruck(action, by: node)
    case .booking(let order, let sender, let work): accept(order, sender, work)
    case .worked(let order, let sender, let acceptedAt): reach(order, sender, acceptedAt)
    case .crash(let node): crash(node)
    case .stop(let node): feed(.shutDown, to: node)
    case .start(let node): try start(node)
    case .freeze(let node, let milliseconds): freeze(node, milliseconds)
    case .command(let batch, let wish): try command(batch, wish)
    case .snapshot: snapshot = books
    case .rollBack: try rollBack()
    case .reconcile: try reconcile()
    }
  }

  /// A dead node hears nothing; a frozen one hears it when it wakes.
  private mutating func isAlive(
    _ node: NodeIndex, _ incarnation: Int, postponing happening: Happening
  ) -> Bool {
    guard nodes[node].core != nil, nodes[node].incarnation == incarnation else { return false }
    guard nodes[node].frozenUntil <= now else {
      schedule(happening, after: nodes[node].frozenUntil - now)
      return false
    }
    return true
  }

  private mutating func start(_ index: NodeIndex) throws(StoreError) {
    guard nodes[index].core == nil else { return }
    nodes[index].incarnation += 1
    nodes[index].frozenUntil = 0
    let name = NodeID("node-\(index)-\(nodes[index].incarnation)")
    var settings = EngineSettings(node: name, bank: Self.bankName)
    settings.leaseMilliseconds = temper.leaseMilliseconds
    settings.bankTimeoutMilliseconds = temper.bankTimeoutMilliseconds
    settings.proof.doubtMarginMilliseconds = temper.doubtMarginMilliseconds
    settings.unconfirmedMilliseconds = temper.unconfirmedMilliseconds
    settings.maxRequestsPerSecond = 1_000
    settings.rules = rules
    settings.isSoleEngine = temper.nodes == 1
    settings.seed = chance.next()
    nodes[index].core = EngineCore(settings: settings, at: moment(index)) { _ in
      Array(repeating: 0, count: 32)
    }
    nodes[index].wakeAt = .max
    feed(.begin(try books.installation()), to: index)
  }

  func moment(_ node: NodeIndex) -> Moment {
    Moment(
      uptime: now - Self.beginning, wall: Timestamp(milliseconds: now + nodes[node].skew))
  }

  private mutating func feed(_ input: EngineInput, to index: NodeIndex) {
    guard var core = nodes[index].core else { return }
    nodes[index].core = nil
    let actions = core.handle(input, at: moment(index))
    let wake = core.nextWake
    nodes[index].core = core
    let incarnation = nodes[index].incarnation
    for action in actions {
      schedule(.perform(action, index, incarnation: incarnation), after: chance.pick(0...3))
    }
    guard wake < .max else { return }
    let at = max(now + 1, wake + Self.beginning)
    if at < nodes[index].wakeAt {
      nodes[index].wakeAt = at
      schedule(.wake(index, incarnation: incarnation), after: at - now)
    }
  }

  // MARK: Ends

  private func isEveryBatchFinal() throws(StoreError) -> Bool {
    try books.batches(BatchQuery(limit: 500)).allSatisfy(\.status.isFinal)
  }

  /// The store has lost something, and nobody has asked the bank yet what.
  var isUnreconciled: Bool { books.house.isReconciliationDue }

  /// All is final, or only persons are awaited.
  private func isQuiet() throws(StoreError) -> Bool {
    let all = try books.batches(BatchQuery(limit: 500))
    return all.allSatisfy { batch in
      batch.status.isFinal || batch.status == .staged
        || batch.status == .paused && batch.counts.open == batch.counts.pending
    }
  }
}
