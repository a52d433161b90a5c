import ArgumentParser
import Foundation
import Hummingbird
import LedgerDomain
import LedgerHTTP
import LedgerService
import Logging
import ServiceLifecycle
import VerifyCommands

struct Witness: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a witness that cosigns the checkpoints of other logs.",
    discussion: """
      The protocol is C2SP tlog-witness. The witness needs no database. It cosigns a checkpoint if it is \
      consistent with the last checkpoint of the same log. Each line of the file of logs is NAME+ID+KEY, \
      followed by the origin of the log if it is not NAME. The settings LOG_FORMAT and LOG_LEVEL apply.
      """,
    examples: [
      "pithledger witness --name witness.example.org/w1 --logs logs.txt --dir witness --port 8081"
    ])
  @Option(help: "The name of the witness. The first start needs it to generate the key.") var name:
    String?
  @Option(help: "The file with the logs, one on each line.", completion: .file()) var logs: String
  @Option(
    help: "The folder with the key and the last checkpoint of each log.", completion: .directory)
  var dir =
    ".pithwitness"
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port. 0 selects a free port.", transform: parsePort)
  var port: UInt16 = 8081
  @Flag(help: "Print the verifier key of the witness, as NAME+ID+KEY, and exit.") var key = false

  func run() async throws {
    try await Failure.reported(asJSON: false) {
      let witness = try LogWitness(
        name: name, logs: String(decoding: try read(logs), as: UTF8.self), directory: dir)
      if key {
        StandardOutput.writeLine(witness.verifierKey)
        return
      }
      let host = host
      let settings = try LogSettings(
        SettingValues(flags: [], environment: ProcessInfo.processInfo.environment))
      let application = buildWitnessApplication(
        witness, host: host, port: port, logger: settings.logger(.notice)
      ) { port in
        ListeningOutput(url: "http://\(host):\(port ?? 0)").announce(asJSON: false)
      }
      try await application.runService()
    }
  }
}
