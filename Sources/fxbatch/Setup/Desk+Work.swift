import FXBankCapitec
import FXDomain
import FXEngine
import FXPorts

/// What several commands do at the desk.
extension Desk {
  var intake: Intake { intake(asking: nil) }

  /// - Parameter bank: is asked what accounts hold before a start.
  func intake(asking bank: (any BankGateway)?) -> Intake {
    Intake(
      store: store,
      settings: IntakeSettings(
        valueDates: ValueDates(closedDays: settings.closedDays), cutOffs: settings.cutOffs,
        otcRateAgeMilliseconds: settings.otcMaxAgeSeconds * 1_000,
        collarBasisPoints: settings.collar, approval: settings.approval,
        approvalMilliseconds: settings.approvalHours * 3_600_000, rules: settings.rules),
      balances: bank.map {
        BalanceInquiry(
          bank: $0, clock: .system(wall: { .now }), callsPerSecond: Int(settings.bankMaxRPS))
      },
      now: { .now }, random: { .random(in: .min ... .max) })
  }

  func reconciler(_ bank: any BankGateway) -> Reconciler {
    Reconciler(
      store: store, bank: bank, actor: person,
      doubtMarginMilliseconds: settings.doubtMarginSeconds * 1_000, now: { .now })
  }

  /// Forgets engines that died, with the leases in their hands, so that nobody waits for their end.
  /// To be called by whoever holds the engine's lock: no other engine lives on this store.
  func freeLeasesOfTheDead() async throws { try await store.forgetPredecessors() }

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
