import ArgumentParser
import LedgerHTTP
import LedgerService
import Logging
import VerifyCommands

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the installation, and say for each fault what to do.",
    discussion: """
      Checks settings, programs, disk, clock, limits, files, the database and the log. Creates and starts nothing. \
      Exits with 1 if there is a fault; a warning is none.
      """,
    examples: ["pithledger doctor"])
  @OptionGroup var common: Common
  @Flag(help: "Ask the configured services elsewhere whether they answer.") var network = false

  func run() async throws {
    try await common.reported {
      let doctor = Doctor(
        common.values, network: network, certificates: TLSFileReader(),
        logger: Logger(label: "pithledger") { _ in SwiftLogNoOpLogHandler() })
      let output = DoctorOutput(findings: await doctor.run())
      common.show(output)
      if output.hasFault { throw ExitCode(1) }
    }
  }
}
