import ArgumentParser

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Makes the store, or brings it up to this version.",
    discussion: "Every command that writes does so by itself.\n\n  fxbatch migrate")
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Desk.open(common, .writes) { desk in
      let installation = try await desk.store.installation()
      Terminal.say("\(desk.settings.storePath) is ready (installation \(installation.id))")
    }
  }
}

struct SettingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "Lists every setting, or checks those that are set.",
    discussion: "  fxbatch settings --check --config bank.env")

  @Flag(help: "Read the settings and tell what is wrong with them.") var check = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    if check {
      let settings = try await common.settings(withBank: true)
      Terminal.say(
        "the settings can be used; store \(settings.storePath), "
          + (settings.bank.map { "bank: \($0)" } ?? "no bank"))
      return
    }
    var table = Table("setting", "default", "meaning")
    for line in Settings.lines { table.add(line.name, line.fallback, line.meaning) }
    Terminal.say(table.text)
  }
}
