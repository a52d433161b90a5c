import EmbeddedPostgres
import LedgerDomain
import LedgerStore
import Logging

/// The open store, and the private PostgreSQL under it if no database is configured.
struct LedgerDatabase: Sendable {
  let store: LedgerStore
  /// `nil` if a database is configured.
  let server: EmbeddedPostgres?

  /// Opens the configured database. Without one, starts or joins the private PostgreSQL and migrates it.
  ///
  /// Errors: `noLedger` if the private PostgreSQL does not exist and the configuration does not allow to
  /// create it.
  static func open(
    _ configuration: LedgerConfiguration, logger: Logger
  ) async throws -> LedgerDatabase {
    if configuration.databaseURL == nil, !configuration.mayBeginLedger,
      !EmbeddedPostgres.hasCluster(dataDirectory: configuration.dataDirectory)
    {
      throw Refusal.noLedger(in: configuration.dataDirectory)
    }
    let (uri, server) = try await startServer(configuration, logger)
    do {
      if server != nil { _ = try await Migrator(uri: uri, logger: logger).migrate() }
      let logins: StoreConfiguration.Logins =
        server != nil || configuration.usesSeparateLogins ? .separate : .shared
      let store = try await LedgerStore.open(
        StoreConfiguration(
          uri: uri, logins: logins, logger: logger, metrics: configuration.metrics))
      return LedgerDatabase(store: store, server: server)
    } catch {
      try? await server?.stop()
      throw error
    }
  }

  /// Migrates the configured database. Returns the names of the migrations that were applied.
  static func migrate(
    _ configuration: LedgerConfiguration, logger: Logger
  ) async throws -> [String] {
    let (uri, server) = try await startServer(configuration, logger)
    do {
      let applied = try await Migrator(uri: configuration.databaseOwnerURL ?? uri, logger: logger)
        .migrate()
      try await server?.stop()
      return applied
    } catch {
      try? await server?.stop()
      throw error
    }
  }

  private static func startServer(
    _ configuration: LedgerConfiguration, _ logger: Logger
  ) async throws -> (uri: String, server: EmbeddedPostgres?) {
    if let url = configuration.databaseURL { return (url, nil) }
    let server = try await EmbeddedPostgres.start(
      dataDirectory: configuration.dataDirectory, logger: logger)
    return (server.uri, server)
  }

  /// Closes the connections, and stops the private PostgreSQL if no other process uses it.
  func close() async throws {
    await store.close()
    try await server?.stop()
  }
}
