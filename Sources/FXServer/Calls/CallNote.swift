import FXDomain
import FXJSON
import FXPorts
import Synchronization

/// What a handler tells beside its answer.
final class Observed: Sendable {
  private let box = Mutex<String?>(nil)

  /// What the call was about: an identifier in its path, or of what came of it. The first name stays.
  func name(_ text: String) { box.withLock { $0 = $0 ?? text } }

  var object: String? { box.withLock { $0.map { String($0.prefix(128)) } } }
}

/// What there is to say about a call that has ended.
struct CallNote: Sendable {
  let route: String
  let requestID: String
  let address: String
  let target: String
  let trace: TraceID?
  let observed = Observed()
  var principal: Principal?
  /// Who calls has shown a token or a session.
  var showedCredential = false
  var problem: Problem.Kind?
  /// What failed, for the log only.
  var error: String?
  var status = 0
  var milliseconds: Int64 = 0
}

/// Who hears of calls: the access log and the metrics.
struct CallObserver: Sendable {
  let ended: @Sendable (CallNote) -> Void
  /// An entry of the audit could not be written; it must at least stand in the log.
  let auditLost: @Sendable (AuditEntry, StoreError) -> Void
}

/// The requests with a key that this process is carrying out.
final class InFlightKeys: Sendable {
  private struct Key: Hashable {
    let owner: Identifier
    let key: String
  }

  private let keys = Mutex<Set<Key>>([])

  /// False where the same is under way.
  func enter(_ receipt: Receipt) -> Bool {
    keys.withLock { $0.insert(Key(owner: receipt.owner, key: receipt.key)).inserted }
  }

  func leave(_ receipt: Receipt) {
    keys.withLock { _ = $0.remove(Key(owner: receipt.owner, key: receipt.key)) }
  }
}

extension JSON {
  /// As the audit keeps it: cut where it is long.
  var auditText: String {
    let bytes = bytes
    guard bytes.count > CallBounds.auditedTextBytes else {
      return String(decoding: bytes, as: UTF8.self)
    }
    return String(decoding: bytes.prefix(CallBounds.auditedTextBytes), as: UTF8.self) + "…"
  }
}
