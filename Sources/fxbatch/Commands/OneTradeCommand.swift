import ArgumentParser
import FXJSON

struct OneTradeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trade", abstract: "One trade: its history, another try, its cancellation.",
    discussion: "  fxbatch trade show 0191…\n  fxbatch trade retry 0191…",
    subcommands: [Show.self, Retry.self, Cancel.self])

  /// A trade, as a person names it, and where.
  struct TradeOptions: ParsableArguments {
    @Argument(help: "A trade's identifier.") var trade: String
    @OptionGroup var place: CallOptions

    func order(_ order: String, _ body: JSON? = nil) async throws {
      try await place.open(.changes) { desk in
        let answer = try await desk.post(try desk.path(ofTrade: trade, order), body)
        desk.say(answer) { "trade \($0.words("id")) is \($0.words("status"))" }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a trade with its attempts, its evidence and its history.",
      discussion: "  fxbatch trade show 0191… --json")
    @OptionGroup var options: TradeOptions

    func run() async throws {
      try await options.place.open(.reads) { desk in
        desk.say(
          try await desk.get(try desk.path(ofTrade: options.trade)), TradeText.whole)
      }
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tries a failed or cancelled trade again.",
      discussion: "  fxbatch trade retry 0191… --note \"settled by hand, booking anew\"")
    @OptionGroup var options: TradeOptions
    @Option(help: "Why; kept with the trade.") var note: String?

    func run() async throws {
      try await options.order("retry", note.map { ["note": .string($0)] })
    }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Cancels a trade that is still pending.",
      discussion: "  fxbatch trade cancel 0191…")
    @OptionGroup var options: TradeOptions

    func run() async throws { try await options.order("cancel") }
  }
}
