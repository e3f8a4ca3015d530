/// Every bound on files, in one place.
public enum FileBounds {
  /// Longest cell, in bytes after unquoting. It also ends a run-away quoted cell.
  public static let maximumFieldBytes = 65_536
  public static let maximumColumns = 200
  /// Rows below the header.
  public static let maximumDataRows = 300_000
  /// Problems kept of one file; the rest are only counted.
  public static let maximumKeptProblems = 1_000
  public static let maximumCIFCharacters = 40
  public static let maximumReferenceCharacters = 140
  public static let maximumNameCharacters = 200
  public static let maximumAccountCharacters = 34
  /// Characters of a cell or a column name that are repeated in a message.
  public static let maximumEchoedCharacters = 40
}
