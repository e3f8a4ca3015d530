import Crypto
import FXDomain

/// Our name of one booking attempt towards the bank.
///
/// It follows from what the attempt is, never from chance: when a store has lost an intent, the ids
/// that may have been sent under it can be computed again and asked for.
public enum DealTransactionID {
  /// - Parameters:
  ///   - installation: the store's own identifier, made once.
  ///   - epoch: raised when the store is known to have lost acknowledged events, so that no id of the
  ///     lost time is given out again.
  public static func of(
    installation: Identifier, epoch: Int, batch: Identifier, trade: Identifier, attempt: Int
  ) -> Identifier {
    var sha = Insecure.SHA1()
    sha.update(data: installation.bytes)
    sha.update(data: Array("\(epoch)|\(batch)|\(trade)|\(attempt)".utf8))
    return .nameBased(digest: sha.finalize())
  }
}
