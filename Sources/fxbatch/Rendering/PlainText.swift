extension String {
  /// For terminals: names, notes and messages come from files, banks and other people, and nothing
  /// in them may steer a terminal or turn the direction of a line. What could is shown as `\u{202e}`.
  var plain: String {
    // Most texts are of ASCII without controls.
    guard utf8.contains(where: { !(0x20..<0x7f).contains($0) }) else { return self }
    var shown = ""
    for scalar in unicodeScalars {
      if scalar.steersTerminals {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }
}

extension Unicode.Scalar {
  /// Controls, marks of direction and other invisible characters, and what ends a line.
  var steersTerminals: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
