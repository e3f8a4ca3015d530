import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What went wrong with a connection, in words for the desk; they are kept with the trade.
public enum TroubleWords {
  public static func words(for error: any Error) -> String {
    let words =
      switch error {
      case let error as NIOConnectionError: connecting(error)
      case let error as IOError: String(cString: strerror(error.errnoCode))
      case let error as NIOSSLError: encrypting(error)
      case is NIOSSLExtraError: "its certificate is not one of this host"
      case is HTTPParserError: "it does not speak HTTP there"
      case let error as HTTPClientError: http(error)
      default: "\(error)"
      }
    return String(words.withoutControlCharacters.prefix(Limits.troubleCharacters))
  }

  private static func connecting(_ error: NIOConnectionError) -> String {
    guard let attempt = error.connectionErrors.first else {
      return "the host \(error.host) is not known"
    }
    return words(for: attempt.error)
  }

  private static func encrypting(_ error: NIOSSLError) -> String {
    guard case .handshakeFailed = error else { return "the encryption broke off" }
    return "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
      ? "its certificate is not vouched for by an authority that we know"
      : "no encryption could be agreed upon; is it the right port?"
  }

  private static func http(_ error: HTTPClientError) -> String {
    switch error {
    case .remoteConnectionClosed: "it closed the connection"
    case .connectTimeout, .tlsHandshakeTimeout: "no connection was made in time"
    case .getConnectionFromPoolTimeout: "no connection was free in time"
    default: error.shortDescription
    }
  }
}
