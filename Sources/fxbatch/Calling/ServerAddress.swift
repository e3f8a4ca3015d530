import FXBankCapitec
import Foundation

/// Where a server is reached. Tokens go to it, so only loopback addresses do without TLS.
struct ServerAddress: Sendable, Hashable {
  /// Without a slash at its end.
  let base: String

  /// - Parameter source: what to call the text by where it is wrong.
  init(_ text: String, from source: String) throws(Complaint) {
    guard let problem = Self.problem(with: text) else {
      base = String(text.reversed().drop { $0 == "/" }.reversed())
      return
    }
    throw Complaint("\(source) is \(text); \(problem)", .usage)
  }

  /// What is wrong with the address; nil for nothing.
  static func problem(with text: String) -> String? {
    let example = "give a URL such as https://desk.example:8443"
    guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
      let host = url.host, !host.isEmpty
    else { return example }
    if let port = url.port, !(1...65_535).contains(port) {
      return "\(example), with a port from 1 to 65535"
    }
    guard url.path.allSatisfy({ $0 == "/" }) else { return "\(example), without a path" }
    guard url.user == nil, url.password == nil, url.query == nil, url.fragment == nil else {
      return "\(example), without a user, a query or a fragment"
    }
    switch scheme {
    case "https": return nil
    case "http":
      let isLoopback = ServingSettings.isLoopback(host)
      return isLoopback ? nil : "give an https URL: http is for loopback addresses only"
    default: return example
    }
  }
}

/// How commands reach a server.
struct CallingSettings: Sendable {
  /// Nil works on the local store.
  var server: ServerAddress?
  /// Of the person who makes the calls.
  var token: Secret?
  /// PEM file of the authorities that vouch for the server; nil for the system's.
  var caFile: String?
}
