import PostgresClient

/// The logins that share the work on the database; each has the rights of its work alone (`sql/privileges`).
public enum DatabaseRole: String, Sendable, CaseIterable {
  /// Appends events and the evidence that they name.
  case append = "pithledger_writer"
  /// Writes projections.
  case project = "pithledger_projector"
  /// Reads what is public.
  case read = "pithledger_reader"
  /// Keeps the tree, checkpoints and cosignatures.
  case sign = "pithledger_signer"
  /// Settles what was pending: reads the tokens of pending claims, and adds block headers.
  case settle = "pithledger_settler"
  /// Reads and erases evidence of every kind, and changes what is trusted. A service never connects as this one.
  case administer = "pithledger_admin"

  /// The names of all of them in PostgreSQL.
  public static var names: [String] { allCases.map(\.rawValue) }
}

extension StoreConfiguration {
  /// How a connection for one kind of work is made: as that login, or as the URI's user, who takes on the role.
  func connection(
    as role: DatabaseRole, applicationName: String = "pithledger", onConnect: [String] = []
  ) -> PostgresConfiguration {
    let takesOnRole = logins == .shared ? ["SET ROLE \(role.rawValue)"] : []
    return PostgresConfiguration(
      uri: uri, user: logins == .separate ? role.rawValue : nil, applicationName: applicationName,
      silenceTimeout: .seconds(20),
      // Its statements run for milliseconds, or once: compiling them costs more than it saves.
      onConnect: takesOnRole + ["SET jit = off"] + onConnect)
  }
}
