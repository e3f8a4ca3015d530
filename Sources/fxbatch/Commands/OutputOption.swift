import ArgumentParser

/// Where an answer that may be long is written.
struct OutputOption: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A new file; standard output otherwise.", valueName: "file"),
    completion: .file())
  var output: String?

  /// Writes what is answered as it comes; a file is there whole, or not at all.
  func write(_ call: DeskCall, from desk: DeskClient) async throws {
    guard let output else {
      if let refusal = try await desk.calls.fetch(call, { Terminal.say(bytes: $0) }) {
        throw Refusal(refusal)
      }
      return
    }
    let file = try NewFile(output)
    do {
      if let refusal = try await desk.calls.fetch(call, { try file.write($0) }) {
        throw Refusal(refusal)
      }
      try file.finish()
    } catch {
      file.abandon()
      throw error
    }
    Terminal.note("written to \(output)")
  }
}
