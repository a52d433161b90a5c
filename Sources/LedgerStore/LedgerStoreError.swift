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
    /// The database holds another root of a checkpoint's size.
    case anotherRoot
    /// The connection leads to a standby, which may be behind and takes no writes.
    case standby
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
      let code = (error as? LedgerStoreError)?.code
      return code == .closed || code == .standby
    }
    return switch error.code {
    case .connectionFailed, .connectionLost, .timedOut, .poolExhausted, .poolClosed: true
    case .server: isUnavailability(sqlState: error.sqlState ?? "")
    default: false
    }
  }

  /// Connection exceptions (08), a full disk or too many connections (53), an operator's intervention (57), errors of
  /// the system below (58), and transactions that did not get their turn.
  private static func isUnavailability(sqlState: String) -> Bool {
    ["08", "53", "57", "58"].contains(sqlState.prefix(2))
      || ["25006", "25P03", "40001", "40P01", "55P03"].contains(sqlState)
  }
}
