import FXDomain
import FXPorts
import Logging

/// One line for each call that has ended.
struct AccessLog: Sendable {
  let logger: Logger

  var observer: CallObserver {
    CallObserver(
      ended: { note in
        logger.log(level: Self.level(of: note.status), "call", metadata: Self.metadata(of: note))
      },
      auditLost: { entry, error in
        logger.error(
          "the audit could not be written",
          metadata: [
            "call": "\(entry.call)", "person": "\(entry.person ?? "nobody")",
            "status": "\(entry.status)", "request_id": "\(entry.requestID)", "error": "\(error)",
          ])
      })
  }

  private static func level(of status: Int) -> Logger.Level { status >= 500 ? .error : .info }

  private static func metadata(of note: CallNote) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "call": "\(note.route)", "target": "\(note.target.prefix(200))", "status": "\(note.status)",
      "milliseconds": "\(note.milliseconds)", "address": "\(note.address)",
      "request_id": "\(note.requestID)",
    ]
    if let principal = note.principal { metadata["person"] = "\(principal.person)" }
    if let problem = note.problem { metadata["problem"] = "\(problem.rawValue)" }
    if let error = note.error { metadata["error"] = "\(error)" }
    return metadata
  }
}
