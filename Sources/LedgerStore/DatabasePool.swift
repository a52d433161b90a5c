import CoreMetrics
import Logging
import PostgresClient

/// A pool of connections that reports `LedgerStoreError` in place of `PostgresError`.
struct DatabasePool: Sendable {
  /// The name of the pool in metrics.
  let name: String
  private let pool: PostgresPool

  /// - Parameters:
  ///   - name: the name of the pool in metrics.
  ///   - size: the largest number of connections.
  ///   - maxWaiting: the largest number of tasks that wait for a connection.
  ///   - acquireTimeout: how long a task waits.
  init(
    _ name: String, _ configuration: PostgresConfiguration, size: Int, maxWaiting: Int = 256,
    acquireTimeout: Duration = .seconds(5), logger: Logger, metrics: any MetricsFactory
  ) {
    self.name = name
    let waits = CoreMetrics.Timer(
      label: "pithledger_database_pool_wait_seconds", dimensions: [("pool", name)],
      factory: metrics)
    pool = PostgresPool(
      configuration, size: size, maxWaiting: maxWaiting, acquireTimeout: acquireTimeout,
      logger: logger, onWait: { waits.record($0) })
  }

  /// The numbers of connections and of waiting tasks at this moment.
  var usage: PoolUsage { get async { PoolUsage(name: name, await pool.usage) } }

  /// Runs one statement. It runs again where the connection was lost, and so must have no effect when
  /// repeated.
  func query(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [PostgresRow] {
    do { return try await pool.query(sql, parameters) } catch let error as PostgresError {
      throw LedgerStoreError(error)
    }
  }

  /// Runs statements in one round trip. They run again where the connection was lost.
  func pipelineRepeatably(_ statements: [PostgresStatement]) async throws -> [[PostgresRow]] {
    do { return try await pool.reading { try await $0.pipeline(statements) } } catch let error
      as PostgresError
    {
      throw LedgerStoreError(error)
    }
  }

  /// Runs statements in one round trip, once.
  func pipeline(_ statements: [PostgresStatement]) async throws -> [[PostgresRow]] {
    do { return try await pool.withConnection { try await $0.pipeline(statements) } } catch let
      error as PostgresError
    {
      throw LedgerStoreError(error)
    }
  }

  /// Runs `COPY … TO STDOUT`, and returns whether the server sends exactly these bytes. It runs again
  /// where the connection was lost.
  func copies(_ sql: String, exactly expected: [UInt8]) async throws -> Bool {
    do {
      return try await pool.reading { connection in
        var offset = 0
        var isEqual = true
        try await connection.copyOut(sql) { bytes in
          let end = offset + bytes.count
          isEqual = isEqual && end <= expected.count && expected[offset..<end] == bytes[...]
          offset = end
        }
        return isEqual && offset == expected.count
      }
    } catch let error as PostgresError { throw LedgerStoreError(error) }
  }

  /// Closes every connection, those in use when they are returned.
  func close() async { await pool.close() }
}
