import PostgresClient

/// The logins of the database. Each has the rights of one kind of work (`sql/privileges`).
public enum DatabaseRole: String, Sendable, CaseIterable {
  /// Appends events and stores the evidence that they name.
  case append = "pithledger_writer"
  /// Writes projections.
  case project = "pithledger_projector"
  /// Reads what is public.
  case read = "pithledger_reader"
  /// Writes the tree, checkpoints and cosignatures.
  case sign = "pithledger_signer"
  /// Settles pending statements: reads the tokens of pending claims, and adds block headers. Delivers events to
  /// webhooks.
  case settle = "pithledger_settler"
  /// Reads and erases evidence of every kind, changes what is trusted, and manages webhooks. Only commands of
  /// the operator connect as it.
  case administer = "pithledger_admin"

  /// The names of all logins.
  public static var names: [String] { allCases.map(\.rawValue) }
}

extension StoreConfiguration {
  /// The configuration of a connection for one kind of work: as that login, or as the URI's user who
  /// sets the role.
  func connection(
    as role: DatabaseRole, applicationName: String = "pithledger", onConnect: [String] = []
  ) -> PostgresConfiguration {
    let takesOnRole = logins == .shared ? ["SET ROLE \(role.rawValue)"] : []
    return PostgresConfiguration(
      uri: uri, user: logins == .separate ? role.rawValue : nil, applicationName: applicationName,
      silenceTimeout: .seconds(20),
      // The statements run for milliseconds. To compile them costs more time than it saves.
      onConnect: takesOnRole + ["SET jit = off"] + onConnect)
  }
}
