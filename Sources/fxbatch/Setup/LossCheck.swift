import FXDomain
import FXPorts
import Logging

/// Holds a store against the mark beside it.
struct LossCheck: Sendable {
  let store: any BatchStore
  let mark: MarkFile
  let logger: Logger

  /// What the store has lost of what the mark, read before the store was opened, names.
  func loss(_ reading: MarkFile.Reading) async throws(StoreError) -> LogLoss? {
    switch reading {
    // It is made with the store: one that has events and no mark was moved or restored without it.
    case .missing:
      try await store.logMark().sequence == 0
        ? nil : .unreadableMark("there is none, so the store was restored, or moved without it")
    // Nobody can say what the store must hold. A mark that is torn in both of its slots has been
    // tampered with, or its disk fails: to go on as if nothing were lost could book twice.
    case .unreadable(let why): .unreadableMark(why)
    case .mark(let known): try await known.loss(in: store)
    }
  }

  /// To be done at each opening for writing: holds everything when the store has lost something, and
  /// brings the mark up to the store.
  func enforce(_ reading: MarkFile.Reading) async throws(StoreError) {
    if let loss = try await loss(reading) {
      mark.replaceAnything()
      _ = try await store.recordLoss(loss)
      logger.critical("the store has lost events", metadata: ["loss": "\(loss.sentence)"])
      Terminal.complain(advice(on: loss))
    }
    let present = try await store.logMark()
    try mark.raise(to: present)
  }

  private func advice(on loss: LogLoss) -> String {
    let next =
      "\(loss.sentence) Deals may have been booked that it does not know. The kill switch is engaged: "
      + "nothing is booked. Let the bank be asked with `fxbatch reconcile`, then release it with "
      + "`fxbatch kill-switch release`."
    switch loss {
    case .event, .unreadableMark: return next
    case .otherInstallation:
      return next + " To begin anew on purpose, remove the store's file and \(mark.path) together."
    }
  }
}
