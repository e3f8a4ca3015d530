import FXDomain
import FXEngine
import FXPorts

/// What the calls of the API work on.
public struct Backend: Sendable {
  public let store: any BatchStore
  public let intake: Intake
  /// Nil where no bank is configured.
  public let bank: (any BankGateway)?
  public let clock: EngineClock
  public let random: @Sendable () -> UInt64
  /// Tells the engine of this process that something was changed.
  public let nudge: @Sendable () -> Void
  public let settings: DeskSettings
  /// Where nobody runs an engine on the store, forgets those that died: nobody need wait for them.
  public let forgetTheDead: @Sendable () async throws -> Void

  public init(
    store: any BatchStore, intake: Intake, bank: (any BankGateway)?, clock: EngineClock,
    random: @escaping @Sendable () -> UInt64, nudge: @escaping @Sendable () -> Void,
    settings: DeskSettings, forgetTheDead: @escaping @Sendable () async throws -> Void = {}
  ) {
    self.store = store
    self.intake = intake
    self.bank = bank
    self.clock = clock
    self.random = random
    self.nudge = nudge
    self.settings = settings
    self.forgetTheDead = forgetTheDead
  }

  var now: Timestamp { clock.now().wall }

  func newIdentifier() -> Identifier { .timeOrdered(at: now, random: (random(), random())) }

  /// The batch that a call names in its path.
  func batch(of call: Call) async throws -> Batch {
    let id = try call.identifier("id", "such batch")
    guard let batch = try await store.batch(id) else { throw Problem.notFound("such batch") }
    return batch
  }

  /// What is answered once a change is durable: where it cannot be read, the answer must not sound as
  /// if nothing had been changed.
  func afterChange<Value>(_ read: () async throws -> Value) async throws -> Value {
    do {
      return try await read()
    } catch let error as StoreError {
      throw StoreError.outcomeUnknown("it is written, and could not be read: \(error)")
    }
  }
}

/// What the desk has configured about calls.
public struct DeskSettings: Sendable {
  /// A new OTC rate further from the present one needs a confirmation; basis points.
  public var otcJumpBasisPoints = 300
  /// Before which a doubt is not closed by hand.
  public var doubtMarginMilliseconds: Int64 = 60_000

  /// How long an engaged kill switch is waited for before the answer says who is still silent.
  public var killSwitchWaitMilliseconds: Int64 = 15_000

  /// What the installation may ask of the bank.
  public var bankRequestsPerSecond = 50

  /// Whose days reports count in.
  public var deskClock = DeskClock.johannesburg

  /// Webhooks may go to private networks, and by plain `http` there.
  public var allowsPrivateWebhooks = false

  public init() {}
}
