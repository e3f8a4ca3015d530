import FXDomain
import GRDB

/// The bank's own books, in SQLite: quotes, deals, accounts, statement entries, and how often each
/// deal id was received.
///
/// Writes are serialized, each in one transaction that is in the write-ahead log before its answer is
/// sent: it survives the sandbox being killed. (It is not synced, so a power cut may take the last
/// of them; the sandbox does not play a bank that loses its power.)
struct Ledger: Sendable {
  let database: any DatabaseWriter
  let settings: SandboxSettings
  let rates: ReferenceRates

  init(settings: SandboxSettings, rates: ReferenceRates) throws(SandboxError) {
    var configuration = Configuration()
    configuration.label = "sandbox-ledger"
    configuration.busyMode = .timeout(5)
    do {
      if let path = settings.databasePath, path != ":memory:" {
        self.database = try DatabasePool(path: path, configuration: configuration)
      } else {
        self.database = try DatabaseQueue(configuration: configuration)
      }
      try Self.migrator.migrate(database)
    } catch {
      throw .ledger(error)
    }
    self.settings = settings
    self.rates = rates
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("sandbox ledger 1") { try $0.execute(sql: schema) }
    return migrator
  }

  /// Money is in minor units, rates in units of 10⁻⁸, times in milliseconds since 1970, days in days
  /// since 1970.
  private static let schema = """
    CREATE TABLE quotes (
      id INTEGER PRIMARY KEY,
      expires_at INTEGER NOT NULL,
      rate INTEGER NOT NULL CHECK (rate > 0),
      state TEXT NOT NULL CHECK (state IN ('live', 'used', 'cancelled')),
      cif TEXT NOT NULL,
      pair TEXT NOT NULL,
      side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
      delivery TEXT NOT NULL CHECK (delivery IN ('cash', 'tom', 'spot')),
      settlement_date TEXT NOT NULL,
      deal_currency TEXT NOT NULL,
      deal_amount INTEGER NOT NULL CHECK (deal_amount > 0),
      from_account TEXT NOT NULL,
      to_account TEXT NOT NULL
    ) STRICT;

    CREATE TABLE deals (
      number INTEGER PRIMARY KEY,
      quote_id INTEGER NOT NULL UNIQUE REFERENCES quotes (id),
      deal_transaction_id TEXT NOT NULL,
      bank_transaction_id TEXT NOT NULL UNIQUE,
      user_id TEXT NOT NULL,
      deal_rate INTEGER NOT NULL CHECK (deal_rate > 0),
      counter_currency TEXT NOT NULL,
      counter_amount INTEGER NOT NULL CHECK (counter_amount >= 0),
      booked_at INTEGER NOT NULL,
      settles_at INTEGER NOT NULL,
      outcome TEXT NOT NULL CHECK (outcome IN ('COMPLETED', 'FAILED'))
    ) STRICT;
    CREATE INDEX deals_by_deal_transaction_id ON deals (deal_transaction_id, number);

    CREATE TABLE received (
      deal_transaction_id TEXT PRIMARY KEY,
      calls INTEGER NOT NULL CHECK (calls > 0)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE accounts (
      cif TEXT NOT NULL,
      number TEXT NOT NULL,
      name TEXT NOT NULL,
      currency TEXT,
      status TEXT NOT NULL CHECK (status IN ('OPEN', 'DORM', 'CLOS')),
      type TEXT NOT NULL,
      opening_balance INTEGER NOT NULL,
      balance INTEGER NOT NULL,
      PRIMARY KEY (cif, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE entries (
      id INTEGER PRIMARY KEY,
      cif TEXT NOT NULL,
      account TEXT NOT NULL,
      day INTEGER NOT NULL,
      reference TEXT NOT NULL,
      amount INTEGER NOT NULL,
      balance INTEGER NOT NULL,
      FOREIGN KEY (cif, account) REFERENCES accounts (cif, number)
    ) STRICT;
    CREATE INDEX entries_by_account ON entries (cif, account, day, id);
    """
}

extension Database {
  /// The first row of a statement that is kept prepared.
  func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }

  func rows(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
    try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
  }

  func perform(_ sql: String, _ arguments: StatementArguments) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}

extension Row {
  /// A currency that this ledger wrote itself.
  func currency(_ column: String) -> Currency {
    let code: String = self[column]
    guard let currency = Currency(code) else { preconditionFailure("\(code) is no currency") }
    return currency
  }

  func money(_ column: String, in currency: Currency) -> Money {
    Money(minorUnits: self[column], currency: currency)
  }
}
