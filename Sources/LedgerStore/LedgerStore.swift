import PostgresClient

/// The event log and its projections in one PostgreSQL database.
///
/// Opens and closes the connections and creates the components. Reads, appends, signatures, settlements and
/// administration each use a database role that has no other rights.
public final class LedgerStore: Sendable {
  /// The event log: appends events, and reads them and their entries.
  public let log: EventLog
  /// Reads selected events of the log at a bounded cost.
  public let scanner: EventScanner
  /// Reads events in the form that the fold takes.
  public let folds: FoldEventReader
  /// Reads attestations that a periodic job checks again.
  public let attestations: AttestationReader
  /// Finds records by name, and the names of records.
  public let records: RecordLookup
  /// Lists all records.
  public let list: RecordList
  /// Reads the projection of citations.
  public let citations: CitationReader
  /// Finds records by title, author, category, time and status.
  public let search: RecordSearch
  /// Reads the data of submissions before admission and after projection.
  public let submissions: SubmissionLookup
  /// Reads the projections, and waits for them.
  public let projections: ProjectionStore
  /// Finds records whose statements contradict each other.
  public let equivocations: EquivocationReader
  /// The Merkle tree over the log.
  public let tree: TreeStore
  /// Signed checkpoints of the tree, and cosignatures of witnesses.
  public let checkpoints: CheckpointStore
  /// Documents, proofs and tokens that events name by their SHA-256.
  public let evidence: EvidenceStore
  /// Block headers, certificates and key sets that the operator trusts.
  public let trust: TrustedMaterial
  /// Subscriptions to events of the log.
  public let webhooks: WebhookStore
  /// Rebuilds the projections from the log.
  public let replayer: Replayer
  /// Rebuilds the lookup tables from the log.
  public let lookups: LookupRebuilder
  /// Checks the tables that neither the log nor a hash verifies.
  public let tables: TableChecks

  /// Counts events and records.
  public let counter: EventCounter
  /// The titles of records.
  public let titles: RecordTitles
  /// Claims of authorship by iD.
  public let claims: ClaimReader

  let pools: StorePools
  let waiter: ProjectionWaiter
  private let appended: AppendedEvents
  private let configuration: StoreConfiguration

  private init(_ configuration: StoreConfiguration) {
    self.configuration = configuration
    pools = StorePools(configuration)
    waiter = ProjectionWaiter(configuration.connection(as: .read))
    appended = AppendedEvents()
    log = EventLog(
      readers: pools.readers,
      appender: Appender(
        pool: pools.writer, appended: appended, metrics: AppendMetrics(configuration.metrics)))
    scanner = EventScanner(readers: pools.readers)
    folds = FoldEventReader(readers: pools.readers)
    attestations = AttestationReader(readers: pools.readers)
    records = RecordLookup(readers: pools.readers)
    list = RecordList(readers: pools.readers)
    citations = CitationReader(readers: pools.readers, folds: folds)
    search = RecordSearch(readers: pools.readers)
    counter = EventCounter(readers: pools.readers)
    titles = RecordTitles(readers: pools.readers)
    claims = ClaimReader(readers: pools.readers)
    submissions = SubmissionLookup(readers: pools.readers, folds: folds, waiter: waiter)
    projections = ProjectionStore(readers: pools.readers, waiter: waiter)
    equivocations = EquivocationReader(readers: pools.readers)
    tree = TreeStore(readers: pools.readers, signer: pools.signer)
    checkpoints = CheckpointStore(readers: pools.readers, signer: pools.signer)
    evidence = EvidenceStore(pools)
    trust = TrustedMaterial(
      readers: pools.readers, settler: pools.settler, administrator: pools.administrator)
    webhooks = WebhookStore(settler: pools.settler, administrator: pools.administrator)
    replayer = Replayer(configuration)
    lookups = LookupRebuilder(
      readers: pools.readers, records: records, administrator: pools.administrator)
    tables = TableChecks(readers: pools.readers)
  }

  /// Opens the store of a database whose migrations are applied.
  ///
  /// Errors: `notMigrated`, `earlierSchema`, `migrationChanged`, `migrationUnknown`.
  public static func open(_ configuration: StoreConfiguration) async throws -> LedgerStore {
    try await LedgerStoreError.translating {
      try await PostgresConnection.withConnection(
        PostgresConfiguration(
          uri: configuration.uri,
          user: configuration.logins == .separate ? DatabaseRole.read.rawValue : nil)
      ) { try await SchemaState.requireCurrent($0) }
    }
    return LedgerStore(configuration)
  }

  /// The use of each pool of connections at this moment.
  public func poolUsage() async -> [PoolUsage] {
    var usage: [PoolUsage] = []
    for pool in pools.all { usage.append(await pool.usage) }
    return usage
  }

  /// What the server of the database says about itself.
  public func facts() async throws -> DatabaseFacts { try await DatabaseFacts(pools.readers) }

  /// Closes every connection. Tasks that wait for the projections are resumed.
  public func close() async {
    await waiter.stop()
    await pools.close()
  }

  /// Makes the process's projector, which folds the log into the projections while it runs.
  ///
  /// - Parameter rebuildLag: the number of events to fold from which it rebuilds the projections, if they
  ///   are also half of the log.
  public func makeProjector(rebuildLag: Int64 = 20_000) -> Projector {
    Projector(configuration, rebuildLag: rebuildLag, waiter: waiter, appended: appended)
  }
}
