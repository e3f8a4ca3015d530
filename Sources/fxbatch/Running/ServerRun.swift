import ArgumentParser
import FXDomain
import FXJSON
import UnixSignals

/// Watches a batch that a server runs, until it has come to its end or only people can move it.
struct ServerRun: Sendable {
  let client: DeskClient
  /// Its identifier.
  let batch: String
  let signals: UnixSignalsSequence

  private enum Event: Sendable {
    case ended(ExitCode)
    case interrupted
  }

  /// - Returns: the code with which the process ends.
  func follow() async throws -> ExitCode {
    let code = try await withThrowingTaskGroup(of: Event.self) { group in
      group.addTask { .ended(try await watch()) }
      group.addTask {
        for await _ in signals { break }
        return .interrupted
      }
      defer { group.cancelAll() }
      switch try await group.next() {
      case .ended(let code): return code
      case .interrupted, nil: return ExitCode.interrupted
      }
    }
    try await BatchText.say(try await client.get("/api/batches/\(batch)"), at: client)
    if code == .interrupted {
      Terminal.complain(
        "the server goes on with it. See how far it is with: fxbatch watch \(batch)")
    }
    return code
  }

  private func watch() async throws -> ExitCode {
    var progress = Progress()
    var code = ExitCode.interrupted
    try await client.calls.follow(batch: batch) { message in
      guard let standing = message.standings.first(where: { $0.id == batch }) else { return true }
      progress.show(standing)
      if let ended = standing.status.exitCode {
        code = ended
        return false
      }
      let reasons = try await reasons(standing)
      for reason in reasons { Terminal.complain(reason) }
      if !reasons.isEmpty { code = .waitsForPerson }
      return reasons.isEmpty
    }
    return code
  }

  /// What people have to do; nothing while anything may still move by itself.
  private func reasons(_ standing: Standing) async throws -> [String] {
    let counts = standing.counts
    guard counts.quoting == 0, counts.booking == 0 else { return [] }
    let told = try await client.get("/api/batches/\(batch)")
    let needs = Standing(told)?.needsDecision ?? []
    if standing.status == .staged {
      return needs.isEmpty ? [] : ["the batch \(batch) waits for somebody's approval."]
    }
    let held = counts.booked + counts.inDoubt
    let isLeftToPeople = needs.contains {
      [.inDoubt, .unconfirmed].contains(DecisionReason(rawValue: $0))
    }
    guard held == 0 || isLeftToPeople else { return [] }
    var reasons: [String] = []
    if held > 0 {
      reasons.append(
        "\(held) trades need a person's word on whether they were booked: fxbatch trades \(batch) "
          + "--status in_doubt, then fxbatch resolve")
    }
    guard counts.pending > 0 else { return reasons }
    if standing.status == .paused {
      let cause = PauseCause(rawValue: told.words("pause_cause"))?.words ?? ""
      return reasons + [
        "the batch is paused \(cause), with \(counts.pending) trades pending: fxbatch resume \(batch)"
      ]
    }
    guard try await client.get("/api/kill-switch").holds("engaged") else { return [] }
    return reasons + [
      "the kill switch is engaged and \(counts.pending) trades are pending: fxbatch kill-switch release"
    ]
  }
}

extension JSON {
  /// How batches stand, by a message of the live feed; none where it tells something else.
  var standings: [Standing] {
    let data = self["data"] ?? .null
    switch words("type") {
    case "snapshot": return (data["batches"]?.elements ?? []).compactMap { Standing($0) }
    case "batch.progress": return Standing(data).map { [$0] } ?? []
    default: return []
    }
  }
}
