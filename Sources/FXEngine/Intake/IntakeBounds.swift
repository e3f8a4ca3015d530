/// Every bound of what comes in and of what is looked over, with units in the names.
public enum IntakeBounds {
  /// Clients, and their accounts, asked of the store at a time.
  public static let clientsPerQuery = 1_000
  public static let nameCharacters = 200
  public static let concurrentTrades = 1...100
  public static let triesPerRound = 1...100

  /// Trades, events and batches read from the store at a time.
  public static let pageTrades = 500
  public static let pageEvents = 1_000
  public static let pageBatches = 100
  public static let pageSeals = 50
  /// Findings or differences kept in a report; the rest are only counted.
  public static let keptFindings = 1_000

  /// Questions that a reconciliation has with the bank at once.
  public static let concurrentQuestions = 8
}
