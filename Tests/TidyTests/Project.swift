import Foundation

/// One text file of the project.
struct ProjectFile: Sendable {
  /// From the project's root, with `/` between its parts.
  let path: String
  let lines: [String]
  /// Empty unless the file is Swift.
  let tokens: [Token]

  init(path: String, text: String) {
    self.path = path
    self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    self.tokens = path.hasSuffix(".swift") ? Tokenizer.tokens(of: text) : []
  }

  /// Line breaks, as `wc -l` counts them.
  var lineCount: Int { lines.count - 1 }

  /// The module whose sources the file is among; nil outside `Sources`.
  var module: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  /// The file's name without its ending.
  var name: String {
    let last = path.split(separator: "/").last ?? ""
    return String(last.prefix { $0 != "." })
  }
}

/// The project's own text files, without what `.gitignore` leaves out.
struct Project: Sendable {
  let files: [ProjectFile]

  /// The project that this file is compiled from.
  static func own() throws -> Project {
    try Project(root: URL(filePath: #filePath).appending(path: "../../..").standardized)
  }

  init(root: URL) throws {
    files = try Self.paths(below: root).sorted().compactMap { path in
      let bytes = try Data(contentsOf: root.appending(path: path))
      return String(data: bytes, encoding: .utf8).map { ProjectFile(path: path, text: $0) }
    }
  }

  /// The names of the folders in `Sources` that hold Swift.
  var modules: Set<String> {
    Set(files.filter { $0.path.hasSuffix(".swift") }.compactMap(\.module))
  }

  func violations(of rule: Rule) -> [Violation] { files.flatMap { rule.violations(in: $0) } }

  /// Scripts under `Tests` that `bin/test` does not name, and so would never run.
  var scriptsThatNeverRun: [String] {
    let runner = files.first { $0.path == "bin/test" }?.lines ?? []
    return files.filter { file in
      file.path.hasPrefix("Tests/") && file.lines[0].hasPrefix("#!")
        && !runner.contains { $0.contains(file.path) }
    }.map(\.path)
  }

  private static func paths(below folder: URL, prefix: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: [.isDirectoryKey, .isRegularFileKey]
    ).filter { !isIgnored($0.lastPathComponent) }.flatMap { entry -> [String] in
      let values = try entry.resourceValues(forKeys: [.isDirectoryKey, .isRegularFileKey])
      let path = prefix + entry.lastPathComponent
      if values.isDirectory == true { return try paths(below: entry, prefix: path + "/") }
      return values.isRegularFile == true ? [path] : []
    }
  }

  /// What `.gitignore` names, and git's own.
  private static func isIgnored(_ name: String) -> Bool {
    [".git", ".swiftpm", "__pycache__", "data", "Package.resolved"].contains(name)
      || [".build", ".venv"].contains { name.hasPrefix($0) }
      || [".db", ".db-wal", ".db-shm", ".token"].contains { name.hasSuffix($0) }
  }
}
