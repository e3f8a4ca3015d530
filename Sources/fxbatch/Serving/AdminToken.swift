import FXDomain
import FXPorts
import FXServer
import Foundation

/// The token with which the first person comes in: as configured, or made at the first start and kept
/// in a file beside the database that nobody else may read.
struct AdminToken: Sendable {
  static let leastCharacters = 32
  private static let person = "admin"
  private static let configuredName = "FXBATCH_ADMIN_TOKEN"
  private static let maker = "fxbatch serve"

  let store: any AccessStore
  let path: String

  init(store: any AccessStore, besideDatabase database: String) {
    self.store = store
    self.path = database + ".admin-token"
  }

  /// Makes sure that there is one. Answers the place of the file, where the token stands in one.
  func ensure(configured: String?) async throws -> String? {
    if let configured {
      try await keep(configured, named: Self.configuredName)
      try await revokeFormer(besides: Credentials.digest(of: configured))
      return nil
    }
    guard try await store.tokens(after: nil, limit: 1).isEmpty else {
      return FileManager.default.fileExists(atPath: path) ? path : nil
    }
    // The file first: a token that only the store knows would let nobody in.
    let text = Credentials.newToken { .random(in: .min ... .max) }
    try write(text)
    try await keep(text, named: "made at the first start")
    return path
  }

  private func keep(_ text: String, named name: String) async throws {
    let digest = Credentials.digest(of: text)
    guard try await store.token(digest: digest) == nil else { return }
    _ = try await store.issue(
      AccessToken(
        id: .random(), name: name, person: Self.person, role: .admin, digest: digest,
        createdAt: .now, createdBy: Self.maker),
      receipt: nil)
  }

  /// What was configured before lets nobody in any more.
  private func revokeFormer(besides digest: [UInt8]) async throws {
    var page: [AccessToken] = []
    repeat {
      page = try await store.tokens(after: page.last?.id, limit: Pages.rows)
      for token in page
      where token.name == Self.configuredName && token.createdBy == Self.maker
        && token.digest != digest && token.revokedAt == nil
      {
        _ = try await store.revoke(token.id)
      }
    } while page.count == Pages.rows
  }

  private func write(_ text: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw complaint }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      guard fchmod(descriptor, 0o600) == 0 else { throw complaint }
      try file.write(contentsOf: Data((text + "\n").utf8))
      try file.synchronize()
    } catch {
      throw complaint
    }
  }

  private var complaint: Complaint {
    Complaint(
      "the admin's token cannot be written to \(path). Give its folder to this user, or set "
        + "FXBATCH_ADMIN_TOKEN.", .store)
  }
}
