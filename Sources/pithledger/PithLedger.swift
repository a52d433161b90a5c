import ArgumentParser
import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerVerifier
import Logging
import VerifyCommands

/// The ledger from the shell.
///
/// Exit codes: 0 done, 1 the check failed, 2 the input was refused, 64 usage, 69 not reachable, 70
/// anything else.
@main
struct PithLedger: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pithledger",
    abstract: "An append-only, checked ledger of attestations about papers with a Pith Number.",
    subcommands: [
      Serve.self, Migrate.self, Import.self, Attest.self, Withdraw.self, Moderate.self, Key.self,
      AliasCommand.self, Trust.self, Anchors.self, Evidence.self, Audit.self,
      CheckpointCommand.self,
      Prove.self, Verify.self, Fsck.self, Witness.self, Status.self, Events.self, Replay.self,
      Export.self,
    ])

  static func main() async {
    Libpq.ignoreEnvironment(unless: ProcessInfo.processInfo.environment)
    await main(nil)
  }
}

/// The variables that libpq takes connection parameters from.
enum Libpq {
  /// Removes them where the program has a PostgreSQL of its own: `PGPORT` or `PGSERVICE` of a shell are about another
  /// one. With a URL of the operator's they mean what they mean for every other program.
  ///
  /// Called before any other thread runs, since the environment belongs to all.
  static func ignoreEnvironment(unless environment: [String: String]) {
    let names = ["PITHLEDGER_DATABASE_URL", "PITHLEDGER_DATABASE_URL_FILE"]
    guard names.allSatisfy({ environment[$0]?.isEmpty ?? true }) else { return }
    for name in environment.keys where name.hasPrefix("PG") { unsafe unsetenv(name) }
  }
}

/// What every command takes.
struct Common: ParsableArguments {
  @Option(help: "Where the registry key and the private PostgreSQL are.")
  var dataDir = ".pithledger"

  @Flag(help: "Print one JSON value instead of text.")
  var json = false

  func configuration() throws(Refusal) -> LedgerConfiguration {
    try LedgerConfiguration.fromEnvironment(
      dataDirectory: dataDir, environment: ProcessInfo.processInfo.environment)
  }

  /// Diagnostics go to standard error, so that standard output holds the answer alone.
  func logger(_ level: Logger.Level = .warning) -> Logger {
    var logger = Logger(label: "pithledger") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
  }

  /// Opens the ledger for one command, and translates what goes wrong into a line and an exit code.
  func withLedger(_ body: (Ledger) async throws -> Void) async throws {
    try await Failure.reported {
      let ledger = try await Ledger.open(configuration(), logger: logger())
      do {
        try await body(ledger)
        await ledger.close()
      } catch {
        await ledger.close()
        throw error
      }
    }
  }

  func show(_ answer: JSON, _ text: String) {
    print(json ? answer.canonicalString() : text)
  }

  func show(_ answer: SubmissionAnswer) {
    let number = answer.pithNumber.map { " on \($0)" } ?? ""
    let reason = answer.reason.map { " (\($0))" } ?? ""
    show(
      answer.json,
      "\(answer.created ? "recorded" : "already there"): \(answer.standing)\(reason)\(number)\n"
        + "  event    sha256:\(answer.eventID.hex)\n  position \(answer.position)")
  }
}

/// One clear line on standard error, and the exit code that scripts read.
enum Failure {
  static func reported(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let code as ExitCode { throw code } catch let refusal as Refusal {
      say(refusal.description)
      throw ExitCode(refusal.code == .unavailable ? 69 : 2)
    } catch let fault as LogFault {
      say("does not hold: \(fault)")
      throw ExitCode(1)
    } catch is CancellationError {
      throw ExitCode(130)
    } catch {
      say("\(error)")
      throw ExitCode(LedgerStoreError.isUnavailability(error) ? 69 : 70)
    }
  }

  static func say(_ line: String) {
    FileHandle.standardError.write(Data("pithledger: \(line)\n".utf8))
  }
}

/// Bytes of a file, or of standard input for `-`.
func read(_ path: String) throws(Refusal) -> [UInt8] {
  if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
  guard let data = FileManager.default.contents(atPath: path) else {
    throw Refusal(.malformed, check: "file", field: path, "The file cannot be read.")
  }
  return Array(data)
}
