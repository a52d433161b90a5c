public import EmbeddedPostgres
import Foundation
public import Logging
import PostgresClient
import Synchronization
public import Testing

/// A trait that runs a suite with a private PostgreSQL server. The server starts before the first test
/// and is deleted after the last.
public struct PrivateServer: SuiteTrait, TestScoping {
  @TaskLocal static var current: Running?

  /// The server is started once for the suite, and not again for each test.
  public let isRecursive = false
  private let settings: [String: String]

  /// A running server.
  public final class Running: Sendable {
    /// The server.
    public let server: EmbeddedPostgres
    /// The data directory.
    public let directory: String
    private let databases = Atomic<Int>(0)

    init(server: EmbeddedPostgres, directory: String) {
      self.server = server
      self.directory = directory
    }

    /// Creates an empty database. Returns its URI.
    public func database() async throws -> String {
      let name = "test_\(databases.add(1, ordering: .relaxed).newValue)"
      let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
      try await connection.execute("CREATE DATABASE \(name)")
      await connection.close()
      return server.uri(database: name)
    }
  }

  /// The server of the current suite.
  ///
  /// Errors: `MissingTrait` if the suite does not have the trait.
  public static func running() throws -> Running {
    guard let current else { throw MissingTrait() }
    return current
  }

  struct MissingTrait: Error, CustomStringConvertible {
    let description = "the suite lacks the trait .privateServer()"
  }

  /// A logger that writes critical messages to the standard error.
  public static var logger: Logger {
    var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .critical
    return logger
  }

  /// The tests of a suite run concurrently. Each uses one or two ledgers with about twelve connections
  /// each.
  fileprivate init(settings: [String: String]) {
    self.settings = ["max_connections": "500"].merging(settings) { $1 }
  }

  /// Starts the server, runs the suite, and deletes the server.
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
  /// Gives the suite a private PostgreSQL server.
  ///
  /// - Parameter settings: additional settings of the server.
  public static func privateServer(_ settings: [String: String] = [:]) -> PrivateServer {
    PrivateServer(settings: settings)
  }
}
