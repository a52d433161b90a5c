import Foundation
import FuzzDriver
import LedgerHTTP
import LedgerService
import Logging
import RouterInput
import Synchronization

/// The service answers every input or closes the connection. It never answers 500, and continues to
/// serve.
///
/// One ledger on a private database serves all inputs. A finding ends the process with `fatalError`,
/// because libFuzzer keeps the input of a process that crashes.
@main enum FuzzRouter {
  private struct Service: Sendable {
    let port: UInt16
    let names: RouterInput.Names
  }

  static func main() {
    let service = start()
    fuzz { bytes in
      let input = RouterInput(bytes, names: service.names)
      // libFuzzer records an input as a fault only if the process ends: hence `fatalError`.
      switch Exchange.run(input.pieces, port: service.port) {
      case .answered(let statuses, let text):
        if statuses.contains(500) { fatalError("answered 500: \(text.prefix(2000))") }
      case .hang(let text): fatalError("no answer in time, after \(text.prefix(2000))")
      case .refused: fatalError("the service is gone")
      }
    }
  }

  /// Starts the service in the background, and waits until it listens.
  private static func start() -> Service {
    let started = Mutex<Service?>(nil)
    let isReady = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        try await serve { service in
          started.withLock { $0 = service }
          isReady.signal()
        }
      } catch {
        // Without a service no input is tested. The run must not look successful.
        fatalError("the service does not start: \(error)")
      }
    }
    isReady.wait()
    // `serve` signals only after it has stored the service.
    guard let service = started.withLock({ $0 }) else { fatalError("the service has no port") }
    return service
  }

  private static func serve(_ onReady: @escaping @Sendable (Service) -> Void) async throws {
    var logger = Logger(label: "fuzz") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    var configuration = LedgerConfiguration(dataDirectory: "/tmp/pith-fuzz-\(getpid())")
    configuration.limits.unlimited()
    let ledger = try await Ledger.open(configuration, logger: logger)
    let sample = try Data(contentsOf: URL(fileURLWithPath: "docs/sample/metamorph.json"))
    _ = try await ledger.documentImporter.importDocument(
      Array(sample), client: .shell, operatorAuthorised: true)
    let names = RouterInput.Names(
      records: ["4OXKXQ4P", "2412.14164", "10.48550/arXiv.2412.14164"],
      token: try configuration.operatorToken() ?? "")
    let server = try LedgerServer(ledger: ledger)
    try await server.run([
      server.network(host: "127.0.0.1", port: 0) { port in
        if let port = port.flatMap({ UInt16(exactly: $0) }) {
          onReady(Service(port: port, names: names))
        }
      }
    ])
  }
}
