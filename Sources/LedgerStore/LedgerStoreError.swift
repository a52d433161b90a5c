import PostgresClient

/// What the store reports of itself, apart from PostgreSQL's own errors.
public struct LedgerStoreError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// A migration that was applied has been edited since.
    case migrationChanged
    /// The database has migrations that this program does not know.
    case migrationUnknown
    /// Migrations are missing: run `pithledger migrate`.
    case notMigrated
    /// As many appends are waiting as the queue holds.
    case queueFull
    /// The connection was lost around COMMIT, and time ran out before the answer was known.
    case outcomeUnknown
    /// Another replay is under way.
    case replayRunning
    /// The log has a gap, or the tree over it a hole.
    case treeBroken
    /// A replay needs room for temporary files, and there is none.
    case noRoom
    case closed
  }

  public let code: Code
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { "\(message) [\(code.rawValue)]" }

  public static func == (a: Self, b: Self) -> Bool { a.code == b.code }

  /// Whether an error says that the database cannot be reached, or has no room or time at the moment.
  public static func isUnavailability(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else {
      return (error as? LedgerStoreError)?.code == .closed
    }
    return switch error.code {
    case .connectionFailed, .connectionLost, .timedOut, .poolExhausted, .poolClosed: true
    // Insufficient resources: a full disk, too many connections.
    case .server: error.sqlState?.hasPrefix("53") ?? false
    default: false
    }
  }
}
