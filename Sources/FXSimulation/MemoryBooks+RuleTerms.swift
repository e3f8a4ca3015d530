import FXDomain
import FXPorts

/// What is recorded of clients for the rules.
extension MemoryBooks {
  func terms(of client: ClientKey) -> ClientTerms { .none }
}
