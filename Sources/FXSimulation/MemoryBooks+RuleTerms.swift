import FXDomain
import FXPorts

/// What is recorded of clients for the rules.
extension MemoryBooks {
  func terms(of client: ClientKey) -> ClientTerms {
    let record = clients[client.index]
    return ClientTerms(
      dayLimit: record.dayLimit, clearance: record.taxClearance,
      declared: declaredUses[client, default: []])
  }
}
