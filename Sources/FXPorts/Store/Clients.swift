import FXDomain

public struct ClientQuery: Hashable, Sendable {
  /// The beginning of the CIF number, or part of the name in either case.
  public var text: String?
  public var isActive: Bool?
  /// Leaves out everything up to and including this CIF number.
  public var after: String?
  public var limit: Int

  public init(
    text: String? = nil, isActive: Bool? = nil, after: String? = nil, limit: Int = 50
  ) {
    self.text = text
    self.isActive = isActive
    self.after = after
    self.limit = limit
  }
}

extension ClientQuery {
  public func admits(_ client: Client) -> Bool {
    let fits = SoughtText(text).map { $0.begins(client.cifNumber) || $0.isPart(of: client.name) }
    return fits ?? true && isActive.map { $0 == client.isActive } ?? true
      && after.map { client.cifNumber > $0 } ?? true
  }
}

/// What is to become of a client; what is nil stays.
public struct ClientChange: Hashable, Sendable {
  public var name: String?
  public var spread: Pips?
  public var isActive: Bool?
  /// `.some(nil)` takes the client's own limit away.
  public var dayLimit: Money??
  /// `.some(nil)` takes the clearance away.
  public var taxClearance: TaxClearance??

  public init(
    name: String? = nil, spread: Pips? = nil, isActive: Bool? = nil, dayLimit: Money?? = nil,
    taxClearance: TaxClearance?? = nil
  ) {
    self.name = name
    self.spread = spread
    self.isActive = isActive
    self.dayLimit = dayLimit
    self.taxClearance = taxClearance
  }
}

/// Why a client was not registered or deleted.
public enum ClientRefusal: Error, Hashable, Sendable {
  case alreadyRegistered
  /// The same request has registered this client before.
  case repeated
  case unknown
  /// The books speak of this client.
  case hasTrades
}
