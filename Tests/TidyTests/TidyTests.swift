import Foundation
import Testing

@Suite struct `The project` {
  private static let project = Result { try Project.own() }

  @Test(arguments: Rule.allCases)
  func `keeps the rule`(_ rule: Rule) throws {
    let exemptions = Exemption.granted.filter { $0.rule == rule }
    for violation in try Self.project.get().violations(of: rule)
    where !exemptions.contains(where: { $0.covers(violation) }) {
      Issue.record("\(violation)")
    }
  }

  @Test(arguments: Exemption.granted)
  func `needs every exemption that it has`(_ exemption: Exemption) throws {
    let violations = try Self.project.get().violations(of: exemption.rule)
    #expect(violations.filter { exemption.covers($0) }.count == 1)
  }

  @Test func `has a row in the module map for each module, and no other`() throws {
    #expect(try Self.project.get().modules == Set(ModuleMap.rows.keys))
  }

  @Test func `runs every script that lies among its tests`() throws {
    #expect(try Self.project.get().scriptsThatNeverRun == [])
  }

  @Test func `is read whole, hidden folders and scripts as well`() throws {
    let paths = Set(try Self.project.get().files.map(\.path))
    let expected: Set = [
      ".ci/run", ".swift-format", "LICENSE", "Package.swift", "Sources/FXDomain/Money/Money.swift",
      "Tests/TidyTests/TidyTests.swift", "bin/demo", "bin/setup", "bin/test",
    ]
    #expect(expected.subtracting(paths) == [])
  }
}

@Suite struct `A rule of the house` {
  @Test(arguments: Rule.allCases)
  func `catches what is planted against it, and lets its look-alikes pass`(_ rule: Rule) {
    for planted in rule.planted {
      let found = rule.violations(in: planted.file).map(\.line)
      #expect(found == planted.lines, "\(planted.file.path)\n\(planted.file.lines.prefix(9))")
    }
  }

  @Test(arguments: Rule.allCases)
  func `is tried with a violation and with a look-alike`(_ rule: Rule) {
    #expect(rule.planted.contains { !$0.lines.isEmpty })
    #expect(rule.planted.contains { $0.lines.isEmpty })
  }
}

@Suite struct `A project on disk` {
  @Test func `is searched below its root, without what is built or ignored`() throws {
    try withProject([
      "Sources/FXDomain/Money/A.swift": "import Foundation\n",
      "Sources/FXDomain/B.swift": "import Foundation\n",
      ".build-asan/C.swift": "import Foundation\n",
      "Sources/FXDomain/data/D.swift": "import Foundation\n",
    ]) { project in
      let found = project.violations(of: .importsPointDownwards).map(\.description)
      #expect(
        found == [
          "Sources/FXDomain/B.swift:1: FXDomain must not import Foundation",
          "Sources/FXDomain/Money/A.swift:1: FXDomain must not import Foundation",
        ])
    }
  }

  @Test func `betrays a script that its test runner does not name`() throws {
    try withProject([
      "bin/test": "scripts=(\n  \"Tests/A/one.py --check\"\n)\n",
      "Tests/A/one.py": "#!/usr/bin/env python3\n",
      "Tests/A/two.py": "#!/usr/bin/env python3\n",
      "Tests/A/library.py": "import json\n",
    ]) { project in
      #expect(project.scriptsThatNeverRun == ["Tests/A/two.py"])
    }
  }

  /// Writes the files into a folder of their own, which is gone afterwards.
  private func withProject(_ files: [String: String], _ body: (Project) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "tidy-\(UUID())")
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: root) } }
    for (path, text) in files {
      let url = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    try body(try Project(root: root))
  }
}
