import AsyncHTTPClient
import FXDomain
import FXPorts
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Our connections to the bank: a request goes out over HTTP/1.1 and its answer comes back. Nothing here
/// repeats a request: neither this type nor the library below it
/// (docs/decisions/0003-booking-call-is-never-repeated.md).
struct BankConnections: Sendable {
  /// Quotes, queries, reports and tokens, over connections that are kept.
  private let calls: HTTPClient
  /// Bookings, each over a connection of its own (`Connection: close`): a kept connection that the
  /// bank has just closed would lose the call and leave a deal in doubt for nothing.
  private let bookings: HTTPClient

  /// - Throws: ``CapitecSettingsError`` when a certificate or key cannot be read.
  init(_ settings: CapitecSettings) throws(CapitecSettingsError) {
    let tls = try settings.tlsConfiguration()
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow, decompression: .disabled)
    configuration.httpVersion = .http1Only
    configuration.proxy = nil
    configuration.tracing.tracer = nil
    configuration.timeout.connect = .milliseconds(
      min(Limits.connectMilliseconds, settings.timeoutMilliseconds / 2))
    // A connection that cannot be made fails its request at once, with the reason.
    configuration.connectionPool.retryConnectionEstablishment = false
    let forBookings = settings.maxConnections / 2

    configuration.connectionPool.idleTimeout = .milliseconds(Limits.idleConnectionMilliseconds)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      settings.maxConnections - forBookings
    self.calls = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)

    configuration.connectionPool.idleTimeout = .milliseconds(
      Limits.idleBookingConnectionMilliseconds)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = forBookings
    self.bookings = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }

  func shutdown() async throws {
    try await calls.shutdown()
    try await bookings.shutdown()
  }

  struct Request: Sendable {
    var url: String
    var contentType = "application/json"
    var bearer: Secret?
    var body: [UInt8]
    var answerBytes = Limits.answerBytes
    var isBooking = false
  }

  /// - Returns: `.notSent` only when the connection was never established and nothing was read of the
  ///   body; every other trouble may have followed the sending.
  func post(_ request: Request) async -> Result<HTTPReply, BankTrouble> {
    let body = WitnessedBody(request.body)
    var message = HTTPClientRequest(url: request.url)
    message.method = .POST
    message.headers.add(name: "Content-Type", value: request.contentType)
    message.headers.add(name: "Accept", value: "application/json")
    message.headers.add(name: "Accept-Encoding", value: "identity")
    if let bearer = request.bearer {
      message.headers.add(name: "Authorization", value: "Bearer \(bearer.revealed)")
    }
    if request.isBooking { message.headers.add(name: "Connection", value: "close") }
    message.headers.add(name: "traceparent", value: Self.traceparent)
    message.body = .bytes(body, length: .known(Int64(body.count)))
    do {
      let answer = try await (request.isBooking ? bookings : calls).execute(
        message, timeout: .hours(Limits.libraryDeadlineHours))
      let bytes = try await answer.body.collect(upTo: request.answerBytes)
      let dates = answer.headers["Date"]
      return .success(
        HTTPReply(
          status: Int(answer.status.code), date: dates.count == 1 ? dates[0] : nil,
          retryAfter: answer.headers.first(name: "Retry-After"), body: Array(buffer: bytes)))
    } catch {
      return .failure(Self.trouble(error, bodyWasRead: body.wasRead))
    }
  }

  /// A span of its own for each request, in the trace of the trade that it is about.
  private static var traceparent: String {
    let trace =
      TraceID.current
      ?? TraceID(Identifier(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max)))
    return trace.traceparent(span: .random(in: 1 ... .max))
  }

  /// When in doubt, the request may have been sent.
  static func trouble(_ error: any Error, bodyWasRead: Bool) -> BankTrouble {
    let why = TroubleWords.words(for: error)
    if !bodyWasRead, isBeforeConnected(error) { return .notSent(why) }
    if error is NIOTooManyBytesError { return .unreadable("the answer is too long") }
    return .connectionLost(why)
  }

  /// Whether an error can only have come before there was a connection to write to.
  private static func isBeforeConnected(_ error: any Error) -> Bool {
    switch error {
    case is NIOConnectionError: true
    case let error as HTTPClientError:
      error == .connectTimeout || error == .tlsHandshakeTimeout || error == .alreadyShutdown
        || error == .getConnectionFromPoolTimeout
    case let error as NIOSSLError: if case .handshakeFailed = error { true } else { false }
    case let error as NIOSSLExtraError:
      error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
    case let error as ChannelError: if case .connectTimeout = error { true } else { false }
    // For literal addresses the system's own error comes through, by what `connect` may answer.
    case let error as IOError:
      [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EMFILE, ENFILE]
        .contains(error.errnoCode)
    default: false
    }
  }
}

extension CapitecSettings {
  /// TLS 1.2 or later, certificates verified; early data is never sent.
  fileprivate func tlsConfiguration() throws(CapitecSettingsError) -> TLSConfiguration {
    var problems: [String] = []
    func read<Value>(_ name: String, _ load: () throws -> Value) -> Value? {
      do { return try load() } catch {
        problems.append("\(name) cannot be read: give the path of a PEM file")
        return nil
      }
    }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    tls.certificateVerification = .fullVerification
    if let caFile {
      tls.trustRoots =
        read("FXBATCH_BANK_CA_FILE") {
          .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
        } ?? .certificates([])
    }
    if let clientCertificateFile, let clientKeyFile {
      tls.certificateChain =
        read("FXBATCH_BANK_CLIENT_CERTIFICATE_FILE") {
          try NIOSSLCertificate.fromPEMFile(clientCertificateFile).map { .certificate($0) }
        } ?? []
      tls.privateKey = read("FXBATCH_BANK_CLIENT_KEY_FILE") {
        .privateKey(try NIOSSLPrivateKey(file: clientKeyFile, format: .pem))
      }
    }
    guard problems.isEmpty else { throw CapitecSettingsError(problems: problems) }
    return tls
  }
}
