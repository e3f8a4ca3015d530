import ArgumentParser
import FXEngine
import FXPorts

extension ExitCode {
  static let partialSuccess = ExitCode(1)
  static let failed = ExitCode(2)
  static let cancelled = ExitCode(3)
  static let waitsForPerson = ExitCode(4)
  static let usage = ExitCode(64)
  static let badInput = ExitCode(65)
  static let unavailable = ExitCode(69)
  /// An error that nobody foresaw.
  static let programFault = ExitCode(70)
  static let store = ExitCode(74)
  static let interrupted = ExitCode(130)
}

/// Why a command ends without having done its work: one clear message that says what to do.
struct Complaint: Error {
  let message: String
  let code: ExitCode

  init(_ message: String, _ code: ExitCode) {
    self.message = message
    self.code = code
  }
}

extension Complaint {
  static let stillUnderWay = Complaint(
    "the connection broke off, and the server still carries the request out. Look with `fxbatch "
      + "list` before you ask again.", .unavailable)

  static let noBank = Complaint(
    "no bank is configured. Set FXBATCH_BANK_TOKEN_URL and what `fxbatch settings` lists with it; "
      + "`fxbatch sandbox` prints them for a bank to try things out with.", .unavailable)
}

extension StoreError {
  /// What happened and what to do about it.
  var advice: String {
    switch self {
    case .unavailable(let why), .readOnly(let why), .engineElsewhere(let why): why
    case .newerSchema(let found, let known):
      "the store is of version \(found) and this program knows \(known). Use the newer program."
    case .busy:
      "the store is locked by another process for longer than we wait. Try again."
    case .full: "the disk is full; nothing was written. Make room and try again."
    case .corrupt(let why):
      "the store is damaged (\(why)). Stop every fxbatch on it, keep a copy, and restore a backup."
    case .outcomeUnknown(let why):
      "the store could not say whether the last change was written (\(why)). See that its disk is "
        + "sound and has room, and look with `fxbatch list` before trying again."
    case .inconsistent(let why):
      "the store refused a change that this program took for allowed: \(why). Nothing was written; "
        + "please report it."
    }
  }
}

extension EngineError {
  var complaint: Complaint {
    switch self {
    case .settings(let problems): Complaint(problems.joined(separator: "\n  "), .badInput)
    case .store(let error): Complaint(error.advice, .store)
    }
  }
}
