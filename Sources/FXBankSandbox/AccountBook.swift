import FXDomain
import GRDB

/// A customer's account at the bank.
struct Account: Hashable, Sendable {
  let cif: String
  let number: String
  let name: String
  /// Not known until a quote or the admin says it.
  let currency: Currency?
  /// `OPEN`, `DORM` or `CLOS`.
  let status: String
  let type: String
  let openingBalance: Int64
  let balance: Int64

  /// What an account that nobody seeded holds, in minor units: a hundred billion.
  static let ampleBalance: Int64 = 10_000_000_000_000
  /// No balance is further from zero, in minor units, so that differences fit 64 bits.
  static let maximumBalance: UInt64 = 1_000_000_000_000_000_000
  static let tradeAccount = "FX TRADE ACCOUNT"

  func money(_ minorUnits: Int64) -> Money {
    Money(minorUnits: minorUnits, currency: currency ?? .zar)
  }

  func requireOpen() throws(BankRefusal) {
    guard status == "OPEN" else {
      throw BankRefusal(.business, "account \(number) is \(status)")
    }
  }
}

/// The lines of an account in a range of days.
struct Statement: Sendable {
  struct Entry: Hashable, Sendable {
    let day: CivilDate
    let reference: String
    /// Negative for a debit, in minor units.
    let amount: Int64
    let balance: Int64
  }

  let account: Account
  let broughtForward: Int64
  let entries: [Entry]
}

extension Ledger {
  /// More lines than this are refused: ask for fewer days.
  static let maximumEntries = 10_000

  /// BalanceEnquiry.
  func account(_ number: String, of cif: String) async throws -> Account {
    try await database.write { db in try account(number, of: cif, holding: nil, in: db) }
  }

  /// BulkBalance: one page of all accounts, and how many pages there are.
  func accounts(page: Int64, size: Int64) async throws -> (accounts: [Account], pages: Int64) {
    try await database.read { db in
      let count = try db.row("SELECT COUNT(*) AS count FROM accounts", [])
      let total: Int64 = count?["count"] ?? 0
      let rows = try db.rows(
        "SELECT * FROM accounts ORDER BY cif, number LIMIT ? OFFSET ?", [size, page * size])
      return (rows.map(Account.init), (total + size - 1) / size)
    }
  }

  /// StatementEnquiry.
  func statement(
    _ number: String, of cif: String, from: CivilDate, through: CivilDate
  ) async throws -> Statement {
    try await database.write { db in
      let account = try account(number, of: cif, holding: nil, in: db)
      let before = try db.row(
        """
        SELECT balance FROM entries WHERE cif = ? AND account = ? AND day < ?
        ORDER BY day DESC, id DESC LIMIT 1
        """, [cif, number, from.dayNumber])
      let rows = try db.rows(
        """
        SELECT day, reference, amount, balance FROM entries
        WHERE cif = ? AND account = ? AND day BETWEEN ? AND ? ORDER BY day, id LIMIT ?
        """, [cif, number, from.dayNumber, through.dayNumber, Self.maximumEntries + 1])
      guard rows.count <= Self.maximumEntries else {
        throw BankRefusal(.business, "more than \(Self.maximumEntries) entries: ask for fewer days")
      }
      return Statement(
        account: account, broughtForward: before?["balance"] ?? account.openingBalance,
        entries: rows.map {
          .init(
            day: CivilDate(dayNumber: $0["day"]), reference: $0["reference"],
            amount: $0["amount"], balance: $0["balance"])
        })
    }
  }

  /// Makes accounts exist as described, for the admin. A balance that differs from what an account
  /// holds is reached by a line in its statement.
  func seed(_ accounts: [Account], on day: CivilDate) async throws {
    try await database.write { db in
      for account in accounts {
        guard let row = try db.row(Self.selectAccount, [account.cif, account.number]) else {
          try insert(account, into: db)
          continue
        }
        try db.perform(
          """
          UPDATE accounts SET name = ?, currency = ?, status = ?, type = ?
          WHERE cif = ? AND number = ?
          """,
          [
            account.name, account.currency?.code, account.status, account.type, account.cif,
            account.number,
          ])
        let difference = account.balance - (row["balance"] as Int64)
        guard difference != 0 else { continue }
        try post(difference, to: Account(row), reference: "adjustment", on: day, in: db)
      }
    }
  }

  private static let selectAccount = "SELECT * FROM accounts WHERE cif = ? AND number = ?"

  private func insert(_ account: Account, into db: Database) throws {
    try db.perform(
      """
      INSERT INTO accounts (cif, number, name, currency, status, type, opening_balance, balance)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        account.cif, account.number, account.name, account.currency?.code, account.status,
        account.type, account.openingBalance, account.balance,
      ])
  }

  /// The account of that number, created with an ample balance unless accounts are strict. Its
  /// currency is learnt from the first who names one, and must then stay the same.
  func account(
    _ number: String, of cif: String, holding currency: Currency?, in db: Database
  ) throws -> Account {
    guard let row = try db.row(Self.selectAccount, [cif, number]) else {
      guard !settings.strictAccounts else {
        throw BankRefusal.invalid("accountNumber", "customer \(cif) has no account \(number)")
      }
      let account = Account(
        cif: cif, number: number, name: "Sandbox customer \(cif)", currency: currency,
        status: "OPEN", type: Account.tradeAccount, openingBalance: Account.ampleBalance,
        balance: Account.ampleBalance)
      try insert(account, into: db)
      return account
    }
    let account = Account(row)
    guard let currency, account.currency != currency else { return account }
    guard account.currency == nil else {
      throw BankRefusal.invalid("currency", "account \(number) does not hold \(currency)")
    }
    try db.perform(
      "UPDATE accounts SET currency = ? WHERE cif = ? AND number = ?",
      [currency.code, cif, number])
    return try self.account(number, of: cif, holding: currency, in: db)
  }

  /// Moves money on an account, with a line in its statement.
  func post(
    _ amount: Int64, to account: Account, reference: String, on day: CivilDate, in db: Database
  ) throws {
    let (balance, overflow) = account.balance.addingReportingOverflow(amount)
    guard !overflow, balance.magnitude <= Account.maximumBalance else {
      throw BankRefusal(.internal, "the balance does not fit")
    }
    try db.perform(
      "UPDATE accounts SET balance = ? WHERE cif = ? AND number = ?",
      [balance, account.cif, account.number])
    try db.perform(
      """
      INSERT INTO entries (cif, account, day, reference, amount, balance) VALUES (?, ?, ?, ?, ?, ?)
      """, [account.cif, account.number, day.dayNumber, reference, amount, balance])
  }
}

extension Account {
  init(_ row: Row) {
    self.init(
      cif: row["cif"], number: row["number"], name: row["name"],
      currency: (row["currency"] as String?).flatMap { Currency($0) }, status: row["status"],
      type: row["type"], openingBalance: row["opening_balance"], balance: row["balance"])
  }
}
