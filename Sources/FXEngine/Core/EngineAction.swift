import FXDomain
import FXPorts

/// Whose answer it will be.
public enum Caller: Hashable, Sendable {
  case run(TradeKey)
  /// This question about a doubt; nil for a step.
  case inquiry(TradeKey, DoubtInquiry.Question? = nil)
  case watch(TradeKey)
  /// What a predecessor left behind is being put in order.
  case recovery(TradeKey)
  /// The positive control: this deal is asked for, on behalf of that inquiry or of the canary gate,
  /// by a query that began then.
  case control(ControlDeal, for: TradeKey?, askedAt: Timestamp)
}

/// What the core wants done. The shell performs each and feeds the answer back as an input.
public enum EngineAction: Hashable, Sendable {
  /// With whether this node knows of the kill switch and has no booking call out, and what it has
  /// waited for, for long.
  case pulse(confirmsKillSwitch: Bool, waitsFor: String?)
  case claim(ClaimRequest)
  case renew([Hold])
  case release([Hold])
  case take(TakeRequest)
  case load(Hold, statuses: Set<TradeStatus>, after: TradeKey?, limit: Int)
  case sweep(Hold, limit: Int)
  case step(TradeStep, Caller, generation: Int64)
  case evidence(Evidence, Caller, generation: Int64)
  case readEvidence(TradeKey, generation: Int64)
  case findControl(bookedBefore: Timestamp?, for: TradeKey?)
  case clearCanary(TradeKey)
  case seal

  case createQuote(QuoteRequest, TradeKey, generation: Int64)
  case latestQuote(quoteID: Int64, TradeKey, generation: Int64)
  /// Nobody waits for it.
  case cancelQuote(quoteID: Int64, of: TradeName)
  case book(BookingOrder, TradeKey, generation: Int64)
  case askStatus(DealQuery, Caller, generation: Int64)

  /// News for whoever watches this process.
  case report(EngineReport)
  /// All is done that a graceful end needs.
  case finish
}

/// What the shell learnt.
public enum EngineInput: Sendable {
  case begin(Installation)
  /// The time of `nextWake` has come.
  case tick
  /// Something was changed by this very process: look at the queue and the flags now.
  case nudge
  case pulsed(Installation)
  case claimed([Batch], askedAt: Moment)
  case renewed([Batch], of: [Hold], askedAt: Moment)
  case released
  case taken(TakeAnswer?, of: TakeRequest)
  case loaded([OpenTrade], Hold, statuses: Set<TradeStatus>, limit: Int)
  case swept(left: Int?, Hold)
  case stepped(StepResult, Caller, generation: Int64)
  case evidenceWritten(Caller, generation: Int64)
  case evidenceRead(TradeKey, [Evidence], generation: Int64)
  case controlFound(ControlDeal?, for: TradeKey?)
  case quoteCreated(BankAnswer<CreatedQuote>, TradeKey, generation: Int64)
  case rateQuoted(BankAnswer<QuotedRate>, TradeKey, generation: Int64)
  case booked(BookingAnswer, TradeKey, generation: Int64)
  case statusAnswered(StatusAnswer, Caller, generation: Int64)
  case shutDown
}

/// What a person or a log may want to know, beyond the store's own log.
public enum EngineReport: Hashable, Sendable {
  case started
  case claimed(BatchName, generation: Int64)
  case leaseLost(BatchName)
  case batchEnded(BatchName, BatchStatus)
  /// With the reason that a failure has, or that it is tried again for.
  case tradeChanged(TradeName, TradeStatus, FailureCode?)
  case gate(CanaryGate)
  case breakerOpened
  case escalated(TradeName)
  case killSwitch(engaged: Bool)
}
