import FXDomain
import FXJSON

/// The desk as the commands see it: makes calls, throws what is refused, and reads lists to their end.
struct DeskClient: Sendable {
  let calls: any DeskCalls
  /// Whether answers are printed as they came.
  let asJSON: Bool

  /// - Throws: ``Refusal``.
  @discardableResult
  func make(_ call: DeskCall) async throws -> JSON {
    let answer = try await calls.send(call)
    guard !answer.isRefusal else { throw Refusal(answer, asJSON: asJSON) }
    return answer.json
  }

  func get(_ path: String, _ query: [(name: String, value: String)] = []) async throws -> JSON {
    try await make(DeskCall(method: .get, path: path, query: query))
  }

  func post(_ path: String, _ body: JSON? = nil, asPerson: Bool = false) async throws -> JSON {
    try await make(
      DeskCall(
        method: .post, path: path, body: body.map { .json($0) } ?? .none, asPerson: asPerson))
  }

  // MARK: Lists

  /// Every item of a list, page by page.
  func eachItem(
    of path: String, _ query: [(name: String, value: String)] = [],
    _ body: (JSON) async throws -> Void
  ) async throws {
    var cursor: String?
    repeat {
      var asked = query + [("limit", "\(Pages.rows)")]
      if let cursor { asked.append(("cursor", cursor)) }
      let page = try await get(path, asked)
      for item in page.items { try await body(item) }
      cursor = page["next_cursor"].flatMap { $0 == .null ? nil : $0.words }
    } while cursor != nil
  }

  // MARK: Names

  /// The identifier of a batch that a person names: by itself, or by a name that only one has.
  func batch(named text: String) async throws -> String {
    if Identifier(text) != nil { return text }
    var found: [String] = []
    var query = [
      ("q", String(text.prefix(BatchBounds.nameCharacters))), ("limit", "\(Pages.rows)"),
    ]
    .map { (name: $0.0, value: $0.1) }
    for _ in 0..<CallingBounds.searchedPages where !text.isEmpty {
      let page = try await get("/api/batches", query)
      found += page.items.filter { $0.words("name") == text }.map { $0.words("id") }
      guard let cursor = page["next_cursor"], cursor != .null else { break }
      query = query.filter { $0.name != "cursor" } + [("cursor", cursor.words)]
    }
    if found.count == 1 { return found[0] }
    throw Complaint(
      found.isEmpty
        ? "there is no batch named \"\(text)\". `fxbatch list` shows them."
        : "\(found.count) batches are named \"\(text)\". Give the identifier that `fxbatch list` shows.",
      .badInput)
  }

  /// The path of a batch, or of what lies below it.
  func path(ofBatch text: String, _ below: String = "") async throws -> String {
    "/api/batches/\(try await batch(named: text))\(below.isEmpty ? "" : "/" + below)"
  }

  /// The path of a trade, or of what lies below it.
  func path(ofTrade text: String, _ below: String = "") throws -> String {
    guard Identifier(text) != nil else {
      throw Complaint(
        "there is no trade \"\(text)\". `fxbatch trades BATCH` shows them.", .badInput)
    }
    return "/api/trades/\(text)\(below.isEmpty ? "" : "/" + below)"
  }

  // MARK: Showing

  /// Prints an answer: as it came, where there is one, or in words.
  func say(_ answer: JSON, _ words: (JSON) throws -> String) rethrows {
    guard asJSON else { return Terminal.say(try words(answer)) }
    if answer != .null { Terminal.say(answer.text) }
  }

  /// Prints a list as it comes: a line of JSON for each item, or a table at the end.
  func list(
    _ path: String, _ query: [(name: String, value: String)] = [], none: String, _ table: Table,
    _ row: (inout Table, JSON) -> Void
  ) async throws {
    var table = table
    try await eachItem(of: path, query) { item in
      if asJSON { Terminal.say(item.text) } else { row(&table, item) }
    }
    if !asJSON { Terminal.say(table.isEmpty ? none : table.text) }
  }
}
