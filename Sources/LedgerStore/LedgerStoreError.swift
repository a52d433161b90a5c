import PostgresClient

/// An error of the store.
///
/// Errors of PostgreSQL are translated to these codes. Two errors are equal when their codes are equal.
public struct LedgerStoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of error.
  public enum Code: String, Sendable {
    /// The database was created by the numbered migrations before the baseline and cannot be migrated.
    case earlierSchema
    /// A migration was edited after it was applied.
    case migrationChanged
    /// The database has migrations that this program does not know.
    case migrationUnknown
    /// Migrations are missing: run `pithledger migrate`.
    case notMigrated
    /// The queue of appends is full.
    case queueFull
    /// The connection was lost around COMMIT, and the outcome was not known before the deadline.
    case outcomeUnknown
    /// Another replay is running.
    case replayRunning
    /// The log has a gap, or tiles of the tree are missing.
    case treeBroken
    /// The database holds a checkpoint of the same size with another root.
    case anotherRoot
    /// Another block header is trusted at the height.
    case anotherHeader
    /// The identity token was used for another event.
    case tokenUsed
    /// The registry key was replaced after the statement was signed.
    case registryKeyReplaced
    /// The connection leads to a standby, which may be behind and accepts no writes.
    case standby
    /// There is no space on the disk for the temporary files of a replay.
    case noRoom
    /// The log grew whenever rows were to be replaced by those that follow from it.
    case logGrew
    /// The store is closed.
    case closed
    /// PostgreSQL cannot be reached, or has no resources or time at the moment.
    case unavailable
    /// The task that awaited the answer was cancelled.
    case cancelled
    /// Any other error that PostgreSQL reported, or an answer that cannot be decoded.
    case database
  }

  /// The kind of error.
  public let code: Code
  /// A message for a person.
  public let message: String
  /// The error of PostgreSQL that this one was translated from.
  let cause: PostgresError?

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
    cause = nil
  }

  /// Translates an error of PostgreSQL.
  init(_ error: PostgresError) {
    code = Self.code(of: error)
    message = error.message
    cause = error
  }

  /// One line with the code; for errors of PostgreSQL also the SQLSTATE.
  public var description: String { cause?.description ?? "\(message) [\(code.rawValue)]" }

  /// Compares the codes.
  public static func == (a: Self, b: Self) -> Bool { a.code == b.code }

  /// Whether an error says that the database cannot be used at the moment.
  public static func isUnavailability(_ error: any Error) -> Bool {
    switch (error as? LedgerStoreError)?.code {
    case .closed, .standby, .unavailable: true
    default: false
    }
  }

  private static func code(of error: PostgresError) -> Code {
    switch error.code {
    case .connectionFailed, .connectionLost, .timedOut, .poolExhausted: .unavailable
    case .poolClosed: .closed
    case .cancelled: .cancelled
    case .decoding, .protocolMisuse: .database
    case .server:
      switch error.sqlState {
      case .anotherHeader?: .anotherHeader
      case .tokenUsed?: .tokenUsed
      case .registryKeyReplaced?: .registryKeyReplaced
      case .anotherRoot?: .anotherRoot
      case let state?: state.isUnavailability ? .unavailable : .database
      case nil: .database
      }
    }
  }

  /// Whether the server refused a statement, so that other statements may succeed.
  var isServerError: Bool { cause?.code == .server }

  /// Whether the same transaction may succeed when it is tried again.
  var isRetryable: Bool {
    switch cause?.code {
    case .connectionLost, .connectionFailed, .timedOut: true
    case .server: cause?.sqlState.map(SQLState.retryable.contains) ?? false
    default: false
    }
  }

  /// Runs `body`, and throws what it throws with errors of PostgreSQL translated.
  static func translating<R>(_ body: () async throws -> R) async throws -> R {
    do { return try await body() } catch let error as PostgresError {
      throw LedgerStoreError(error)
    }
  }
}
