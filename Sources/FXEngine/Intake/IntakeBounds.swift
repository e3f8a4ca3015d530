/// Every bound of what comes in and of what is looked over, with units in the names.
public enum IntakeBounds {
  /// Clients, and their accounts, asked of the store at a time.
  public static let clientsPerQuery = 1_000

  /// Times that a batch which others change meanwhile is judged for its start.
  public static let startTries = 5

  /// Trades, events and batches read from the store at a time.
  public static let pageTrades = 500
  public static let pageEvents = 1_000
  public static let pageBatches = 100
  public static let pageClients = 500
  public static let pageSeals = 50
  /// Findings or differences kept in a report; the rest are only counted.
  public static let keptFindings = 1_000

  /// Accounts whose statements are read, with the names of their clients' deals in memory.
  public static let pageAccounts = 16
  /// Clients whose deals are held in memory while their statements are compared with them.
  public static let pageCustomers = 8
  /// Deals of one trade that the bank is asked about before a person's word is taken, the newest.
  public static let askedAttempts = 50
  /// Lines of statements that are laid out with one trade.
  public static let evidenceLines = 200
  /// Days of one question for a statement.
  public static let statementDays = 31
  /// Rounds without a deal that a lost time is taken to have seen of one trade.
  public static let lostRounds = 4
  /// Attempts of one trade that are looked for after the last one known.
  public static let lostAttempts = 1_000
  /// How far back statements are read when nothing tells when a loss of events began.
  public static let lostStatementDays = 31
  /// How long a quote is taken to live where the books hold none to measure, and at most.
  public static let assumedQuoteLifeMilliseconds: Int64 = 120_000
  public static let greatestQuoteLifeMilliseconds: Int64 = 600_000

  /// Pages of the bank's accounts that are asked for in one synchronisation.
  public static let accountPages = 10_000

  /// Of one amount: a hundred billion of a currency with cents. The sums of the largest batch then
  /// stay within what an amount can hold.
  public static let greatestAmountMinorUnits: Int64 = 10_000_000_000_000

  /// How long balances are waited for before a start.
  public static let balanceMilliseconds: Int64 = 10_000
  /// Accounts that are asked about one by one; more are looked up in the bank's list of all.
  public static let accountsAskedSingly = 20
  /// Rows that are named with what is wrong with one account.
  public static let namedRows = 100

  /// Days of the log that the reconciliation of a day looks at: deals are settled within.
  public static let reconciledDays = 7
  /// Questions without an answer after which a day's reconciliation gives up.
  public static let endingUnread = 100
  /// Tries to reach the bank before a reconciliation, and between them.
  public static let knocks = 3
  public static let knockMilliseconds: Int64 = 1_000
  /// Such a part of what the bank may be asked goes to a day's reconciliation, beside the engine.
  public static let reconciliationShare = 5
  /// How long a reconciliation stays with a process that went silent.
  public static let reconciliationLeaseMilliseconds: Int64 = 60_000

  /// Questions that a reconciliation or a look at balances has with the bank at once.
  public static let concurrentQuestions = 8
}
