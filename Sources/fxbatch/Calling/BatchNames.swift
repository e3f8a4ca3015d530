import ArgumentParser

extension CompletionKind {
  /// The names of the batches that are there, asked where FXBATCH_SERVER and FXBATCH_STORE lead.
  static var batchNames: CompletionKind {
    .custom { _, _, prefix in await BatchNames.beginning(with: prefix) }
  }
}

/// The names of batches, for shells that complete what is typed.
enum BatchNames {
  private static let shown = 50

  /// Nothing where the desk cannot be asked: a shell has no place for complaints.
  static func beginning(with prefix: String) async -> [String] {
    var query = [(name: "limit", value: "\(shown)")]
    if !prefix.isEmpty { query.append(("q", prefix)) }
    do {
      let asked = query
      let place = try CallOptions.parse([])
      let page = try await place.open(.reads) { try await $0.get("/api/batches", asked) }
      // A name with blanks in it would be several words to the shell.
      return page.items.map { $0.words("name") }.filter {
        $0.hasPrefix(prefix) && $0 == $0.plain && !$0.contains(where: \.isWhitespace)
      }
    } catch {
      return []
    }
  }
}
