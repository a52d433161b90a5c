public import EmbeddedPostgres
import Foundation
public import Logging
import PostgresClient
import Synchronization
public import Testing

/// A PostgreSQL of a suite's own, started before its first test and gone after its last.
public struct PrivateServer: SuiteTrait, TestScoping {
  @TaskLocal static var current: Running?

  public let isRecursive = false
  private let settings: [String: String]

  public final class Running: Sendable {
    public let server: EmbeddedPostgres
    public let directory: String
    private let databases = Atomic<Int>(0)

    init(server: EmbeddedPostgres, directory: String) {
      self.server = server
      self.directory = directory
    }

    /// A new empty database's URI.
    public func database() async throws -> String {
      let name = "test_\(databases.add(1, ordering: .relaxed).newValue)"
      let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
      try await connection.execute("CREATE DATABASE \(name)")
      await connection.close()
      return server.uri(database: name)
    }
  }

  public static func running() throws -> Running {
    guard let current else { throw MissingTrait() }
    return current
  }

  struct MissingTrait: Error, CustomStringConvertible {
    let description = "the suite lacks the trait .privateServer()"
  }

  public static var logger: Logger {
    var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .critical
    return logger
  }

  /// A suite runs its tests at once, each with a ledger or two and a dozen connections for each.
  fileprivate init(settings: [String: String]) {
    self.settings = ["max_connections": "500"].merging(settings) { $1 }
  }

  public func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    let server = try await EmbeddedPostgres.start(
      dataDirectory: directory, settings: settings, logger: Self.logger)
    let running = Running(server: server, directory: directory)
    let result: Result<Void, any Error>
    do {
      try await Self.$current.withValue(running) { try await function() }
      result = .success(())
    } catch { result = .failure(error) }
    try? await server.stop()
    try? FileManager.default.removeItem(atPath: directory)
    try result.get()
  }
}

extension Trait where Self == PrivateServer {
  /// Gives the suite a PostgreSQL of its own.
  public static func privateServer(_ settings: [String: String] = [:]) -> PrivateServer {
    PrivateServer(settings: settings)
  }
}
