import FXDomain
import FXPorts

@testable import FXEngine

/// A breadth-first walk through every state that a world can reach. What it finds first is a shortest
/// trace.
struct Search {
  struct Finding: CustomStringConvertible {
    var violation: String
    var trace: [String]

    var description: String {
      (["Violated: \(violation)"] + trace).joined(separator: "\n")
    }
  }

  struct Reached: Hashable {
    var status: TradeStatus
    var attempt: Int
  }

  struct Step {
    var parent: Int32
    var move: Move?
  }

  private(set) var finding: Finding?
  /// Found states, each with how it was first reached.
  private(set) var steps: [Step] = []
  private(set) var moves = 0
  /// Every status that the trade came to have, at which attempt.
  private(set) var reached: Set<Reached> = []
  /// States from which no end can be reached.
  private(set) var stuck: [Int] = []
  private(set) var isWhole = false
  private let initial: World

  /// - Parameters:
  ///   - limit: greatest number of states; a search that meets it is not whole.
  ///   - checksEnds: whether every state must be able to reach an end.
  init(_ bounds: Bounds, limit: Int = 5_000_000, checksEnds: Bool = true) {
    initial = World(bounds)
    var numbers: [StateKey: Int32] = [initial.key: 0]
    var edges: [(from: Int32, to: Int32)] = []
    var ends: [Int32] = []
    var level = [(number: Int32(0), world: initial)]
    steps = [Step(parent: -1, move: nil)]
    while !level.isEmpty {
      var next: [(number: Int32, world: World)] = []
      for (number, world) in level {
        if world.isEnd { ends.append(number) }
        reached.insert(Reached(status: world.trade.status, attempt: world.trade.attempt))
        for move in world.moves {
          let after = world.after(move)
          moves += 1
          if let violation = after.violation {
            finding = Finding(
              violation: violation, trace: trace(to: number) + ["\(move)", after.summary])
            return
          }
          let (known, isNew) = numbers.number(of: after.key)
          if checksEnds, known != number { edges.append((number, known)) }
          guard isNew else { continue }
          steps.append(Step(parent: number, move: move))
          next.append((known, after))
          if steps.count >= limit { return }
        }
      }
      level = next
    }
    isWhole = true
    if checksEnds { stuck = Self.stuck(states: steps.count, edges: edges, ends: ends) }
  }

  /// The moves that lead to a state, each with what it made of the world.
  func trace(to state: Int32) -> [String] {
    var moves: [Move] = []
    var state = Int(state)
    while let move = steps[state].move {
      moves.append(move)
      state = Int(steps[state].parent)
    }
    var world = initial
    return moves.reversed().flatMap { move in
      world = world.after(move)
      return ["\(move)", world.summary]
    }
  }

  /// Walks back from all ends.
  private static func stuck(
    states: Int, edges: [(from: Int32, to: Int32)], ends: [Int32]
  ) -> [Int] {
    var starts = Array(repeating: 0, count: states + 1)
    for edge in edges { starts[Int(edge.to) + 1] += 1 }
    for state in 0..<states { starts[state + 1] += starts[state] }
    var sources = Array(repeating: Int32(0), count: edges.count)
    var places = starts
    for edge in edges {
      sources[places[Int(edge.to)]] = edge.from
      places[Int(edge.to)] += 1
    }
    var reaches = Array(repeating: false, count: states)
    var waiting = ends
    for end in ends { reaches[Int(end)] = true }
    while let state = waiting.popLast() {
      for source in sources[starts[Int(state)]..<starts[Int(state) + 1]]
      where !reaches[Int(source)] {
        reaches[Int(source)] = true
        waiting.append(source)
      }
    }
    return reaches.indices.filter { !reaches[$0] }
  }
}

extension [StateKey: Int32] {
  /// The number of a state, given out in the order of finding.
  fileprivate mutating func number(of key: StateKey) -> (number: Int32, isNew: Bool) {
    if let known = self[key] { return (known, false) }
    let number = Int32(count)
    self[key] = number
    return (number, true)
  }
}

extension World {
  /// One line for a trace.
  var summary: String {
    let parts = nodes.indices.map { index in
      let node = nodes[index]
      var parts = [Self.names[index]]
      if let generation = node.generation {
        let left = node.validUntil.milliseconds(since: now) / Scale.tick
        parts.append("holds \(generation) for \(left)")
      }
      if let run = node.run?.value {
        parts.append("run of \(run.machine.hold.generation) \("\(run.machine.stage)".prefix(16))")
      }
      if node.recovery != nil { parts.append("recovers") }
      if let inquiry = node.inquiry?.value {
        parts.append("asks about \(inquiry.machine.attempt.number)")
      }
      if node.watch != nil { parts.append("watches") }
      return parts.joined(separator: " ")
    }
    let requests = bank.requests.map { "\($0.number)\($0.acceptedAt == nil ? "" : " accepted")" }
    return "    t\(ticks) trade \(trade.status.rawValue) \(trade.attempt), batch "
      + "\(batch.status.rawValue) \(batch.generation); \(parts.joined(separator: "; ")); "
      + "bank: requests \(requests), deals \(bank.deals.map(\.number))"
  }
}
