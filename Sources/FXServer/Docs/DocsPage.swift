import Yams

/// The OpenAPI document as one page: calls by subject, schemas, and every kind of problem.
struct DocsPage {
  private let root: Node

  init(yaml: String) throws {
    root = try compose(yaml: yaml) ?? Node("")
  }

  var html: String {
    let title = root["info"]?["title"]?.string ?? "API"
    var parts = [
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">",
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">",
      "<title>\(title.escapedHTML) API</title>",
      "<link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body><main>",
      "<h1>\(title.escapedHTML) API</h1>", paragraphs(root["info"]?["description"]?.string),
      "<p>For programs: <a href=\"/api/openapi.yaml\">openapi.yaml</a></p>", contents,
    ]
    for tag in tags {
      parts.append("<h2 id=\"\(anchor(tag.name))\">\(tag.name.escapedHTML)</h2>")
      parts.append(paragraphs(tag.description))
      for call in calls where call.tag == tag.name { parts.append(section(of: call)) }
    }
    parts.append(schemas)
    parts.append(problems)
    parts.append("</main></body></html>")
    return parts.joined(separator: "\n")
  }

  // MARK: Calls

  private struct Call {
    let method: String
    let path: String
    let tag: String
    let node: Node
    let shared: [Node]
  }

  private var tags: [(name: String, description: String?)] {
    (root["tags"]?.array() ?? []).compactMap { tag in
      tag["name"]?.string.map { ($0, tag["description"]?.string) }
    }
  }

  private var calls: [Call] {
    var calls: [Call] = []
    for (path, item) in root["paths"]?.mapping ?? [:] {
      for (method, node) in item.mapping ?? [:] where method.string != "parameters" {
        calls.append(
          Call(
            method: (method.string ?? "").uppercased(), path: path.string ?? "",
            tag: node["tags"]?[0]?.string ?? "", node: node,
            shared: item["parameters"]?.array() ?? []))
      }
    }
    return calls
  }

  private var contents: String {
    let items = tags.map { tag in
      let own = calls.filter { $0.tag == tag.name }.map { call in
        "<li><a href=\"#\(anchor(call.method + call.path))\"><code>\(call.method) "
          + "\(call.path.escapedHTML)</code></a> \((call.node["summary"]?.string ?? "").escapedHTML)</li>"
      }
      return
        "<li><a href=\"#\(anchor(tag.name))\">\(tag.name.escapedHTML)</a><ul>\(own.joined())</ul></li>"
    }
    return "<nav aria-label=\"Contents\"><ul>\(items.joined())</ul></nav>"
  }

  private func section(of call: Call) -> String {
    let role = call.node["x-role"]?.string ?? "anybody"
    var parts = [
      "<section class=\"call\" id=\"\(anchor(call.method + call.path))\"><h3>",
      "<code><span class=\"method\">\(call.method)</span> \(call.path.escapedHTML)</code></h3>",
      "<p>\((call.node["summary"]?.string ?? "").escapedHTML)",
      " <span class=\"role\">\(role.escapedHTML)</span></p>",
      paragraphs(call.node["description"]?.string),
    ]
    let parameters = (call.shared + (call.node["parameters"]?.array() ?? [])).map(resolved)
    if !parameters.isEmpty {
      let rows = parameters.map { parameter in
        [
          "<code>\((parameter["name"]?.string ?? "").escapedHTML)</code>",
          (parameter["in"]?.string ?? "").escapedHTML, words(of: parameter["schema"]),
          (parameter["description"]?.string ?? "").escapedHTML,
        ]
      }
      parts.append(table(["Parameter", "In", "Type", ""], rows))
    }
    for (type, content) in call.node["requestBody"]?["content"]?.mapping ?? [:] {
      parts.append(
        "<p>Body <code>\((type.string ?? "").escapedHTML)</code>: \(words(of: content["schema"]))</p>"
      )
      if let schema = content["schema"], schema["$ref"] == nil { parts.append(fields(of: schema)) }
      if let example = content["example"] {
        parts.append("<pre>\(text(of: example).escapedHTML)</pre>")
      }
    }
    let rows = (call.node["responses"]?.mapping ?? [:]).map { status, node in
      let answer = resolved(node)
      let schema = answer["content"]?.mapping?.values.first?["schema"]
      return [
        (status.string ?? "").escapedHTML, (answer["description"]?.string ?? "").escapedHTML,
        words(of: schema),
      ]
    }
    parts.append(table(["Status", "Meaning", "Body"], rows))
    parts.append("</section>")
    return parts.joined()
  }

  // MARK: Schemas

  private var schemas: String {
    var parts = ["<h2 id=\"schemas\">Schemas</h2>"]
    for (name, node) in root["components"]?["schemas"]?.mapping ?? [:] {
      let name = name.string ?? ""
      parts.append("<h3 id=\"schema-\(name.escapedHTML)\">\(name.escapedHTML)</h3>")
      parts.append(paragraphs(node["description"]?.string))
      parts.append(node["properties"] == nil ? "<p>\(words(of: node))</p>" : fields(of: node))
    }
    return parts.joined(separator: "\n")
  }

  private func fields(of schema: Node) -> String {
    let required = Set((schema["required"]?.array() ?? []).compactMap(\.string))
    let rows = (schema["properties"]?.mapping ?? [:]).map { name, node in
      [
        "<code>\((name.string ?? "").escapedHTML)</code>", words(of: node),
        (node["description"]?.string ?? "").escapedHTML
          + (required.contains(name.string ?? "") ? "" : " <em>optional</em>"),
      ]
    }
    return rows.isEmpty ? "" : table(["Field", "Type", ""], rows)
  }

  /// What a value is, in a few words.
  private func words(of schema: Node?) -> String {
    guard let schema else { return "" }
    if let name = schema["$ref"]?.string?.split(separator: "/").last {
      return "<a href=\"#schema-\(String(name).escapedHTML)\">\(String(name).escapedHTML)</a>"
    }
    for (member, word) in [("oneOf", " or "), ("allOf", " and ")] {
      if let parts = schema[member]?.array() {
        return parts.map { words(of: $0) }.joined(separator: word)
      }
    }
    let types = schema["type"]?.array().compactMap(\.string) ?? []
    var text = types.isEmpty ? schema["type"]?.string ?? "" : types.joined(separator: " or ")
    if let items = schema["items"] { text = "list of \(words(of: items))" }
    if let choices = schema["enum"]?.array() {
      text = choices.map { "<code>\(($0.string ?? "null").escapedHTML)</code>" }.joined(
        separator: ", ")
    }
    if let format = schema["format"]?.string { text += " (\(format.escapedHTML))" }
    let least = schema["minimum"]?.string
    let most = schema["maximum"]?.string
    if least != nil || most != nil {
      text += " from \((least ?? "…").escapedHTML) to \((most ?? "…").escapedHTML)"
    }
    return text
  }

  private var problems: String {
    let rows = Problem.Kind.allCases.map { kind in
      [
        "<span id=\"problem-\(kind.rawValue)\"><code>\(kind.rawValue)</code></span>",
        "\(kind.status.code)", kind.title.escapedHTML,
      ]
    }
    return "<h2 id=\"problems\">Problems</h2>" + table(["Code", "Status", "Meaning"], rows)
  }

  // MARK: Text

  private func resolved(_ node: Node) -> Node {
    guard let reference = node["$ref"]?.string else { return node }
    var found: Node? = root
    for part in reference.split(separator: "/").dropFirst() { found = found?[String(part)] }
    return found ?? node
  }

  private func text(of node: Node) -> String {
    if let text = node.string { return text }
    do { return try serialize(node: node) } catch { return "" }
  }

  private func table(_ heads: [String], _ rows: [[String]]) -> String {
    let head = heads.map { "<th scope=\"col\">\($0)</th>" }.joined()
    let body = rows.map { row in "<tr>" + row.map { "<td>\($0)</td>" }.joined() + "</tr>" }
    return "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead>"
      + "<tbody>\(body.joined())</tbody></table></div>"
  }

  /// Paragraphs with code in backquotes and stress in double stars.
  private func paragraphs(_ text: String?) -> String {
    guard let text else { return "" }
    return text.split(separator: "\n\n").map { paragraph in
      let marked = String(paragraph).escapedHTML
        .replacing(/`([^`]+)`/) { "<code>\($0.1)</code>" }
        .replacing(/\*\*([^*]+)\*\*/) { "<strong>\($0.1)</strong>" }
      return "<p>\(marked)</p>"
    }.joined()
  }

  private func anchor(_ text: String) -> String {
    String(text.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
  }
}
