import FXDomain
import FXPorts

@testable import FXEngine

/// A node's questions about doubts and booked deals.
extension World {
  /// What an inquiry takes for now. The planted bug puts every question long after the margin.
  private var inquiryMoment: Moment {
    bounds.mutation == .earlyNotFoundBelieved ? moment.advanced(byMilliseconds: shift) : moment
  }

  private var shift: Int64 { (Scale.quoteLife + Scale.margin + 1) * Scale.tick }

  private func status(_ id: Identifier) -> StatusAnswer {
    let answer = bank.status(asSent(id), at: now, bounds.bank)
    guard bounds.mutation == .earlyNotFoundBelieved, case .notFound(let receipt) = answer else {
      return answer
    }
    return .notFound(BankReceipt(bankDate: receipt.bankDate?.advanced(byMilliseconds: shift)))
  }

  private func asSent(_ id: Identifier) -> Identifier {
    bounds.mutation == .randomID ? Identifier(high: id.high ^ 0xbad, low: id.low) : id
  }

  /// The controls that a machine is handed. The planted bug makes one up.
  private func controls(_ index: Int) -> [ControlAnswer] {
    let moment = inquiryMoment.wall
    switch bounds.mutation {
    case .noPositiveControl:
      return [ControlAnswer(foundAt: moment, dealBookedAt: ModelBank.controlBookedAt)]
    case .earlyControl, .earlyNotFoundBelieved:
      return nodes[index].controls.map { control in
        let age = now.milliseconds(since: control.foundAt)
        return ControlAnswer(
          askedAt: moment, foundAt: moment.advanced(byMilliseconds: -age),
          dealBookedAt: control.dealBookedAt)
      }
    case .noGenerationCheck, .callRepeated, .intentAfterCall, .randomID, .cancelAfterIntent,
      .countsOutside, nil:
      return nodes[index].controls
    }
  }

  mutating func inquire(_ index: Int, _ way: Way) {
    guard var inquiry = nodes[index].inquiry?.value else { return }
    let (moment, settings) = (inquiryMoment, Scale.settings)
    switch inquiry.pending {
    case nil:
      var next = inquiry.machine.due(at: moment, lookUp: nodes[index].lookUp, settings: settings)
      if case .readEvidence = next {
        next = inquiry.machine.evidenceRead(
          books.value.evidence, controls: controls(index), at: moment,
          settings: settings)
      }
      issue(next, of: inquiry.machine, by: index)
    case .ask(.dealTransactionID(let id)):
      let answer = way == .done ? status(id) : .trouble(.timeout)
      let next = inquiry.machine.answered(
        answer, controls: controls(index), at: moment, lookUp: nodes[index].lookUp,
        settings: settings)
      issue(next, of: inquiry.machine, by: index)
    case .findControl(let before):
      if way == .done, ModelBank.controlBookedAt < before { findControl(index) }
      let next = inquiry.machine.controlSought(at: moment)
      issue(next, of: inquiry.machine, by: index)
    case .write(let command):
      guard let generation = nodes[index].generation else { return }
      let result = write(command, generation, by: index)
      switch result.result {
      case .success(let trade) where trade.status == .inDoubt:
        pause(inquiry.machine, by: index)
      case .failure(.illegal(.inDoubt)): pause(inquiry.machine, by: index)
      case .success, .failure: nodes[index].unwatch()
      }
      follow(result, generation, by: index)
    case .ask(.bankTransactionID), .readEvidence, .wait:
      preconditionFailure("an inquiry never rests there")
    }
  }

  private mutating func pause(_ machine: DoubtInquiry, by index: Int) {
    var machine = machine
    let next = machine.unchanged(at: inquiryMoment, settings: Scale.settings)
    issue(next, of: machine, by: index)
  }

  private mutating func issue(
    _ action: DoubtInquiry.Action, of machine: DoubtInquiry, by index: Int
  ) {
    if case .wait = action {
      nodes[index].inquiry = Kept(.init(machine: machine, pending: nil))
    } else {
      nodes[index].inquiry = Kept(.init(machine: machine, pending: action))
    }
  }

  /// The positive control: the bank is asked for a deal that is known to be booked.
  mutating func findControl(_ index: Int) {
    guard bounds.hasControl else { return }
    if case .found = bank.status(ModelBank.controlID, at: now, bounds.bank) {
      nodes[index].found(bookedAt: ModelBank.controlBookedAt, at: now)
    }
  }

  /// An answer that nobody waits for any more is handed to whoever asks about the trade now.
  mutating func takeStrayAnswer(_ index: Int) {
    guard let answer = nodes[index].stray, var inquiry = nodes[index].inquiry?.value else { return }
    keepStrayAnswer(index)
    if case .ask = inquiry.pending {} else { nodes[index].stray = nil }
    let next = inquiry.machine.answered(
      answer, controls: controls(index), at: inquiryMoment, lookUp: nodes[index].lookUp,
      settings: Scale.settings)
    issue(next, of: inquiry.machine, by: index)
  }

  mutating func watch(_ index: Int) {
    guard var watch = nodes[index].watch?.value else { return }
    let settings = Scale.settings
    if let command = watch.pending {
      guard let generation = nodes[index].generation else { return }
      let result = write(command, generation, by: index)
      switch result.result {
      case .success(let trade) where trade.status == .booked:
        nodes[index].watch = Kept(.init(machine: watch.machine, pending: nil))
      case .failure(.illegal(.booked)):
        nodes[index].watch = Kept(.init(machine: watch.machine, pending: nil))
      case .success, .failure: nodes[index].unwatch()
      }
      return follow(result, generation, by: index)
    }
    guard case .ask(let query) = watch.machine.due(at: moment, settings: settings) else {
      preconditionFailure("nothing is unconfirmed for that long here")
    }
    let answer: StatusAnswer
    switch query {
    case .dealTransactionID(let id): answer = status(id)
    case .bankTransactionID(let text): answer = status(ofBankID: text)
    }
    var command: TradeCommand?
    switch watch.machine.answered(answer, isCanary: true, at: moment, settings: settings) {
    case .write(let write): command = write
    case .foundByOurID(let next):
      nodes[index].found(bookedAt: watch.machine.bookedAt, at: now)
      if case .write(let write) = next { command = write }
    case .blind:
      if nodes[index].lookUp == .unproven { nodes[index].lookUp = .blind }
    case .wait, .ask: break
    }
    nodes[index].watch = Kept(.init(machine: watch.machine, pending: command))
  }

  /// By its own id the bank finds every deal.
  private func status(ofBankID text: String) -> StatusAnswer {
    let receipt = BankReceipt(bankDate: bounds.bank.sendsDate ? now : nil)
    guard let deal = bank.deals.first(where: { text == "T\($0.number)" }) else {
      return .notFound(receipt)
    }
    return .found(FoundDeal(status: deal.status, dealReference: "D"), receipt)
  }
}
