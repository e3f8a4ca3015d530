import FXDomain

/// What can go wrong with a store. A refusal of the desk's rules is a result, not one of these.
public enum StoreError: Error, Hashable, Sendable {
  /// The database cannot be opened or read; what to do about it.
  case unavailable(String)
  /// Written by a newer version of this program.
  case newerSchema(found: Int, known: Int)
  /// Locked by another process for longer than we wait.
  case busy
  /// The disk is full; nothing was written.
  case full
  case readOnly(String)
  case corrupt(String)
  /// A COMMIT failed: the change may or may not be there. Whoever gets this stops trusting what it
  /// holds in memory.
  case outcomeUnknown(String)
  /// A constraint refused what the ledger had allowed: a fault in this program.
  case inconsistent(String)
  /// Another engine runs on this store.
  case engineElsewhere(String)
}
