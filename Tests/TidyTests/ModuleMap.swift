/// What the files of one module may import.
struct ModuleRow: Sendable {
  let ours: Set<String>
  /// Modules from elsewhere; nil when any will do.
  let others: Set<String>?

  init(ours: Set<String>, others: Set<String>? = nil) {
    self.ours = ours
    self.others = others
  }
}

/// Who may know whom: pure values at the bottom, I/O on top, and only the executable knows everybody.
enum ModuleMap {
  static let rows: [String: ModuleRow] = [
    "FXDomain": ModuleRow(ours: [], others: []),
    "FXPorts": ModuleRow(ours: ["FXDomain"], others: ["Crypto"]),
    "FXJSON": ModuleRow(ours: [], others: []),
    "FXAPI": ModuleRow(ours: ["FXDomain", "FXJSON", "FXPorts"]),
    "FXFiles": ModuleRow(ours: ["FXDomain"]),
    "FXEngine": ModuleRow(ours: ["FXDomain", "FXPorts", "FXFiles"]),
    "FXStoreSQLite": ModuleRow(ours: ["FXDomain", "FXPorts"]),
    "FXBankCapitec": ModuleRow(ours: ["FXDomain", "FXPorts"]),
    "FXBankSandbox": ModuleRow(ours: ["FXDomain", "FXJSON"]),
    "FXNotify": ModuleRow(ours: ["FXDomain", "FXPorts", "FXAPI", "FXEngine"]),
    "FXServer": ModuleRow(ours: [
      "FXDomain", "FXJSON", "FXPorts", "FXAPI", "FXFiles", "FXEngine",
    ]),
    "FXSimulation": ModuleRow(ours: ["FXDomain", "FXPorts", "FXEngine"]),
    "FXTesting": ModuleRow(ours: ["FXDomain", "FXPorts", "FXEngine"]),
    "fxbatch": ModuleRow(ours: [
      "FXDomain", "FXJSON", "FXPorts", "FXAPI", "FXFiles", "FXEngine", "FXStoreSQLite",
      "FXBankCapitec", "FXBankSandbox", "FXNotify", "FXServer", "FXSimulation",
    ]),
    "fxsimulate": ModuleRow(ours: ["FXSimulation"]),
  ]

  static func isOurs(_ module: String) -> Bool { module.hasPrefix("FX") || rows[module] != nil }

  static func allows(_ imported: String, in module: String) -> Bool {
    guard let row = rows[module] else { return false }
    return isOurs(imported) ? row.ours.contains(imported) : row.others?.contains(imported) ?? true
  }
}
