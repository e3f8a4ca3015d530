import AsyncHTTPClient
import FXAPI
import FXDomain
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// How endpoints are reached.
public struct NotifySettings: Sendable {
  /// Receivers on private networks are reached, and by plain `http` too.
  public var allowsPrivate = false
  /// PEM file of the authorities that vouch for receivers; the system's when nil.
  public var caFile: String?
  public var bounds = NotifyBounds()

  public init() {}
}

/// The authorities that vouch for receivers cannot be read.
public struct UnusableAuthorities: Error, Sendable {}

/// Sends one message once. It looks the host up itself, and connects to exactly the address that it has
/// looked at: between the two nobody can put another.
struct Poster: Sendable {
  struct Message: Sendable {
    var url: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// Tries before this one: each takes the next of the host's addresses.
    var tries: Int
  }

  /// What came back: a status, or why there is none.
  struct Reply: Sendable {
    var status: Int?
    var error: String?
  }

  private let settings: NotifySettings
  private let tls: TLSConfiguration
  private let threads: NIOThreadPool

  init(settings: NotifySettings, threads: NIOThreadPool) throws(UnusableAuthorities) {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    tls.certificateVerification = .fullVerification
    if let file = settings.caFile {
      do {
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
      } catch {
        throw UnusableAuthorities()
      }
    }
    self.tls = tls
    self.settings = settings
    self.threads = threads
  }

  func post(_ message: Message) async -> Reply {
    let bounds = settings.bounds
    return await withTaskGroup { group in
      group.addTask { await send(message) }
      group.addTask {
        do {
          try await Task.sleep(for: .milliseconds(bounds.timeoutMilliseconds))
        } catch {
          return Reply(error: "the server is ending")
        }
        return Reply(error: "no answer within \(bounds.timeoutMilliseconds / 1_000) s")
      }
      let first = await group.next() ?? Reply()
      group.cancelAll()
      return first
    }
  }

  private func send(_ message: Message) async -> Reply {
    do throws(WebhookURLProblem) {
      let url = try WebhookURL(message.url, allowsPrivate: settings.allowsPrivate)
      let addresses = await addresses(of: url.host)
      guard !addresses.isEmpty else { return Reply(error: "the host is not known") }
      if !settings.allowsPrivate, let inner = addresses.first(where: { !$0.isPublic }) {
        return Reply(error: "\(inner) is no public address: nothing is sent there")
      }
      return await send(message, to: url, at: addresses[message.tries % addresses.count])
    } catch {
      return Reply(error: error.sentence)
    }
  }

  private func addresses(of host: String) async -> [HostAddress] {
    let bound = settings.bounds.addressesPerHost
    do {
      return try await threads.runIfActive { HostAddress.all(of: host, atMost: bound) }
    } catch {
      return []
    }
  }

  private func send(
    _ message: Message, to url: WebhookURL, at address: HostAddress
  ) async -> Reply {
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow, decompression: .disabled)
    configuration.httpVersion = .http1Only
    configuration.proxy = nil
    configuration.tracing.tracer = nil
    configuration.timeout.connect = .milliseconds(settings.bounds.connectMilliseconds)
    configuration.connectionPool.retryConnectionEstablishment = false
    // The host's name stays in the request and in its certificate's check.
    if HostAddress(url.host) == nil { configuration.dnsOverride = [url.host: "\(address)"] }
    let client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    let reply: Reply
    do {
      reply = try await exchange(message, with: client)
    } catch {
      reply = Reply(error: words(for: error))
    }
    do {
      try await client.shutdown()
    } catch {
      return Reply(status: reply.status, error: reply.error ?? words(for: error))
    }
    return reply
  }

  private func exchange(_ message: Message, with client: HTTPClient) async throws -> Reply {
    var request = HTTPClientRequest(url: message.url)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    request.headers.add(name: "User-Agent", value: "fxbatch-webhooks")
    request.headers.add(name: "Connection", value: "close")
    for (name, value) in message.headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(message.body)
    let answer = try await client.execute(
      request, timeout: .milliseconds(settings.bounds.timeoutMilliseconds))
    // Nothing of it is kept; a peer that is read is not cut off in the middle of a short answer.
    var count = 0
    for try await piece in answer.body {
      count += piece.readableBytes
      if count >= settings.bounds.answerBytes { break }
    }
    return Reply(status: Int(answer.status.code))
  }

  private func words(for error: any Error) -> String {
    let words =
      switch error {
      case is NIOConnectionError, is IOError: "no connection could be made"
      case is NIOSSLError, is NIOSSLExtraError: "no encryption could be agreed upon"
      case is HTTPParserError: "it does not speak HTTP there"
      case let error as HTTPClientError: error.shortDescription
      default: "\(error)"
      }
    return String(words.prefix(settings.bounds.errorCharacters))
  }
}
