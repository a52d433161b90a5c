import ArgumentParser
import Hummingbird
import LedgerHTTP
import LedgerService
import Logging
import PrometheusMetrics
import ServiceLifecycle
import VerifyCommands

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve the ledger over HTTP.",
    examples: [
      "pithledger serve",
      "pithledger serve --host 0.0.0.0 --port 8080",
    ])
  @OptionGroup var common: Common
  @Option(help: "The address to listen on. (default: 127.0.0.1)") var host: String?
  @Option(help: "The port. 0 selects a free port. (default: 8080)", transform: parsePort)
  var port: UInt16?

  func run() async throws {
    try await common.reported {
      var configuration = try common.configuration()
      configuration.metrics = MetricRegistry(MetricCatalogue.all)
      let ledger = try await Ledger.open(
        configuration, logger: configuration.logging.logger(.notice))
      let asJSON = common.json
      let host = host ?? ledger.configuration.listenHost
      let port = port ?? ledger.configuration.listenPort
      let server: LedgerServer
      do { server = try LedgerServer(ledger: ledger) } catch {
        await ledger.close()
        throw error
      }
      let scheme = server.scheme
      let socket =
        ledger.configuration.isReadOnly
        ? nil
        : OperatorSocket(directory: ledger.configuration.dataDirectory, logger: ledger.logger)
      let application = server.network(host: host, port: port) { port in
        ListeningOutput(url: "\(scheme)://\(host):\(port ?? 0)").announce(asJSON: asJSON)
      }
      let jobs: [Task<Void, Never>] =
        ledger.configuration.isReadOnly
        ? []
        : [
          Task { await ledger.backgroundJobs.run() },
          Task { await ledger.checkpointScheduler.run() },
          Task { await ledger.webhookDeliverer.run(WebhookCloudEvents(ledger)) },
        ]
      func close() async {
        for job in jobs { job.cancel() }
        for job in jobs { await job.value }
        socket?.remove()
        await ledger.close()
      }
      do {
        var listeners: [any Service] = [application]
        if let socket { listeners.append(server.operatorSocket(socket)) }
        try await server.run(listeners)
        await close()
      } catch {
        await close()
        throw error
      }
    }
  }
}
