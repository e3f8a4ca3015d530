/// Every bound of what a call may ask for and how often, with units in the names.
public enum CallBounds {
  public static let pageItems = 1...500
  public static let pageItemsByDefault = 50
  /// Findings that one answer lists.
  public static let keptErrors = 1_000
  /// Rows of a preview that are shown singly.
  public static let previewedRows = 1_000
  /// A body of JSON, which costs many times its bytes once it is read; larger batches come as CSV.
  public static let jsonBytes = 16 << 20
  /// Calls at once with bodies above `smallBodyBytes`; more are asked to come again. Whoever has not
  /// signed in sends none of them.
  public static let largeBodiesAtOnce = 4
  public static let smallBodyBytes = 64 << 10
  public static let keyCharacters = 255
  public static let requestIDCharacters = 128
  public static let tokenCharacters = 32...512
  public static let noteCharacters = 1...2_000
  public static let queryTextCharacters = 200
  /// Names in one query parameter's list, or identifiers in one body.
  public static let selectedTrades = 10_000
  /// Trades named with each group of failures.
  public static let namedTrades = 100
  /// The newest of them, with the trade that they happened to.
  public static let eventsOfOneTrade = 500
  public static let accountsOfOneClient = 50
  /// For which a client may declare the use of an allowance.
  public static let declaredYears = 1970...9999
  /// Of one report on deals, which reads those of all its days.
  public static let reportedDays = 92
  /// Lines of a report that are held in memory for a file.
  public static let reportedLinesAtOnce = 10_000
  /// Of a policy's least margin, either way: 999,999,999 pips, of 10,000 units of a rate each.
  public static let marginRateUnits: UInt64 = 9_999_999_990_000
  public static let keptIdempotencyMilliseconds: Int64 = 86_400_000
  /// Between looks for answers that were kept for so long.
  public static let forgettingMilliseconds: Int64 = 10_000
  /// Callers whose rate is kept in memory.
  public static let countedCallers = 10_000
  /// Failed sign-ins of one address before it has to wait, and the longest wait.
  public static let freeSignInFailures = 5
  public static let longestSignInWaitSeconds = 60
  public static let sessionSeconds: Int64 = 12 * 3_600
  /// Denied calls of one address without any credential that are written down at once; then one a
  /// second.
  public static let auditedStrangersAtOnce = 60
  public static let auditedTextBytes = 16 << 10
}
