import Crypto
import FXPorts

extension BankGateway {
  /// SHA-256 of the exact request body, for the intent's record.
  func digest(of order: BookingOrder) -> [UInt8] {
    Array(SHA256.hash(data: bookingBody(order)))
  }
}
