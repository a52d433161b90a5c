import PostgresClient

/// One connection pool for each role of the database. A role has no more rights than its work needs.
struct StorePools: Sendable {
  /// The longest time, in milliseconds, that a process which stopped responding holds its locks.
  static let idleTimeoutMilliseconds = 10_000

  /// Every read is a lookup by index, and the plan is made once: planning takes as long as reading. Without these settings
  /// a planner that has no statistics reads whole tables. A plan of its own for each call of `ledger.append` would also
  /// contain copies of its arrays, for each statement of the loop.
  static let lookupSettings = [
    "SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
  ]

  /// Reads what is public.
  let readers: DatabasePool
  /// Appends events and evidence.
  let writer: DatabasePool
  /// Writes the tree, checkpoints and cosignatures.
  let signer: DatabasePool
  /// Reads tokens of pending claims, adds block headers, and notes what was delivered to webhooks.
  let settler: DatabasePool
  /// Serves commands of the operator. Connects on first use.
  let administrator: DatabasePool

  init(_ configuration: StoreConfiguration) {
    var reading = configuration.connection(as: .read)
    reading.onConnect += Self.lookupSettings
    let metrics = configuration.metrics
    readers = DatabasePool(
      "readers", reading, size: configuration.readers, maxWaiting: 1024,
      acquireTimeout: .seconds(15),
      logger: configuration.logger, metrics: metrics)
    // A process that stops in the middle of an append would otherwise hold the lock on the head of the log.
    let idleTimeout = ["SET idle_in_transaction_session_timeout = \(Self.idleTimeoutMilliseconds)"]
    func pool(_ name: String, _ role: DatabaseRole, size: Int, settings: [String] = [])
      -> DatabasePool
    {
      DatabasePool(
        name, configuration.connection(as: role, onConnect: idleTimeout + settings), size: size,
        logger: configuration.logger, metrics: metrics)
    }
    writer = pool("writer", .append, size: 3, settings: Self.lookupSettings)
    signer = pool("signer", .sign, size: 2)
    settler = pool("settler", .settle, size: 1)
    administrator = pool("administrator", .administer, size: 1)
  }

  /// Every pool.
  var all: [DatabasePool] { [readers, writer, signer, settler, administrator] }

  /// Closes every connection.
  func close() async {
    for pool in [administrator, settler, signer, writer, readers] { await pool.close() }
  }
}
