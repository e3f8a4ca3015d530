import FXJSON

extension String {
  /// For terminals: names, notes and messages come from files, banks and other people, and nothing
  /// in them may steer a terminal or turn the direction of a line. What could is shown as `\u{202e}`.
  var plain: String {
    guard unicodeScalars.contains(where: \.isInvisible) else { return self }
    var shown = ""
    for scalar in unicodeScalars {
      if scalar.isInvisible {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }
}
