import FXBankCapitec
import FXDomain
import FXEngine
import FXNotify
import Logging

/// Everything that is configured, with the defaults of whatever is not.
struct Settings: Sendable {
  var storePath = "./data/fxbatch.db"
  /// Nil when no bank is configured, or when the command asks for none.
  var bank: CapitecSettings?
  var nodeName = ""
  var statusPollMilliseconds: Int64 = 1_000
  var quoteSafetyMilliseconds: Int64 = 1_000
  var leaseSeconds: Int64 = 300
  var doubtMarginSeconds: Int64 = 60
  var escalationSeconds: Int64 = 300
  var unconfirmedSeconds: Int64 = 86_400
  var otcMaxAgeSeconds: Int64 = 86_400
  var collarBasisPoints: Int64 = 500
  var approval = ApprovalRule.byPolicy
  var approvalHours: Int64 = 24
  var rules = DeskRules()
  var maxRunningBatches: Int64 = 16
  var bankMaxRPS: Int64 = 50
  var bankMaxConnections: Int64 = 64
  var bankTimeoutMilliseconds: Int64 = 10_000
  var definiteRefusals: Set<String> = ["VALIDATION", "RATE_MISMATCH", "BUSINESS"]
  var closedDays: [Currency: Set<CivilDate>] = [:]
  var cutOffs = CutOffs.none
  var serving = ServingSettings()
  var calling = CallingSettings()
  var notify = NotifySettings()
  /// Nil for no log at all: commands tell their failures themselves.
  var logLevel: Logger.Level?
  /// Nil leaves it to the command.
  var logFormat: LogFormat?

  /// The price collar; nil for none.
  var collar: Int? { collarBasisPoints == 0 ? nil : Int(collarBasisPoints) }

  /// What the engine is told, for the given node and bank.
  func engineSettings(node: NodeID, bank: BankIdentity, seed: UInt64) -> EngineSettings {
    var engine = EngineSettings(node: node, bank: bank)
    engine.leaseMilliseconds = leaseSeconds * 1_000
    engine.bankTimeoutMilliseconds = bankTimeoutMilliseconds
    engine.quoteSafetyMilliseconds = quoteSafetyMilliseconds
    engine.statusPollMilliseconds = statusPollMilliseconds
    engine.proof.doubtMarginMilliseconds = doubtMarginSeconds * 1_000
    engine.escalationMilliseconds = escalationSeconds * 1_000
    engine.unconfirmedMilliseconds = unconfirmedSeconds * 1_000
    engine.maxRunningBatches = Int(maxRunningBatches)
    engine.maxRequestsPerSecond = Int(bankMaxRPS)
    engine.maxConnections = Int(bankMaxConnections)
    engine.definiteRefusals = definiteRefusals
    engine.collarBasisPoints = collar
    engine.otcRateAgeMilliseconds = otcMaxAgeSeconds * 1_000
    engine.valueDates = ValueDates(closedDays: closedDays)
    engine.cutOffs = cutOffs
    engine.rules = rules
    engine.seed = seed
    return engine
  }
}

/// How the lines of the log are written.
enum LogFormat: String, CaseIterable, Sendable {
  /// One object a line, for programs that collect logs.
  case json
  case text
}

/// One setting as it is shown to a person.
struct SettingLine: Sendable {
  let name: String
  let fallback: String
  let meaning: String
}

extension Settings {
  /// Every setting of this program, in the order in which it is explained.
  static let lines: [SettingLine] = [
    line("FXBATCH_STORE", "sqlite:./data/fxbatch.db", "where the books are kept"),
    line("FXBATCH_NODE_NAME", "host and process id", "this process's name in leases and events"),
    line("FXBATCH_BANK_TOKEN_URL", "none", "full URL of the bank's token endpoint"),
    line("FXBATCH_BANK_TRADING_URL", "none", "base of the trading calls"),
    line("FXBATCH_BANK_ACCOUNT_URL", "none", "base of the account calls"),
    line("FXBATCH_BANK_CLIENT_ID", "none", "or …_FILE, as for the next four"),
    line("FXBATCH_BANK_CLIENT_SECRET", "none", ""),
    line("FXBATCH_BANK_USERNAME", "none", ""),
    line("FXBATCH_BANK_PASSWORD", "none", ""),
    line("FXBATCH_BANK_EXTERNAL_TOKEN", "none", "sent when asking for tokens, where given"),
    line("FXBATCH_BANK_USER_ID", "the user name", "header.userId of every call"),
    line("FXBATCH_BANK_CA_FILE", "the system's", "PEM file of the authorities of the bank"),
    line("FXBATCH_BANK_CLIENT_CERTIFICATE_FILE", "none", "PEM file of our own certificate"),
    line("FXBATCH_BANK_CLIENT_KEY_FILE", "none", "PEM file of its key"),
    line("FXBATCH_BANK_TIMEOUT_MS", "10000", "longest wait for one call"),
    line("FXBATCH_BANK_MAX_RPS", "50", "calls per second, for the installation"),
    line("FXBATCH_BANK_MAX_CONNECTIONS", "64", "connections, for the installation"),
    line("FXBATCH_STATUS_POLL_MS", "1000", "first question about a booked deal"),
    line("FXBATCH_QUOTE_SAFETY_MS", "1000", "least life a quote must have left to be booked"),
    line("FXBATCH_LEASE_SECONDS", "300", "how long a batch stays with a node that went silent"),
    line("FXBATCH_DOUBT_MARGIN_SECONDS", "60", "wait after a quote's end before a proof counts"),
    line("FXBATCH_ESCALATION_SECONDS", "300", "a doubt that lasts longer needs a person"),
    line("FXBATCH_UNCONFIRMED_SECONDS", "86400", "so does a deal booked and unsettled for longer"),
    line("FXBATCH_MAX_RUNNING_BATCHES", "16", "batches at once"),
    line(
      "FXBATCH_DEFINITE_REFUSALS", "VALIDATION,RATE_MISMATCH,BUSINESS",
      "the bank's reason codes that mean \"not booked\""),
    line("FXBATCH_OTC_MAX_AGE_SECONDS", "86400", "an older OTC rate prices nothing"),
    line("FXBATCH_COLLAR_BASIS_POINTS", "500", "price collar around the OTC rate; 0 for none"),
    line(
      "FXBATCH_APPROVAL", "policy",
      "whose batches another person approves: policy, always, or an amount in ZAR above which"),
    line("FXBATCH_APPROVAL_HOURS", "24", "an approval older than that is void"),
    line("FXBATCH_LIMIT_TRADE_ZAR", "none", "the most that one trade may come to, in rands"),
    line("FXBATCH_LIMIT_BATCH_ZAR", "none", "the same for all trades of a batch"),
    line(
      "FXBATCH_LIMIT_CLIENT_DAY_ZAR", "none",
      "the same for a client on one day; a limit of the client's own holds instead"),
    line(
      "FXBATCH_LIMIT_DEALER_DAY_ZAR", "none", "the same for whoever submits batches, on one day"),
    line(
      "FXBATCH_ALLOWANCES", "none",
      "the law's allowances as they change, as SDA:2026-02-25:2000000.00,FIA:2027-01-01:…"),
    line("FXBATCH_TRANSFER_FEE_ZAR", "0.00", "the bank's fee for moving one deal's money"),
    line(
      "FXBATCH_RULE_BALANCE", "error",
      "off, warning or error: what the rule's breach does to a start"
    ),
    line("FXBATCH_RULE_ALLOWANCE", "error", ""),
    line("FXBATCH_RULE_TRADE_LIMIT", "error", ""),
    line("FXBATCH_RULE_BATCH_LIMIT", "error", ""),
    line("FXBATCH_RULE_CLIENT_DAY_LIMIT", "error", ""),
    line("FXBATCH_RULE_DEALER_DAY_LIMIT", "error", ""),
    line("FXBATCH_RULE_DUPLICATE", "error", ""),
    line("FXBATCH_CLOSED_DAYS", "none", "further holidays, as ZAR:2026-11-04,USD:2027-01-02"),
    line(
      "FXBATCH_CUT_OFFS", "none",
      "dealing cut-offs in the desk's time, as spot:ZAR:15:30,cash:USD:11:00"),
    line(
      "FXBATCH_RECONCILE_AT", "18:00",
      "when `fxbatch serve` compares the day with the bank's books, in the desk's time; or off"),
    line(
      "FXBATCH_SETTLEMENT_WARNING_AT", "09:00",
      "when it warns of deals that are due that day and not completed, alike; or off"),
    line("FXBATCH_SERVER", "none", "a running server that commands work on, as https://desk:8443"),
    line("FXBATCH_TOKEN", "none", "your token for it; or …_FILE"),
    line("FXBATCH_SERVER_CA_FILE", "the system's", "PEM file of the authorities of the server"),
    line("FXBATCH_LISTEN", "127.0.0.1:8080", "host and port of `fxbatch serve`"),
    line(
      "FXBATCH_ADMIN_TOKEN", "made at first start",
      "the first token, at least 32 characters; or …_FILE"),
    line("FXBATCH_TLS_CERTIFICATE_FILE", "none", "PEM file of the server's certificate and chain"),
    line("FXBATCH_TLS_KEY_FILE", "none", "PEM file of its key"),
    line("FXBATCH_TRUSTED_PROXIES", "none", "whose X-Forwarded-For counts, as 10.1.0.0/16,::1"),
    line("FXBATCH_MAX_BODY_MB", "64", "larger bodies are refused"),
    line(
      "FXBATCH_ENVIRONMENT", "test with a bank on this machine, otherwise prod",
      "test or prod, told over every page of the dashboard"),
    line("FXBATCH_API_MAX_RPS", "200", "requests per second of one token"),
    line(
      "FXBATCH_WEBHOOK_ALLOW_PRIVATE", "false",
      "true lets webhooks go to private addresses, and by plain http"),
    line("FXBATCH_WEBHOOK_CA_FILE", "the system's", "PEM file of the authorities of receivers"),
    line(
      "FXBATCH_LOG_LEVEL", "none; info for serve",
      "trace, debug, info, notice, warning or error"),
    line(
      "FXBATCH_LOG_FORMAT", "text; json for serve without a terminal",
      "json or text, on standard error"),
  ]

  private static func line(_ name: String, _ fallback: String, _ meaning: String) -> SettingLine {
    SettingLine(name: name, fallback: fallback, meaning: meaning)
  }
}
