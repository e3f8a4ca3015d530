extension Unicode.Scalar {
  /// Controls, marks of direction and other characters without a shape of their own, and what ends a
  /// line: they could steer a terminal, or make a text look like another.
  public var isInvisible: Bool {
    // Most of all texts.
    if (0x20..<0x7f).contains(value) { return false }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

extension StringProtocol {
  /// Whether there is anything to be seen of it.
  public var isVisible: Bool {
    unicodeScalars.contains { !$0.properties.isWhitespace && !$0.isInvisible }
  }
}
