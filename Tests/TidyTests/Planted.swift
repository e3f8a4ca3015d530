/// A file made up to try a rule.
struct Planted: Sendable {
  let file: ProjectFile
  /// The lines that break the rule, in order.
  let lines: [Int]

  /// A text that breaks the rule on the lines named.
  static func breaks(_ path: String, _ text: String, lines: [Int] = [1]) -> Planted {
    Planted(file: ProjectFile(path: path, text: text), lines: lines)
  }

  /// A text that looks like a violation and is none.
  static func keeps(_ path: String, _ text: String) -> Planted {
    Planted(file: ProjectFile(path: path, text: text), lines: [])
  }
}

extension Rule {
  /// What the rule must catch, and what it must let pass.
  var planted: [Planted] {
    switch self {
    case .importsPointDownwards: Self.plantedImports
    case .moneyIsExact: Self.plantedNumbers
    case .tasksAreStructured: Self.plantedTasks
    case .errorsAreNotSwallowed:
      [
        .breaks("Sources/FXEngine/A.swift", "let a = try? read()\n"),
        .breaks("Sources/FXStoreSQLite/A.swift", "let a = try? read()\n"),
        .breaks("Sources/FXBankCapitec/A.swift", "\nlet a = \"\\(try? read())\"\n", lines: [2]),
        .keeps("Sources/FXEngine/A.swift", "// try? is not for us\nlet a = try read()\n"),
        .keeps("Sources/fxbatch/A.swift", "let a = try? read()\n"),
      ]
    case .stateSwitchesAreExhaustive:
      [
        .breaks(
          "Sources/FXDomain/States/A.swift", "switch a {\n@unknown default: 1\n}\n", lines: [2]),
        .keeps("Sources/FXDomain/States/A.swift", "let a = b(\"default: 1\")\ncase .default: 2\n"),
        .keeps("Sources/FXDomain/Calendar/A.swift", "switch a {\ndefault: 1\n}\n"),
      ]
    case .namesSayWhatThingsAre: Self.plantedNames
    case .filesAreShort:
      [
        .breaks(
          "Sources/FXEngine/A.swift", String(repeating: "// one\n", count: 401), lines: [401]),
        .keeps("Sources/FXEngine/A.swift", String(repeating: "// one\n", count: 400)),
        .keeps("Sources/FXBankSandbox/Rates/a.csv", String(repeating: "one\n", count: 401)),
      ]
    case .functionsAreShort: Self.plantedFunctions
    case .sharingIsProven: Self.plantedSharing
    case .onlyTheExecutablePrints:
      [
        .breaks("Sources/FXEngine/A.swift", "func a() {\n  print(1)\n}\n", lines: [2]),
        .breaks("Sources/FXTesting/A.swift", "debugPrint(1)\ndump(2)\n", lines: [1, 2]),
        .keeps("Sources/fxbatch/A.swift", "print(1)\n"),
        .keeps("Sources/FXEngine/A.swift", "page.print(1)\nfunc print(_ page: Page) {}\n"),
      ]
    case .nothingIsLeftForLater:
      [
        .breaks("bin/a", "one\n# TO" + "DO two\n", lines: [2]),
        .breaks("Sources/FXEngine/A.swift", "// FIX" + "ME: one\n"),
        .keeps("README.md", "Nothing is left to do.\n"),
      ]
    case .theWorkplaceStaysUnnamed:
      [
        .breaks("README.md", "one\ncd /wo" + "rk/main\n", lines: [2]),
        .breaks(".ci/run", "cat ../sha" + "red/notes\n"),
        .keeps("README.md", "The network/bank does the work/books the trade; it is shared.\n"),
      ]
    }
  }

  private static let plantedImports: [Planted] = [
    .breaks("Sources/FXDomain/A.swift", "import Foundation\nimport FXPorts\n", lines: [1, 2]),
    .breaks("Sources/FXDomain/A.swift", "import struct Foundation.Date\n"),
    .breaks("Sources/FXDomain/A.swift", "import NIOCore; import GRDB\n", lines: [1, 1]),
    .breaks("Sources/FXPorts/A.swift", "import Foundation\n"),
    .breaks("Sources/FXEngine/A.swift", "@testable import FXStoreSQLite\n"),
    .breaks("Sources/FXEngine/A.swift", "public import FXBankSandbox\n"),
    .breaks("Sources/FXStoreSQLite/A.swift", "import FXEngine\n"),
    .breaks("Sources/FXBankCapitec/A.swift", "import FXEngine\n"),
    .breaks("Sources/FXBankSandbox/A.swift", "import FXPorts\n"),
    .breaks("Sources/FXTesting/A.swift", "import FXStoreSQLite\n"),
    .breaks("Sources/fxbatch/A.swift", "import FXTesting\n"),
    .breaks("Sources/FXElsewhere/A.swift", "// A module that the map does not know.\n"),
    .keeps("Sources/FXDomain/A.swift", "// import Foundation\nlet a = \"import GRDB\"\n"),
    .keeps("Sources/FXPorts/A.swift", "import Crypto\nimport FXDomain\n"),
    .keeps("Sources/fxbatch/A.swift", "import FXBankCapitec\nimport FXStoreSQLite\n"),
    .keeps("Tests/FXStoreTests/A.swift", "@testable import FXStoreSQLite\n"),
  ]

  private static let plantedNumbers: [Planted] = [
    .breaks(
      "Sources/FXDomain/A.swift", "var a: Double { b }\nvar c: [Float] = []\n", lines: [1, 2]),
    .breaks("Sources/FXPorts/A.swift", "let a = 1.5\nlet b = 1e-6\n", lines: [1, 2]),
    .breaks("Sources/FXFiles/A.swift", "let a = \"\"\"\n  \\(b * 0.5)\n  \"\"\"\n", lines: [2]),
    .breaks("Sources/FXEngine/A.swift", "let a: TimeInterval = 1\n"),
    .breaks("Sources/FXStoreSQLite/A.swift", "let a = row as Double\n"),
    .breaks("Sources/FXBankSandbox/A.swift", "let a = Float(b)\n"),
    .keeps("Sources/FXDomain/A.swift", "let a = $0.0 + pair.0.1 + 0x1e5 + 1_000\n"),
    .keeps(
      "Sources/FXDomain/A.swift", "/* Double, /* 1.5 */ Float */ let a = #\"1.5\"# // Float\n"),
    .keeps("Sources/FXDomain/A.swift", "let a = \"\\\"Double 1.5\"; let b = 0...9\n"),
    .keeps("Sources/fxbatch/A.swift", "let a: Double = 1.5\n"),
  ]

  private static let plantedTasks: [Planted] = [
    .breaks("Sources/FXEngine/A.swift", "Task { await a() }\n"),
    .breaks("Sources/FXEngine/A.swift", "\nlet a = Task<Void, Never> {}\n", lines: [2]),
    .breaks("Sources/FXStoreSQLite/A.swift", "Task(priority: .high) { @Sendable in }\n"),
    .breaks("Sources/FXBankCapitec/A.swift", "_ = Task.detached { await a() }\n"),
    .keeps("Sources/FXEngine/A.swift", "await withTaskGroup { $0.addTask { a() } }\n"),
    .keeps("Sources/FXEngine/A.swift", "try await Task.sleep(for: a); let b: Task<Void, Never>?\n"),
    .keeps("Sources/FXEngine/A.swift", "Task(executorPreference: a) { b() }\n"),
    .keeps("Sources/fxbatch/A.swift", "Task { await a() }\n"),
  ]

  private static let plantedNames: [Planted] = [
    .breaks("Sources/FXEngine/A.swift", "struct BatchManager {}\n"),
    .breaks("Sources/fxbatch/A.swift", "enum A {\n  case tradeService\n}\n", lines: [2]),
    .breaks("Tests/FXEngineTests/A.swift", "func makeHelper() {}\n"),
    .breaks("Sources/FXEngine/DateUtils.swift", "struct Clock {}\n"),
    .keeps("Sources/FXEngine/A.swift", "let a = FileManager.default\nstruct Managers {}\n"),
    .keeps("Sources/fxbatch/A.swift", "struct Server: Service {}\n"),
  ]

  private static let plantedFunctions: [Planted] = [
    .breaks("Sources/FXEngine/A.swift", "func a(\n  b: Int\n) {\n\(statements(67))}\n"),
    .breaks("Sources/FXEngine/A.swift", "\ninit?() {\n\(statements(69))}\n", lines: [2]),
    .breaks("Sources/fxbatch/A.swift", "var a: [Int] {\n\(statements(69))}\n"),
    .keeps("Sources/FXEngine/A.swift", "func a() {\n\(statements(68))}\n\(statements(9))"),
    .keeps(
      "Sources/FXPorts/A.swift",
      "func a() -> @Sendable () -> Void\nstruct B {\n\(statements(70))}\n"
    ),
    .keeps("Sources/FXPorts/A.swift", "struct B {\nvar a: Int\n\(statements(70))}\n"),
    .keeps("Tests/FXEngineTests/A.swift", "func a() {\n\(statements(80))}\n"),
  ]

  private static let plantedSharing: [Planted] = [
    .breaks("Sources/FXEngine/A.swift", "import A\nclass B: @unchecked Sendable {}\n", lines: [2]),
    .breaks(
      "Sources/FXEngine/A.swift", "let a = 1\n@frozen\nclass B:\n  @unchecked Sendable\n{}\n",
      lines: [4]),
    .breaks("Sources/FXEngine/A.swift", "nonisolated(unsafe) var a = 1\n"),
    .keeps("Sources/FXEngine/A.swift", "// A lock guards it.\nclass B: @unchecked Sendable {}\n"),
    .keeps(
      "Sources/FXEngine/A.swift",
      "/// A lock guards it.\n@frozen\nextension B:\n  @unchecked Sendable\n{}\n"),
  ]

  private static func statements(_ count: Int) -> String {
    String(repeating: "  if a { b() }\n", count: count)
  }
}
