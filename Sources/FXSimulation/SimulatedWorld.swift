import FXDomain
import FXEngine
import FXPorts
import HeapModule

/// What may go wrong beside the bank, and how large the world is.
public struct WorldTemper: Sendable {
  public var bank = BankTemper()
  public var nodes = 2
  public var batches = 3
  public var tradesPerBatch = 8
  public var clients = 6
  /// Crashes of nodes within the first half of the faults' time.
  public var crashes = 3
  /// Times that a node stands still, long enough to lose its leases.
  public var freezes = 1
  /// Commands by persons: pause, resume, cancel, priority, retry.
  public var commands = 4
  public var leaseMilliseconds: Int64 = 30_000
  public var bankTimeoutMilliseconds: Int64 = 5_000
  public var doubtMarginMilliseconds: Int64 = 25_000
  /// Faults and commands happen before this.
  public var faultsUntil: Int64 = 60_000
  /// The world ends here, whatever is still open.
  public var endsAt: Int64 = 3_600_000

  public init() {}
}

/// A whole installation from one seed: nodes with the real engine core, the in-memory store, a bank
/// with faults, a network that delays and loses, crashes, standstills, and persons with commands.
/// Time jumps from event to event; nothing runs at the same time, everything can interleave.
public struct SimulatedWorld: Sendable {
  enum Happening: Sendable {
    case arrival(EngineInput, NodeIndex, incarnation: Int)
    case wake(NodeIndex, incarnation: Int)
    case perform(EngineAction, NodeIndex, incarnation: Int)
    /// A booking request reaches the bank, whether or not its sender still lives.
    /// An answer after the sender's time-out reaches nobody.
    case booking(BookingOrder, Sender, isAwaited: Bool)
    case crash(NodeIndex)
    case start(NodeIndex)
    case freeze(NodeIndex, milliseconds: Int64)
    case command(BatchKey, Int)
  }

  typealias NodeIndex = Int

  /// Who made a booking call, and for what.
  struct Sender: Sendable {
    var node: NodeIndex
    var incarnation: Int
    var trade: TradeKey
    var generation: Int64
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
  public internal(set) var crashes = 0

  var chance: Chance
  var nodes: [Node] = []
  var agenda = Heap<Scheduled>()
  var serial = 0
  /// The world stands still here, until it is given more time.
  var end: Int64

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
    try populate()
    nodes = (0..<temper.nodes).map { _ in Node() }
    for index in nodes.indices {
      nodes[index].skew = self.chance.pick(-400...400)
      schedule(.start(index), after: self.chance.pick(0...500))
    }
    planFaults()
  }

  mutating func schedule(_ happening: Happening, after delay: Int64) {
    serial += 1
    agenda.insert(Scheduled(at: now + delay, serial: serial, happening: happening))
  }

  private mutating func planFaults() {
    for _ in 0..<temper.crashes {
      let node = Int(chance.next() % UInt64(temper.nodes))
      let at = chance.pick(0...temper.faultsUntil)
      schedule(.crash(node), after: at)
      schedule(.start(node), after: at + chance.pick(50...5_000))
    }
    for _ in 0..<temper.freezes {
      let node = Int(chance.next() % UInt64(temper.nodes))
      schedule(
        .freeze(node, milliseconds: chance.pick(1_000...(temper.leaseMilliseconds * 2))),
        after: chance.pick(0...temper.faultsUntil))
    }
    for _ in 0..<temper.commands {
      let batch = BatchKey(chance.pick(1...Int64(temper.batches)))
      schedule(.command(batch, Int(chance.next() % 6)), after: chance.pick(0...temper.faultsUntil))
    }
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
      if now > Self.beginning + temper.faultsUntil, try isQuiet() { break }
    }
    if violation == nil, let first = audit().first { violation = first }
    return try isEveryBatchFinal()
  }

  /// Gives the world more time after its end.
  public mutating func extend(byMilliseconds more: Int64) { end = max(end, now) + more }

  private mutating func perform(_ next: Scheduled) throws(StoreError) {
    switch next.happening {
    case .arrival(let input, let node, let incarnation):
      guard isAlive(node, incarnation, postponing: next.happening) else { return }
      feed(input, to: node)
    case .wake(let node, let incarnation):
      guard isAlive(node, incarnation, postponing: next.happening) else { return }
      guard nodes[node].wakeAt <= now else { return }
      nodes[node].wakeAt = .max
      feed(.tick, to: node)
    case .perform(let action, let node, let incarnation):
      guard isAlive(node, incarnation, postponing: next.happening) else { return }
      try perform(action, by: node)
    case .booking(let order, let sender, let isAwaited):
      reach(order, sender, isAwaited: isAwaited)
    case .crash(let node):
      if nodes[node].core != nil { crashes += 1 }
      nodes[node].core = nil
    case .start(let node): try start(node)
    case .freeze(let node, let milliseconds):
      nodes[node].frozenUntil = max(nodes[node].frozenUntil, now + milliseconds)
    case .command(let batch, let kind): try command(batch, kind)
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
    let name = NodeID("node-\(index)-\(nodes[index].incarnation)")
    var settings = EngineSettings(node: name, bank: Self.bankName)
    settings.leaseMilliseconds = temper.leaseMilliseconds
    settings.bankTimeoutMilliseconds = temper.bankTimeoutMilliseconds
    settings.proof.doubtMarginMilliseconds = temper.doubtMarginMilliseconds
    settings.maxRequestsPerSecond = 1_000
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

  /// All is final, or only persons are awaited.
  private func isQuiet() throws(StoreError) -> Bool {
    let all = try books.batches(BatchQuery(limit: 500))
    return all.allSatisfy { batch in
      batch.status.isFinal || batch.status == .staged
        || batch.status == .paused && batch.counts.open == batch.counts.pending
    }
  }
}
