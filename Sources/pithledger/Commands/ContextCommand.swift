import APIDescription
import AgentTools
import ArgumentParser
import ContextProtocol
import Foundation
import Hummingbird
import LedgerDomain
import LedgerHTTP
import LedgerService
import Logging
import ServiceLifecycle
import VerifyCommands

struct ContextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcp",
    abstract: "Serve the Model Context Protocol, so that an agent can use the ledger.",
    discussion: """
      The client starts this command and speaks over standard input and output, or connects to the port of \
      --http. With --key the agent can sign and submit statements, which are public and permanent: start it so \
      only for an agent that may speak for the owner of the key. The key never leaves this process.
      """,
    examples: [
      "pithledger mcp --log-key LOGKEY",
      "pithledger mcp --key author.key --log-key LOGKEY",
    ])
  @OptionGroup var common: Common
  @Option(
    help: "The key file to sign with. Without it, the tools that sign are not offered.",
    completion: .file()) var key: String?
  @Option(
    name: .customLong("log-key"), parsing: .upToNextOption,
    help: "Verifier keys of the log that you trust, as NAME+ID+KEY.")
  var logKeys: [String] = []
  @Option(
    help: ArgumentHelp(
      "The address and the port to listen on, at the path /mcp, instead of standard input and output.",
      valueName: "host:port")) var http: String?
  @Flag(
    help: "Sign over --http too. Every process of this machine can reach the port and use the key.")
  var allowHttpSigning = false

  func run() async throws {
    try await Failure.reported(asJSON: common.json) {
      let key = try KeyFile.optional(key)
      let address = try http.map { text throws(Refusal) in try Listening(text) }
      if let address, key != nil {
        guard allowHttpSigning, address.isLoopback else { throw Self.unsafeSigning }
      }
      let description = try APIDescription()
      try await withOperations(common) { operations, configuration in
        let server = ContextServer(
          AgentTools(description, ledger: operations, key: key, logKeys: logKeys))
        if let address {
          try await serve(server, configuration, address)
        } else {
          await StandardStreamTransport.run(server)
        }
      }
    }
  }

  private static let unsafeSigning = Refusal(
    .malformed, check: "http_signing", field: "--key",
    "With --http a key needs --allow-http-signing and a loopback address, such as 127.0.0.1:8090: whoever reaches "
      + "the port signs with it.")

  private func serve(
    _ server: ContextServer, _ configuration: LedgerConfiguration, _ address: Listening
  ) async throws {
    let host = address.host
    let asJSON = common.json
    let application = buildContextApplication(
      server, configuration: configuration, host: host, port: address.port,
      logger: configuration.logging.logger(.notice)
    ) { port in
      ListeningOutput(url: "http://\(address.shownHost):\(port ?? 0)/mcp").announce(asJSON: asJSON)
    }
    try await application.runService()
  }

  /// The address that `--http` names.
  private struct Listening {
    let host: String
    let port: UInt16

    init(_ text: String) throws(Refusal) {
      guard let colon = text.lastIndex(of: ":"),
        let port = UInt16(text[text.index(after: colon)...])
      else { throw Self.malformed }
      var host = String(text[..<colon])
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      guard !host.isEmpty, !host.contains("[") else { throw Self.malformed }
      self.host = host
      self.port = port
    }

    private static let malformed = Refusal(
      .malformed, check: "usage", field: "--http",
      "--http is an address and a port, such as 127.0.0.1:8090 or [::1]:8090.")

    /// A name could lead elsewhere; addresses and `localhost` do not.
    var isLoopback: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
    var shownHost: String { host.contains(":") ? "[\(host)]" : host }
  }
}
