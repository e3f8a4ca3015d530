import FXServer
import Foundation
import NIOSSL
import Testing

@Suite(.timeLimit(.minutes(2))) struct `TLS` {
  private let last = "GET /where HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func `carries requests and WebSockets`(version: TLSVersion) async throws {
    try await withCertificate { files in
      try await withTransport(adjusted { $0.tls = files }) { world in
        let tls = try Self.client(trusting: files, version, version)
        let answer = try await RawClient.connected(to: world.port, tls: tls) { client in
          try await client.send(last)
          return await client.readToEnd()
        }
        #expect(answer.hasSuffix("\r\n\r\nhttps a /where"), "\(answer)")
        try await RawClient.connected(to: world.port, tls: tls) { client in
          try await client.openWebSocket()
          try await client.sendText("secret")
          #expect(try await client.text() == "secret")
          try await client.send(RawClient.frame(0x8, [0x03, 0xE8]))
          #expect(await client.closeCode() == 1000)
          #expect(await client.readToEnd() == "")
        }
      }
    }
  }

  @Test func `refuses what is malformed as well`() async throws {
    try await withCertificate { files in
      try await withTransport(adjusted { $0.tls = files }) { world in
        let tls = try Self.client(trusting: files)
        let answer = try await RawClient.connected(to: world.port, tls: tls) { client in
          try await client.send("GET / HTTP/1.1\r\n\r\n")
          return await client.readToEnd()
        }
        #expect(statuses(answer) == [400])
      }
    }
  }

  @Test func `of an old version is refused`() async throws {
    try await withCertificate { files in
      try await withTransport(adjusted { $0.tls = files }) { world in
        let tls = try Self.client(trusting: files, .tlsv1, .tlsv11)
        await #expect(throws: (any Error).self) {
          try await RawClient.connected(to: world.port, tls: tls) { client in
            try await client.send("x")
            _ = try await client.read(until: "x")
          }
        }
      }
    }
  }

  @Test func `is not spoken by everybody, and its handshake must end`() async throws {
    try await withCertificate { files in
      try await withTransport(
        adjusted {
          $0.tls = files
          $0.limits.headMilliseconds = 200
        }
      ) { world in
        let plain = try await answer(to: last, at: world.port)
        #expect(statuses(plain) == [])
        let silent = try await answer(to: "", at: world.port)
        #expect(statuses(silent) == [])
      }
    }
  }

  @Test(arguments: [("certificate", "nowhere"), ("key", "nowhere"), ("key", "certificate")])
  func `needs files that fit`(file: String, content: String) async throws {
    try await withCertificate { files in
      let wrong = content == "nowhere" ? "/nowhere/x.pem" : files.certificate
      await #expect(throws: UnusableTLSFiles.self) {
        try await withTransport(
          adjusted {
            $0.tls = .init(
              certificate: file == "certificate" ? wrong : files.certificate,
              key: file == "key" ? wrong : files.key)
          }
        ) { _ in }
      }
    }
  }

  private static func client(
    trusting files: TransportSettings.TLSFiles, _ from: TLSVersion = .tlsv12,
    _ to: TLSVersion = .tlsv13
  ) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(files.certificate)
    configuration.minimumTLSVersion = from
    configuration.maximumTLSVersion = to
    return configuration
  }

  /// Lets openssl make a certificate for this machine, valid for a day.
  private func withCertificate(
    _ body: (TransportSettings.TLSFiles) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
    let files = TransportSettings.TLSFiles(
      certificate: folder.appending(path: "certificate.pem").path(),
      key: folder.appending(path: "key.pem").path())
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", files.key, "-out", files.certificate,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)
    try await body(files)
  }
}
