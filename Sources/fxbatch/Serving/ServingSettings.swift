import FXBankCapitec
import FXServer

/// What only a server is told.
struct ServingSettings: Sendable {
  var host = "127.0.0.1"
  var port = 8_080
  /// At least 32 characters; nil lets the first start make one.
  var adminToken: Secret?
  var maxBodyMegabytes: Int64 = 64
  var maxRequestsPerSecond: Int64 = 200
  var tls: TransportSettings.TLSFiles?
  var trustedProxies: [String] = []
  /// When the desk's day asks for something; in the desk's time.
  var day = DeskDayTimes(reconcileAt: 18 * 60, warnOfSettlementAt: 9 * 60)
  /// Nil tells it by the bank.
  var environment: DeskEnvironment?

  /// Host and port of `127.0.0.1:8080`, `[::1]:8080` or `:8080`; nil for anything else.
  static func address(_ text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"),
      let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      return nil
    }
    return (host.isEmpty ? "0.0.0.0" : host, port)
  }

  /// Whether only programs on this machine can come in.
  var isLoopback: Bool { Self.isLoopback(host) }

  /// A literal address, or the name that always means this machine: other names can be anything.
  static func isLoopback(_ host: String) -> Bool {
    let isIPv4 =
      host.split(separator: ".").count == 4 && host.allSatisfy { $0.isNumber || $0 == "." }
    return ["localhost", "::1", "[::1]"].contains(host) || isIPv4 && host.hasPrefix("127.")
  }
}
