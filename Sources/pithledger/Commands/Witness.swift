import ArgumentParser
import Hummingbird
import LedgerDomain
import LedgerHTTP
import LedgerService
import ServiceLifecycle

struct Witness: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Be a witness for other logs: cosign what continues all that was seen before.",
    discussion: """
      Speaks C2SP tlog-witness: POST /add-checkpoint. Needs no database; its memory is a folder. A log is a \
      line NAME+ID+KEY in the file of logs, with the origin behind it where that is not NAME.
      """)
  @Option(help: "The witness's name, for a key that is made on the first start.") var name: String?
  @Option(help: "A file with a line for each log.") var logs: String
  @Option(help: "Where the key and what was seen are kept.") var dir = ".pithwitness"
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 takes a free one.") var port: UInt16 = 8081
  @Flag(help: "Print the witness's key, as NAME+ID+KEY, and do nothing else.") var key = false

  func run() async throws {
    try await Failure.reported {
      let witness = try LogWitness(
        name: name, logs: String(decoding: try read(logs), as: UTF8.self), directory: dir)
      if key {
        StandardOutput.writeLine(witness.verifierKey)
        return
      }
      let host = host
      let application = buildWitnessApplication(witness, host: host, port: port) { port in
        ListeningOutput(url: "http://\(host):\(port ?? 0)").announce(asJSON: false)
      }
      try await application.runService()
    }
  }
}
