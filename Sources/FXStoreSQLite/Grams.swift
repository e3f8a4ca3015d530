import FXDomain
import FXPorts

/// Names of batches are found by any part of them through an index of all their pieces of one, two
/// and three characters, in tables that any database has.
enum Grams {
  private static let greatestLength = 3
  /// Pieces of a sought text that are looked up; the name itself has the last word.
  private static let greatestSought = 8

  static func all(of name: String) -> Set<String> {
    let scalars = Array(SoughtText.fold(name).unicodeScalars)
    var grams: Set<String> = []
    for length in 1...greatestLength { grams.formUnion(pieces(of: scalars, length: length)) }
    return grams
  }

  /// Pieces that a name with this text in it must have.
  static func sought(_ text: SoughtText) -> [String] {
    let scalars = Array(text.folded.unicodeScalars)
    let grams = pieces(of: scalars, length: min(greatestLength, scalars.count))
    let step = max(1, (grams.count + greatestSought - 1) / greatestSought)
    return stride(from: 0, to: grams.count, by: step).map { grams[$0] }
  }

  private static func pieces(of scalars: [Unicode.Scalar], length: Int) -> [String] {
    guard scalars.count >= length else { return [] }
    return (0...scalars.count - length).map { start in
      var piece = String.UnicodeScalarView()
      piece.append(contentsOf: scalars[start..<start + length])
      return String(piece)
    }
  }
}

extension Transaction {
  func insertGrams(of batch: BatchKey, _ name: String) throws {
    for gram in Grams.all(of: name).sorted() {
      try run("INSERT INTO batch_grams (gram, batch_key) VALUES (?, ?)", gram, batch)
    }
  }

  func deleteGrams(of batch: BatchKey, _ name: String) throws {
    for gram in Grams.all(of: name).sorted() {
      try run("DELETE FROM batch_grams WHERE gram = ? AND batch_key = ?", gram, batch)
    }
  }
}
