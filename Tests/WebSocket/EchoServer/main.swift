// A server that says back what it is told, for the cases in Tests/WebSocket. It writes its
// port to the standard output and ends with SIGTERM.
import FXServer
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

var settings = TransportSettings(host: "127.0.0.1", port: 0)
settings.limits.frameBytes = 1 << 18
settings.limits.messageBytes = 1 << 18

let router = Router()
router.get("/") { _, _ in "echo" }

var logger = Logger(label: "fxecho")
logger.logLevel = .warning

let transport = try HTTPTransport(
  settings: settings, responder: router.buildResponder(),
  admit: { $0.path == "/" ? Admission.upgrade(()) : .refuse },
  live: { connection, _ in
    for await message in connection.messages {
      switch message {
      case .text(let text): try await connection.send(text)
      case .binary(let bytes): try await connection.send(EncodedMessage(binary: bytes))
      }
    }
  },
  logger: logger,
  onListening: { port in
    FileHandle.standardOutput.write(Data("\(port)\n".utf8))
  })

try await ServiceGroup(
  configuration: .init(
    services: [transport], gracefulShutdownSignals: [.sigterm], logger: logger)
).run()
