/// The checks that read a file token by token.
extension ProjectFile {
  func imports(against module: String) -> [Finding] {
    guard path.hasSuffix(".swift") else { return [] }
    guard ModuleMap.rows[module] != nil else {
      return [Finding(line: 1, message: "the module \(module) has no row in ModuleMap")]
    }
    let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return tokens.indices.filter { text(at: $0) == "import" }.compactMap { index in
      let imported = kinds.contains(text(at: index + 1)) ? text(at: index + 2) : text(at: index + 1)
      guard !ModuleMap.allows(imported, in: module) else { return nil }
      return Finding(line: tokens[index].line, message: "\(module) must not import \(imported)")
    }
  }

  func floatingPoint() -> [Finding] {
    let types: Set = ["Double", "Float", "Float16", "Float32", "Float64", "Float80", "CGFloat"]
    return findings("is binary floating point") { index in
      let text = text(at: index)
      let isFraction =
        text.first?.isNumber == true && !text.hasPrefix("0x")
        && text.contains { $0 == "." || $0 == "e" || $0 == "E" }
      return types.contains(text) || text == "TimeInterval" || isFraction
    }
  }

  /// `Task { }` and its kin outlive the function that starts them. A task that names its executor is
  /// let pass, for that is how a simulation keeps hold of it.
  func looseTasks() -> [Finding] {
    findings("starts a task that nothing waits for") { index in
      guard text(at: index) == "Task" else { return false }
      if text(at: index + 1) == "." {
        return ["detached", "immediate", "immediateDetached"].contains(text(at: index + 2))
      }
      var next = index + 1
      if text(at: next) == "<" { next = closing(from: next, open: "<", close: ">") + 1 }
      if text(at: next) == "(" {
        if text(at: next + 1) == "executorPreference" { return false }
        next = closing(from: next, open: "(", close: ")") + 1
      }
      return text(at: next) == "{"
    }
  }

  func swallowedErrors() -> [Finding] {
    findings("swallows an error") { text(at: $0) == "try" && text(at: $0 + 1) == "?" }
  }

  func defaults() -> [Finding] {
    findings("hides the cases that a new state would need") {
      text(at: $0) == "default" && text(at: $0 + 1) == ":" && text(at: $0 - 1) != "."
    }
  }

  func emptyNames() -> [Finding] {
    let endings = ["Manager", "Helper", "Helpers", "Util", "Utils", "Impl", "Service"]
    let declares: Set = [
      "struct", "class", "enum", "actor", "protocol", "typealias", "associatedtype", "func", "var",
      "let", "case",
    ]
    let isEmpty = { (name: String) in endings.contains { name.hasSuffix($0) } }
    let declared = findings("says nothing about what it names") { index in
      declares.contains(text(at: index - 1)) && isEmpty(text(at: index))
    }
    guard path.hasSuffix(".swift"), isEmpty(name) else { return declared }
    return [Finding(line: 1, message: "\(name) says nothing about what it names")] + declared
  }

  /// The comment with the proof stands right above the declaration and its attributes.
  func unprovenSharing() -> [Finding] {
    let declares: Set = ["struct", "class", "enum", "extension", "var", "let"]
    return findings("shares without a comment that proves it safe") { index in
      let isUnchecked = text(at: index - 1) == "@" && text(at: index) == "unchecked"
      let isUnsafe =
        text(at: index) == "nonisolated" && text(at: index + 1) == "("
        && text(at: index + 2) == "unsafe"
      guard isUnchecked || isUnsafe else { return false }
      let declaration =
        isUnsafe ? index : tokens[...index].lastIndex { declares.contains($0.text) } ?? index
      var above = tokens[declaration].line - 2
      while above >= 0, lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
      return above < 0 || !lines[above].drop(while: { $0 == " " }).hasPrefix("//")
    }
  }

  func printing() -> [Finding] {
    let printers: Set = ["print", "debugPrint", "dump", "NSLog", "puts"]
    return findings("writes to the terminal") {
      printers.contains(text(at: $0)) && text(at: $0 + 1) == "("
        && text(at: $0 - 1) != "." && text(at: $0 - 1) != "func"
    }
  }

  /// Functions, initializers, subscripts and computed properties, from their first line to their
  /// closing brace.
  func longFunctions() -> [Finding] {
    let declares: Set = ["func", "init", "deinit", "subscript", "var"]
    return tokens.indices.compactMap { index in
      guard declares.contains(text(at: index)), text(at: index - 1) != ".",
        let body = bodyStart(ofDeclarationAt: index)
      else { return nil }
      let end = tokens[closing(from: body, open: "{", close: "}")].line
      let length = end - tokens[index].line + 1
      guard length > Rule.longestFunctionInLines else { return nil }
      let name = ["func", "var"].contains(text(at: index)) ? text(at: index + 1) : text(at: index)
      return Finding(line: tokens[index].line, message: "\(name) has \(length) lines")
    }
  }

  /// The brace that opens a declaration's body; nil for a requirement of a protocol, which has none,
  /// and for a stored property.
  private func bodyStart(ofDeclarationAt start: Int) -> Int? {
    let nextDeclaration: Set = [
      "func", "init", "deinit", "subscript", "var", "let", "case", "struct", "enum", "class",
      "actor", "extension", "protocol", "associatedtype", "typealias", "static", "mutating",
      "public", "package", "internal", "fileprivate", "private", "if", "}", ";",
    ]
    var depth = 0
    for index in tokens.indices[(start + 1)...] {
      let text = text(at: index)
      if text == "(" || text == "[" { depth += 1 }
      if text == ")" || text == "]" { depth -= 1 }
      guard depth == 0 else { continue }
      if text == "{" { return index }
      if nextDeclaration.contains(text) { return nil }
      let isStored = text == "=" || tokens[index].line > tokens[start].line
      if self.text(at: start) == "var", isStored { return nil }
    }
    return nil
  }

  /// The index of the mark that closes the one at `start`; the last token when nothing closes it.
  private func closing(from start: Int, open: String, close: String) -> Int {
    var depth = 0
    for index in start..<tokens.count {
      if text(at: index) == open { depth += 1 }
      if text(at: index) == close { depth -= 1 }
      if depth == 0 { return index }
    }
    return tokens.count - 1
  }

  /// The text of the token at an index, empty outside the file.
  private func text(at index: Int) -> String {
    tokens.indices.contains(index) ? tokens[index].text : ""
  }

  private func findings(_ complaint: String, where isWrong: (Int) -> Bool) -> [Finding] {
    tokens.indices.filter(isWrong).map {
      Finding(line: tokens[$0].line, message: "\(tokens[$0].text) \(complaint)")
    }
  }
}
