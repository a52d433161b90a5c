import PostgresClient

/// The SQLSTATEs of the ledger's own functions that the store tells apart. `sql/README.md` lists all.
extension SQLState {
  /// Another block header is trusted at the height.
  static let anotherHeader: SQLState = "PL012"
  /// The identity token was used for another event.
  static let tokenUsed: SQLState = "PL013"
  /// The registry key was replaced after the statement was signed.
  static let registryKeyReplaced: SQLState = "PL014"
  /// The projections were replaced, or include other events than the projector knows.
  static let projectionMoved: SQLState = "PL040"
  /// The tree no longer has the size from which it should be extended.
  static let treeMoved: SQLState = "PL020"
  /// A checkpoint has another root than the tree, or than the stored checkpoint of its size.
  static let anotherRoot: SQLState = "PL021"

  /// Errors after which a transaction can be tried again.
  static let retryable: Set<SQLState> = [
    .serializationFailure, .deadlockDetected, .cannotConnectNow, .readOnlyTransaction,
  ]

  /// Whether the server cannot serve requests at the moment, or had no time for this one.
  ///
  /// Classes: 08 connection exceptions, 53 insufficient resources, 57 operator intervention, 58 system
  /// errors.
  var isUnavailability: Bool {
    ["08", "53", "57", "58"].contains(errorClass)
      || [
        .readOnlyTransaction, .idleInTransactionTimeout, .serializationFailure, .deadlockDetected,
        .lockNotAvailable,
      ].contains(self)
  }
}
