/// A place in a list: keys, negated where the list runs backwards, so that of two places the greater
/// one always comes later.
struct Place: Comparable {
  var batch: Int64
  var trade: Int64

  init(batch: Int64, trade: Int64 = 0) {
    self.batch = batch
    self.trade = trade
  }

  /// Before every place.
  static let start = Place(batch: -.max, trade: -.max)

  static func < (left: Place, right: Place) -> Bool {
    left.batch != right.batch ? left.batch < right.batch : left.trade < right.trade
  }

  /// Right before this place: what comes after it is this place or a later one.
  var before: Place { Place(batch: batch, trade: trade - 1) }

  /// After which whole batches are wanted: the batch itself still counts right before its place.
  var batchBefore: Int64 { trade < 0 && batch > -.max ? batch - 1 : batch }
}

/// Places in ascending order, read piece by piece. Several are joined by skipping: a stream is asked
/// for what comes after the place that another has reached, so that what both pass over is not read.
final class PlaceStream {
  /// Reads up to so many places that come after one.
  typealias Read = (_ after: Place, _ limit: Int) throws -> [Place]

  private enum Source {
    case pieces(Read, size: Int)
    case any([PlaceStream])
    case all([PlaceStream])
  }

  private let source: Source
  private var known: ArraySlice<Place> = []
  private var isWhole = false

  private init(_ source: Source) { self.source = source }

  init(size: Int = 64, _ read: @escaping Read) { self.source = .pieces(read, size: size) }

  /// These places only.
  init(_ places: [Place]) {
    self.source = .any([])
    self.known = places.sorted()[...]
    self.isWhole = true
  }

  /// What at least one of them has.
  static func any(_ streams: [PlaceStream]) -> PlaceStream {
    streams.count == 1 ? streams[0] : PlaceStream(.any(streams))
  }

  /// What every one of them has; there is at least one.
  static func all(_ streams: [PlaceStream]) -> PlaceStream {
    streams.count == 1 ? streams[0] : PlaceStream(.all(streams))
  }

  /// The first place after another, which is never before that of the last call.
  func next(after place: Place) throws -> Place? {
    known = known.drop { $0 <= place }
    if let first = known.first { return first }
    if isWhole { return nil }
    switch source {
    case .pieces(let read, let size):
      let piece = try read(place, size)
      isWhole = piece.count < size
      known = piece[...]
    case .any(let streams):
      known = try streams.compactMap { try $0.next(after: place) }.min().map { [$0] } ?? []
      isWhole = known.isEmpty
    case .all(let streams):
      known = try firstOfAll(streams, after: place).map { [$0] } ?? []
      isWhole = known.isEmpty
    }
    return known.first
  }

  private func firstOfAll(_ streams: [PlaceStream], after start: Place) throws -> Place? {
    var after = start
    search: while let found = try streams[0].next(after: after) {
      for stream in streams.dropFirst() {
        guard let other = try stream.next(after: found.before) else { return nil }
        if other > found {
          after = other.before
          continue search
        }
      }
      return found
    }
    return nil
  }
}
