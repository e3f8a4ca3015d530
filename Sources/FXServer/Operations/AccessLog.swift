import FXDomain
import FXPorts
import Logging

/// One line for each call that has ended, and its place in the metrics.
struct AccessLog: Sendable {
  let logger: Logger
  let metrics: DeskMetrics

  var observer: CallObserver {
    CallObserver(
      ended: { note in
        metrics.note(note)
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
      "call": "\(note.route)", "target": "\(note.target.prefix(200))",
      "status": .stringConvertible(note.status),
      "milliseconds": .stringConvertible(note.milliseconds), "address": "\(note.address)",
      "request_id": "\(note.requestID)",
    ]
    if let principal = note.principal { metadata["person"] = "\(principal.person)" }
    if let trace = note.trace { metadata["trace_id"] = "\(trace)" }
    if let problem = note.problem { metadata["problem"] = "\(problem.rawValue)" }
    if let error = note.error { metadata["error"] = "\(error)" }
    return metadata
  }
}
