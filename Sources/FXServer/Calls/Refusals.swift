import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

// Every refusal and error that a call can meet, and how it is answered. Nowhere else is this decided.

extension BatchStatus {
  /// What may be done to a batch that stands here, in a sentence.
  fileprivate var possibleOrders: String {
    switch self {
    case .staged: "It can be started or cancelled."
    case .pending, .running: "It can be paused or cancelled."
    case .paused: "It can be resumed or cancelled."
    case .success: "Everything in it is completed."
    case .partialSuccess, .failed, .cancelled: "What failed or was cancelled can be tried again."
    }
  }
}

extension Problem {
  init(_ error: StoreError) {
    switch error {
    case .busy, .full, .unavailable, .readOnly, .newerSchema, .engineElsewhere:
      self = .retryLater(
        .unavailable, "The store cannot be used now. Nothing was changed. Try again later.",
        seconds: 5)
    case .outcomeUnknown:
      self.init(
        .unavailable,
        "The store does not say whether the change is there. Look before you ask again, or ask again "
          + "with the same Idempotency-Key.")
    case .corrupt, .inconsistent:
      self.init(.internalError, "The store failed. The log of this server says why.")
    }
  }

  init(_ refusal: BatchRefusal) {
    switch refusal {
    case .unknownBatch: self = .notFound("such batch")
    case .wrongState(let status):
      self.init(
        .wrongState,
        "The batch is \(status.rawValue), which does not allow this. \(status.possibleOrders)")
      facts = [.init(name: "state", value: .string(status.rawValue))]
    case .approvalRequired:
      self.init(.approvalRequired, "Have another person approve the batch, then start it.")
    case .approvesOwn:
      self.init(
        .approvesOwn,
        "Somebody else approves or rejects the batch than who has submitted or edited it.")
    case .cancelUnderWay:
      self.init(.cancelUnderWay, "The batch is being cancelled. Wait until it has ended.")
    case .nothingToRetry:
      self.init(.nothingToRetry, "No trade of that kind has failed or was cancelled.")
    case .singlyOnly(let count):
      self.init(
        .retriedSinglyOnly,
        "\(count) of these trades failed to settle, or a person called them not booked: an approver "
          + "tries each again singly, with a note.")
    case .approverRetries(let count):
      self.init(
        .forbidden,
        "An approver tries \(count == 1 ? "this trade" : "\(count) of these trades") again: it failed "
          + "to settle, or a person called it not booked.")
    case .notToRetry(let count):
      self.init(
        .nothingToRetry,
        "\(count) of these trades are another batch's, or have neither failed nor been cancelled.")
    case .outOfBounds(let problems):
      self.init(
        problems.map { .init(place: .pointer(""), code: "out_of_range", detail: $0) })
    case .staleVersion(let present):
      self.init(.staleVersion, "Read the batch again: its version is \(present) now.")
      facts = [.init(name: "version", value: .integer(present))]
    case .alreadyDecided(let kind, let person):
      self.init(.alreadyDecided, "\(Actor.name(in: person)) has \(kind.rawValue) it already.")
    case .approvalExpired(let since):
      self.init(
        .approvalExpired,
        "The approval of \(since) is too old. Have another person approve the batch anew.")
    case .contentChanged:
      self.init(.contentChanged, "Look at the batch again, and approve it as it is now.")
    case .recordsKept:
      self.init(.recordsKept, "The batch has sent bookings, and executed business is kept.")
    case .rulesBroken(let breaches): self.init(breaches)
    case .repeated: self = .repeated
    }
  }

  /// Each row that breaks a rule about amounts, or the batch as a whole.
  init(_ breaches: [RuleBreach]) {
    let findings = breaches.flatMap(\.findings)
    self.init(
      findings.prefix(FileBounds.maximumKeptProblems).map {
        .init(place: .cell(row: $0.row, column: nil), code: $0.code.rawValue, detail: $0.detail)
      })
    facts = [.init(name: "total_errors", value: JSON(breaches.reduce(0) { $0 + $1.errorCount }))]
  }

  /// The same with who decided last about the batch, for whoever was not the first to decide.
  init(_ refusal: BatchRefusal, of batch: Batch?) {
    self.init(refusal)
    guard let decision = batch?.decision else { return }
    let fact = JSON.Member(name: "last_decision", value: decision.json)
    switch refusal {
    case .nothingToRetry where decision.kind == .retried && batch?.status.isFinal == false:
      self.init(.alreadyDecided, "Nothing of that kind is left to be tried again.")
    case .wrongState, .cancelUnderWay, .staleVersion, .nothingToRetry: break
    case .alreadyDecided:
      // Its sentence has said so.
      facts.append(fact)
      return
    case .unknownBatch, .approvalRequired, .approvesOwn, .singlyOnly, .outOfBounds,
      .approvalExpired, .approverRetries, .notToRetry, .contentChanged, .recordsKept,
      .rulesBroken, .repeated:
      return
    }
    detail += " It was last \(decision.kind.rawValue) by \(Actor.name(in: decision.by)), at "
    detail += "\(decision.at)."
    facts.append(fact)
  }

  init(_ refusal: StepRefusal) {
    switch refusal {
    case .unknownTrade: self = .notFound("such trade")
    case .staleVersion(let present):
      self.init(.staleVersion, "Read the trade again: its version is \(present) now.")
      facts = [.init(name: "version", value: .integer(present))]
    case .illegal(let status):
      self.init(.wrongState, "The trade is \(status.rawValue), which does not allow this.")
      facts = [.init(name: "state", value: .string(status.rawValue))]
    case .tooEarly(let until):
      self.init(
        .tooEarly, "The bank may still answer. Decide after \(until), or wait for its answer.")
      facts = [.init(name: "until", value: JSON(until))]
    case .referenceTaken(let other):
      self.init(
        .referenceTaken,
        "Trade \(other) carries this reference already; a deal is one trade's only.")
      facts = [.init(name: "trade", value: JSON(other))]
    case .noteRequired:
      self.init([
        .init(place: .pointer("/note"), code: "empty", detail: "Give a note that says why.")
      ])
    case .cancelUnderWay, .cancelRequested:
      self.init(.cancelUnderWay, "The batch is being cancelled. Wait until it has ended.")
    case .batchNotRunning(let status):
      self.init(.wrongState, "The batch is \(status.rawValue), which does not allow this.")
      facts = [.init(name: "state", value: .string(status.rawValue))]
    case .ruleBroken(let failure): self.init(.wrongState, failure.message)
    case .attemptsExhausted:
      self.init(.wrongState, "No attempt is left in this round.")
    case .repeated: self = .repeated
    case .leaseLost, .staleAttempt, .killSwitchEngaged, .clientBlocked, .canaryUnderWay, .otherBank,
      .notDue:
      self.init(.wrongState, "The trade has moved on meanwhile. Read it again.")
    }
  }

  init(_ refusal: IntakeRefusal) {
    switch refusal {
    case .problems(let problems): self.init(problems)
    case .options(let sentences):
      self.init(sentences.map { .init(place: .pointer(""), code: "out_of_range", detail: $0) })
    case .approvalRequired:
      self.init(
        .approvalRequired,
        "The batch asks for approval: send it without start, and have another person approve it.")
    case .repeated: self = .repeated
    case .batch(let refusal): self.init(refusal)
    case .unknownTrades(let ids):
      self.init(
        ids.map {
          .init(
            place: .pointer("/trades"), code: "unknown_trade",
            detail: "Trade \($0) is none of this batch, or is named twice.")
        })
    }
  }

  init(_ refusal: ClientRefusal) {
    switch refusal {
    case .repeated: self = .repeated
    case .alreadyRegistered:
      self.init(.alreadyExists, "This client is registered already. Change that one.")
    case .unknown: self = .notFound("such client")
    case .hasTrades:
      self.init(
        .recordsKept, "The client has trades, whose records are kept. Make it inactive instead.")
    }
  }

  public init(_ problems: FileProblems) {
    self.init(
      problems.kept.map {
        .init(
          place: .cell(row: $0.row, column: $0.column), code: $0.code.rawValue, detail: $0.detail)
      })
    detail =
      problems.total == 1
      ? problems.kept[0].detail
      : "\(problems.total) things are wrong with the rows; nothing was stored."
    if problems.total > problems.kept.count {
      detail += " The first \(problems.kept.count) are listed."
    }
    facts = [.init(name: "total_errors", value: JSON(problems.total))]
  }

  init(_ refusal: TemplateRefusal) {
    switch refusal {
    case .unknownTemplate: self = .notFound("such template")
    case .nameTaken: self.init(.alreadyExists, "Another template has this name.")
    case .tooMany:
      self.init(
        .alreadyExists,
        "There are \(TemplateBounds.templates) templates, which is the most. Delete one.")
    case .repeated: self = .repeated
    }
  }

  init(_ refusal: KillSwitchRefusal) {
    switch refusal {
    case .reconciliationDue(let rollback):
      self.init(
        .reconciliationDue,
        "\(rollback.reason) Deals may have been booked since that the store does not know: let the "
          + "bank be asked for them first, with `fxbatch reconcile`.")
    }
  }

  /// Another process of the installation carried the same request out a moment ago.
  static let repeated = Problem.retryLater(
    .keyInFlight, "The request with this key is being carried out. Ask again in a moment.",
    seconds: 1)

  /// Whatever a handler throws.
  init(thrown error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let error as StoreError: self.init(error)
    case let refusal as BatchRefusal: self.init(refusal)
    case let refusal as StepRefusal: self.init(refusal)
    case let refusal as IntakeRefusal: self.init(refusal)
    case let refusal as KillSwitchRefusal: self.init(refusal)
    case let refusal as ClientRefusal: self.init(refusal)
    case let refusal as TemplateRefusal: self.init(refusal)
    case is CancellationError:
      self = .retryLater(.unavailable, "The server is ending. Ask again.", seconds: 1)
    default:
      self.init(.internalError, "Something failed here. The log of this server says what.")
    }
  }
}
