import ArgumentParser
import Configuration
import FXBankCapitec
import FXDomain
import FXEngine
import FXServer
import Foundation
import Logging

/// Reads settings from the environment and a file, and gathers everything that is wrong with them.
struct SettingsReader {
  private let source: ConfigReader
  var problems: [String] = []

  /// - Parameters:
  ///   - file: lines of `NAME=value`; the environment wins over it.
  ///   - readsEnvironment: false where nothing but the file may count.
  init(file: String?, readsEnvironment: Bool = true) throws {
    var values: [String: String] = [:]
    if let file {
      do {
        let settings = try SettingsFile(file, known: Self.knownNames)
        values = settings.values
        problems = settings.problems
      } catch {
        throw Complaint(
          "\(error.sentence) Give --config a file with lines of NAME=value.", .badInput)
      }
    }
    if readsEnvironment {
      // An empty variable counts as one that is not set.
      let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
      values.merge(environment) { $1 }
    }
    source = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: values))
  }

  private static let knownNames: Set<String> = Set(
    Settings.lines.map(\.name) + secretNames.map { "\($0)_FILE" })

  /// Each may stand in a file of its own, named by its `_FILE` sibling.
  private static let secretNames = [
    "FXBATCH_BANK_CLIENT_ID", "FXBATCH_BANK_CLIENT_SECRET", "FXBATCH_BANK_USERNAME",
    "FXBATCH_BANK_PASSWORD", "FXBATCH_BANK_EXTERNAL_TOKEN", "FXBATCH_ADMIN_TOKEN",
    "FXBATCH_TOKEN",
  ]

  /// All settings, or one complaint that names every variable that is wrong.
  mutating func read(withBank: Bool) throws -> Settings {
    var settings = Settings()
    settings.storePath = storePath(else: settings.storePath)
    settings.nodeName = text("FXBATCH_NODE_NAME") ?? Self.hostAndProcess
    number("FXBATCH_STATUS_POLL_MS", 50...600_000, &settings.statusPollMilliseconds)
    number("FXBATCH_QUOTE_SAFETY_MS", 0...60_000, &settings.quoteSafetyMilliseconds)
    number("FXBATCH_LEASE_SECONDS", 1...86_400, &settings.leaseSeconds)
    number("FXBATCH_DOUBT_MARGIN_SECONDS", 2...86_400, &settings.doubtMarginSeconds)
    number("FXBATCH_ESCALATION_SECONDS", 1...604_800, &settings.escalationSeconds)
    number("FXBATCH_UNCONFIRMED_SECONDS", 1...31_536_000, &settings.unconfirmedSeconds)
    number("FXBATCH_OTC_MAX_AGE_SECONDS", 1...31_536_000, &settings.otcMaxAgeSeconds)
    number("FXBATCH_COLLAR_BASIS_POINTS", 0...10_000, &settings.collarBasisPoints)
    number("FXBATCH_MAX_RUNNING_BATCHES", 1...1_000, &settings.maxRunningBatches)
    number("FXBATCH_BANK_MAX_RPS", 1...10_000, &settings.bankMaxRPS)
    number("FXBATCH_BANK_MAX_CONNECTIONS", 2...1_024, &settings.bankMaxConnections)
    number("FXBATCH_BANK_TIMEOUT_MS", 50...120_000, &settings.bankTimeoutMilliseconds)
    if let codes = text("FXBATCH_DEFINITE_REFUSALS") {
      settings.definiteRefusals = Set(Self.list(codes))
    }
    settings.approval = approval()
    number("FXBATCH_APPROVAL_HOURS", 1...8_760, &settings.approvalHours)
    settings.rules = rules()
    settings.closedDays = closedDays()
    settings.cutOffs = cutOffs()
    if let level = text("FXBATCH_LOG_LEVEL") {
      settings.logLevel = Logger.Level(rawValue: level)
      if settings.logLevel == nil {
        problems.append("FXBATCH_LOG_LEVEL is \(level), which is no level; give info or error")
      }
    }
    if let format = text("FXBATCH_LOG_FORMAT") {
      settings.logFormat = LogFormat(rawValue: format)
      if settings.logFormat == nil {
        problems.append("FXBATCH_LOG_FORMAT is \(format); give json or text")
      }
    }
    settings.serving = serving()
    settings.calling = calling()
    settings.notify.caFile = text("FXBATCH_WEBHOOK_CA_FILE")
    if let word = text("FXBATCH_WEBHOOK_ALLOW_PRIVATE") {
      settings.notify.allowsPrivate = word == "true"
      if word != "true", word != "false" {
        problems.append("FXBATCH_WEBHOOK_ALLOW_PRIVATE is \(word); give true or false")
      }
    }
    if withBank {
      settings.bank = bank(settings)
      checkLease(settings)
    }
    guard problems.isEmpty else {
      throw Complaint(
        "the settings cannot be used:\n" + problems.map { "  \($0)" }.joined(separator: "\n"),
        .badInput)
    }
    return settings
  }

  /// The engine refuses the same, but only once a batch is stored.
  private mutating func checkLease(_ settings: Settings) {
    let least = 2 * settings.bankTimeoutMilliseconds + 1_000
    // One of the two may not be what it was meant to be.
    guard problems.isEmpty, settings.leaseSeconds * 1_000 < least else { return }
    problems.append(
      "FXBATCH_LEASE_SECONDS is \(settings.leaseSeconds); give at least \((least + 999) / 1_000), "
        + "twice FXBATCH_BANK_TIMEOUT_MS and one second more")
  }

  /// Nil, without a problem, when nothing at all is said about a bank.
  private mutating func bank(_ settings: Settings) -> CapitecSettings? {
    let urls = ["TOKEN", "TRADING", "ACCOUNT"].map { text("FXBATCH_BANK_\($0)_URL") }
    let clientID = secret("FXBATCH_BANK_CLIENT_ID")
    let clientSecret = secret("FXBATCH_BANK_CLIENT_SECRET")
    let username = secret("FXBATCH_BANK_USERNAME")
    let password = secret("FXBATCH_BANK_PASSWORD")
    let given = urls + [clientID, clientSecret, username, password]
    guard given.contains(where: { $0 != nil }) else { return nil }
    let bank = CapitecSettings(
      tokenURL: urls[0] ?? "", tradingURL: urls[1] ?? "", accountURL: urls[2] ?? "",
      clientID: clientID ?? "", clientSecret: Secret(clientSecret ?? ""),
      username: username ?? "", password: Secret(password ?? ""),
      externalToken: secret("FXBATCH_BANK_EXTERNAL_TOKEN").map { Secret($0) },
      userID: text("FXBATCH_BANK_USER_ID"),
      timeoutMilliseconds: settings.bankTimeoutMilliseconds,
      maxConnections: Int(settings.bankMaxConnections), caFile: text("FXBATCH_BANK_CA_FILE"),
      clientCertificateFile: text("FXBATCH_BANK_CLIENT_CERTIFICATE_FILE"),
      clientKeyFile: text("FXBATCH_BANK_CLIENT_KEY_FILE"))
    let ending = " is missing"
    let (missing, wrong) = bank.validate().reduce(into: ([String](), [String]())) { sorted, found in
      if found.hasSuffix(ending) {
        sorted.0.append(String(found.dropLast(ending.count)))
      } else {
        sorted.1.append(found)
      }
    }
    if !missing.isEmpty {
      problems.append("the bank is configured by half: set \(missing.joined(separator: ", ")) too")
    }
    problems += wrong
    return bank
  }

  private mutating func calling() -> CallingSettings {
    var calling = CallingSettings(caFile: text("FXBATCH_SERVER_CA_FILE"))
    if let server = text("FXBATCH_SERVER") {
      do {
        calling.server = try ServerAddress(server, from: "FXBATCH_SERVER")
      } catch {
        problems.append(error.message)
      }
    }
    calling.token = secret("FXBATCH_TOKEN").map { Secret($0) }
    return calling
  }

  private mutating func serving() -> ServingSettings {
    var serving = ServingSettings()
    if let text = text("FXBATCH_LISTEN") {
      if let (host, port) = ServingSettings.address(text) {
        (serving.host, serving.port) = (host, port)
      } else {
        problems.append("FXBATCH_LISTEN is \(text); give HOST:PORT, such as 127.0.0.1:8080")
      }
    }
    let token = secret("FXBATCH_ADMIN_TOKEN")
    serving.adminToken = token.map { Secret($0) }
    if let token, token != "unread",
      token.utf8.count < AdminToken.leastCharacters
        || !token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    {
      problems.append(
        "FXBATCH_ADMIN_TOKEN is too weak; give at least \(AdminToken.leastCharacters) letters, "
          + "digits and marks without blanks, or none")
    }
    number("FXBATCH_MAX_BODY_MB", 1...1_024, &serving.maxBodyMegabytes)
    number("FXBATCH_API_MAX_RPS", 1...100_000, &serving.maxRequestsPerSecond)
    let files = (text("FXBATCH_TLS_CERTIFICATE_FILE"), text("FXBATCH_TLS_KEY_FILE"))
    switch files {
    case (let certificate?, let key?): serving.tls = .init(certificate: certificate, key: key)
    case (nil, nil): break
    case (nil, _?), (_?, nil):
      problems.append(
        "set both FXBATCH_TLS_CERTIFICATE_FILE and FXBATCH_TLS_KEY_FILE, or neither")
    }
    serving.day.reconcileAt = timeOfDay("FXBATCH_RECONCILE_AT", else: serving.day.reconcileAt)
    serving.day.warnOfSettlementAt = timeOfDay(
      "FXBATCH_SETTLEMENT_WARNING_AT", else: serving.day.warnOfSettlementAt)
    if let word = text("FXBATCH_ENVIRONMENT") {
      serving.environment = DeskEnvironment(rawValue: word)
      if serving.environment == nil {
        problems.append("FXBATCH_ENVIRONMENT is \(word); give test or prod")
      }
    }
    serving.trustedProxies = Self.list(text("FXBATCH_TRUSTED_PROXIES") ?? "")
    if TrustedProxies(serving.trustedProxies) == nil {
      problems.append(
        "FXBATCH_TRUSTED_PROXIES holds no address or network; give them as 10.1.0.0/16,::1")
    }
    return serving
  }

  private mutating func storePath(else fallback: String) -> String {
    guard let url = text("FXBATCH_STORE") else { return fallback }
    if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") {
      problems.append(
        "FXBATCH_STORE names a PostgreSQL server, which is not available yet; give sqlite:PATH")
      return fallback
    }
    guard url.hasPrefix("sqlite:"), url.count > "sqlite:".count else {
      problems.append("FXBATCH_STORE is \(url); give sqlite:PATH, such as sqlite:\(fallback)")
      return fallback
    }
    let path = url.dropFirst("sqlite:".count)
    return String(path.hasPrefix("//") ? path.dropFirst(2) : path)
  }

  private mutating func approval() -> ApprovalRule {
    guard let text = text("FXBATCH_APPROVAL"), text != "policy" else { return .byPolicy }
    if text == "always" { return .always }
    do {
      let amount = try Money(text, .zar)
      if amount.minorUnits >= 0 { return .above(amount) }
    } catch {
      // Told below, as what is below nothing.
    }
    problems.append(
      "FXBATCH_APPROVAL is \(text); give policy, always, or an amount in ZAR such as 1000000.00")
    return .always
  }

  private mutating func closedDays() -> [Currency: Set<CivilDate>] {
    var days: [Currency: Set<CivilDate>] = [:]
    for item in Self.list(text("FXBATCH_CLOSED_DAYS") ?? "") {
      let parts = item.split(separator: ":")
      guard parts.count == 2, let currency = Currency(parts[0]), let day = CivilDate(parts[1])
      else {
        problems.append("FXBATCH_CLOSED_DAYS holds \(item); give CURRENCY:YYYY-MM-DD")
        continue
      }
      days[currency, default: []].insert(day)
    }
    return days
  }

  private mutating func cutOffs() -> CutOffs {
    var minutes: [Delivery: [Currency: Int]] = [:]
    for item in Self.list(text("FXBATCH_CUT_OFFS") ?? "") {
      let parts = item.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 4, let delivery = Delivery(rawValue: String(parts[0])),
        let currency = Currency(parts[1]), let hour = Self.twoDigits(parts[2], below: 24),
        let minute = Self.twoDigits(parts[3], below: 60)
      else {
        problems.append("FXBATCH_CUT_OFFS holds \(item); give DELIVERY:CURRENCY:HH:MM")
        continue
      }
      minutes[delivery, default: [:]][currency] = hour * 60 + minute
    }
    return CutOffs(minutesOfDay: minutes) ?? .none
  }

  /// Minutes since midnight; nil for `off`.
  private mutating func timeOfDay(_ name: String, else fallback: Int?) -> Int? {
    guard let text = text(name) else { return fallback }
    guard text != "off" else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 2, let hour = Self.twoDigits(parts[0], below: 24),
      let minute = Self.twoDigits(parts[1], below: 60)
    {
      return hour * 60 + minute
    }
    problems.append("\(name) is \(text); give HH:MM of the desk's time, such as 18:00, or off")
    return fallback
  }

  private static func twoDigits(_ text: Substring, below bound: Int) -> Int? {
    guard text.utf8.count == 2, let value = Int(text), (0..<bound).contains(value) else {
      return nil
    }
    return value
  }

  private mutating func number(_ name: String, _ range: ClosedRange<Int64>, _ value: inout Int64) {
    guard let text = text(name) else { return }
    guard let number = Int64(text), range.contains(number) else {
      problems.append(
        "\(name) is \(text); give a whole number from \(range.lowerBound) to \(range.upperBound)")
      return
    }
    value = number
  }

  /// A value that may stand in a file of its own, named by the variable's `_FILE` sibling.
  private mutating func secret(_ name: String) -> String? {
    let direct = text(name, isSecret: true)
    guard let path = text(name + "_FILE") else { return direct }
    guard direct == nil else {
      problems.append("\(name) and \(name)_FILE are both set; keep one")
      return direct
    }
    do {
      let value = try OpenFile.text(of: path).trimmingCharacters(in: .newlines)
      if !value.isEmpty { return value }
      problems.append("\(name)_FILE names an empty file, \(path)")
    } catch {
      problems.append("\(name)_FILE: \(error.sentence)")
    }
    // It is not missing as well: what is wrong is told once.
    return "unread"
  }

  /// The value of a variable; nil when it is not set or empty.
  func text(_ name: String, isSecret: Bool = false) -> String? {
    let key = name.lowercased().split(separator: "_").joined(separator: ".")
    let value = source.string(forKey: ConfigKey(key), isSecret: isSecret)
    return value.flatMap { $0.isEmpty ? nil : $0 }
  }

  static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  private static var hostAndProcess: String {
    var name = [CChar](repeating: 0, count: 256)
    let isKnown = gethostname(&name, name.count - 1) == 0
    let host =
      isKnown
      ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      : "host"
    return "\(host)-\(ProcessInfo.processInfo.processIdentifier)"
  }
}
