import ArgumentParser
import FXDomain
import FXJSON

struct RateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rate", abstract: "The desk's own OTC rates.",
    discussion: "  fxbatch rate set USD/ZAR 17.7930\n  fxbatch rate show USD/ZAR",
    subcommands: [Set.self, Show.self, List.self])

  private static func path(_ pair: CurrencyPair) -> String {
    "/api/otc-rates/\(pair.description.replacing("/", with: "-"))"
  }

  private static func line(_ rate: JSON) -> String {
    "\(rate.words("pair")) \(rate.words("rate")), set \(rate.words("set_at")) by "
      + rate.words("set_by").plain
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sets the OTC rate of a pair.",
      discussion:
        "A jump of more than 3 % asks for --confirm.\n\n  fxbatch rate set USD/ZAR 17.7930")

    @Argument(help: "A pair such as USD/ZAR.") var pair: CurrencyPair
    @Argument(help: "Quote units per base unit.") var rate: Rate
    @Flag(help: "Take the rate however far it jumps.") var confirm = false
    @OptionGroup var place: CallOptions

    func validate() throws {
      guard rate.isPositive else { throw ValidationError("A rate is above zero.") }
    }

    func run() async throws {
      try await place.open(.writes) { desk in
        let answer = try await desk.make(
          DeskCall(
            method: .put, path: RateCommand.path(pair),
            body: .json(["rate": .string(rate.decimalText), "confirm": .bool(confirm)])))
        desk.say(answer, RateCommand.line)
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the OTC rate of a pair.", discussion: "  fxbatch rate show USD/ZAR")

    @Argument(help: "A pair such as USD/ZAR.") var pair: CurrencyPair
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        let answer = try await desk.calls.send(
          DeskCall(method: .get, path: RateCommand.path(pair)))
        guard answer.status != 404 else {
          throw Complaint(
            "there is no OTC rate for \(pair) yet: fxbatch rate set \(pair) RATE", .badInput)
        }
        guard !answer.isRefusal else { throw Refusal(answer) }
        desk.say(answer.json, RateCommand.line)
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the OTC rates of all pairs.", discussion: "  fxbatch rate list")
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        try await desk.list(
          "/api/otc-rates", none: "no OTC rates yet", Table("pair", ">rate", "set", "by")
        ) { table, rate in
          table.add(
            rate.words("pair"), rate.words("rate"), rate.words("set_at"), rate.words("set_by"))
        }
      }
    }
  }
}

extension CurrencyPair: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension Rate: ExpressibleByArgument {
  public init?(argument: String) {
    do {
      try self.init(argument)
    } catch {
      return nil
    }
  }
}
