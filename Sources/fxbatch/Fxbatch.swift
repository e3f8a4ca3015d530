import ArgumentParser
import FXPorts
import Foundation

/// The root of the command line. It alone decides how a failure is told and with which code the
/// process ends.
@main struct Fxbatch: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "fxbatch",
    abstract: "Runs batches of foreign-exchange trades, each booked at most once.",
    discussion: """
      Everything at once, in a minute: fxbatch demo. Step by step, with a bank that is not real:

        fxbatch sandbox --ready-file bank.env &
        until [ -s bank.env ]; do sleep 0.1; done
        fxbatch clients import clients.csv --config bank.env
        fxbatch run trades.csv --pricing bank --name morning --config bank.env

      Commands work on the local store, or on a running `fxbatch serve` that --server or FXBATCH_SERVER \
      names, with your token (FXBATCH_TOKEN_FILE): they are the same either way.

        fxbatch list --server https://desk.example:8443

      Settings come from the environment and from the file that --config names (lines of NAME=value); \
      the environment wins. `fxbatch settings` lists them all.

      Completion of what you type: fxbatch --generate-completion-script bash (or zsh, fish).

      Exit codes: 0 success, 1 partial success, 2 failed, 3 cancelled, 4 waiting for a person, \
      130 interrupted and resumable, 64 usage, 65 bad input, 69 bank or server unavailable, \
      70 a fault in fxbatch, 74 store.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Taking batches in and running them",
        subcommands: [
          RunCommand.self, SubmitCommand.self, ValidateCommand.self, StartCommand.self,
          PauseCommand.self, ResumeCommand.self, CancelCommand.self, CloneCommand.self,
          TemplatesCommand.self, EditCommand.self, PriorityCommand.self, DeleteCommand.self,
        ]),
      CommandGroup(
        name: "Looking",
        subcommands: [
          ListCommand.self, ShowCommand.self, WatchCommand.self, TradesCommand.self,
          OneTradeCommand.self, ErrorsCommand.self, EventsCommand.self, ResultsCommand.self,
          ExportCommand.self, ReportCommand.self, ConfirmationCommand.self, EvidenceCommand.self,
          QueueCommand.self, LocksCommand.self, NotificationsCommand.self,
        ]),
      CommandGroup(
        name: "Deciding",
        subcommands: [
          DecisionsCommand.self, ApproveCommand.self, RejectCommand.self, RetryCommand.self,
          AcceptCommand.self, ReverseCommand.self, ResolveCommand.self, KillSwitchCommand.self,
        ]),
      CommandGroup(
        name: "What the desk knows",
        subcommands: [ClientsCommand.self, AccountsCommand.self, RateCommand.self]),
      CommandGroup(
        name: "The server, and who may do what",
        subcommands: [
          ServeCommand.self, TokenCommand.self, MeCommand.self, AuditCommand.self,
          WebhooksCommand.self, SettingsCommand.self,
        ]),
      CommandGroup(
        name: "The local store",
        subcommands: [
          ReconcileCommand.self, VerifyCommand.self, MigrateCommand.self, BackupCommand.self,
          RestoreCommand.self,
        ]),
      CommandGroup(
        name: "Trying things out",
        subcommands: [
          DemoCommand.self, SandboxCommand.self, BenchCommand.self, MeasureCommand.self,
        ]
      ),
    ])

  static func main() async {
    // What is written here is nobody else's business: books, ledgers, credentials.
    umask(0o077)
    do {
      var command = try await asyncParseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let refusal as Refusal {
      refusal.tell()
      exit(withError: refusal.exitCode)
    } catch let complaint as Complaint {
      Terminal.complain(complaint.message)
      exit(withError: complaint.code)
    } catch let error as StoreError {
      Terminal.complain(error.advice)
      exit(withError: ExitCode.store)
    } catch let code as ExitCode {
      exit(withError: code)
    } catch {
      end(with: error)
    }
  }

  /// Ends with a request for help, with a usage that was not understood, or with an error that
  /// nobody foresaw: the code of the last must not read as a partial success.
  private static func end(with error: any Error) -> Never {
    let code = exitCode(for: error)
    if code.isSuccess { exit(withError: error) }
    guard code == .validationFailure else {
      Terminal.complain("this is a fault in fxbatch, please report it: \(error)")
      exit(withError: ExitCode.programFault)
    }
    Terminal.note(fullMessage(for: error))
    exit(withError: code)
  }
}
