import CanonicalJSON
import EmbeddedPostgres
import LedgerDomain
public import LedgerStore
public import Logging
public import TransparencyLog

/// An open ledger: creates its components and connects them.
///
/// The HTTP service and the command line call the components. See `docs/architecture.md`.
public final class Ledger: Sendable {
  /// The settings that the ledger was opened with.
  public let configuration: LedgerConfiguration
  /// The name of this ledger in events that it authorises.
  public let origin: String
  /// The logger of the ledger and of its components.
  public let logger: Logger
  private let database: LedgerDatabase
  private let projection: Task<Void, Never>?
  private let supervision: Task<Void, Never>?
  let registry: RegistryKey
  let timeline: TimelineCache

  // MARK: Submission

  /// Limits how much each client and each key may submit and read in an hour.
  public let quotas: Quotas
  /// Takes submissions.
  public let submitter: Submitter
  /// Takes many submissions, one per line.
  public let bulkSubmitter: BulkSubmitter
  /// Signs payloads and submits them.
  public let signingSubmitter: SigningSubmitter
  /// Makes event bodies for clients that sign.
  public let preparer: SubmissionPreparer
  /// Imports record documents.
  public let documentImporter: DocumentImporter
  /// Imports bundles of other ledgers.
  public let bundleImporter: BundleImporter

  // MARK: Evidence

  /// Reads stored evidence.
  public let evidence: EvidenceReader
  let evidenceChecker: EvidenceChecker
  /// Checks proofs without storing them.
  public let evidenceInspector: EvidenceInspector
  /// Requests proofs of time.
  public let timestampRequester: TimestampRequester
  let proofUpgrader: ProofUpgrader
  /// Settles pending anchors.
  public let anchorSettler: AnchorSettler
  let dueAnchorSettler: DueAnchorSettler
  /// Settles pending author claims.
  public let claimSettler: ClaimSettler
  /// Fetches attested locations again.
  public let storageMonitor: StorageMonitor
  /// Changes and lists the trust configuration.
  public let trust: TrustStore

  // MARK: Maintenance

  /// Manages keys and aliases on an operator's command.
  public let keyAdministrator: KeyAdministrator
  /// Erases stored evidence.
  public let evidenceEraser: EvidenceEraser
  /// Repeats recorded checks.
  public let auditor: Auditor
  /// Checks the database against the log.
  public let logChecker: LogChecker
  /// Writes the log as files.
  public let logExporter: LogExporter
  /// The jobs that follow anchors, claims and storage.
  public let backgroundJobs: BackgroundJobs
  /// Manages webhooks on an operator's command.
  public let webhookManager: WebhookManager
  /// The job that sends events to webhooks.
  public let webhookDeliverer: WebhookDeliverer

  // MARK: Queries

  /// Records: names, documents, status, graph.
  public let records: RecordQueries
  /// Records for their pages.
  public let overviews: RecordOverviewQueries
  /// The merged states of records.
  public let mergedStates: MergedStateQueries
  /// Records by title, author, category, time and status.
  public let search: RecordSearchQueries
  /// All records, in ranges of the log.
  public let list: RecordListQueries
  /// Citations of a record, and those by a paper.
  public let citations: CitationQueries
  /// Events of a record, of a key and of the log, page by page.
  public let events: EventQueries
  /// The registered keys.
  public let keys: KeyQueries
  /// What the first page shows.
  public let home: HomeQueries
  /// Claims and keys by ORCID iD.
  public let authors: AuthorQueries
  /// Single events with their proofs.
  public let dossiers: EventDossierQueries
  /// Keys with their history.
  public let keyHistories: KeyHistoryQueries
  /// What has a SHA-256.
  public let hashes: HashQueries
  /// What a text names.
  public let names: NameQueries
  /// Records with names that are like others.
  public let nearMatches: NearMatchQueries
  /// The events and papers that statements refer to.
  public let references: ReferenceResolver
  /// Replication records with their standing.
  public let replications: ReplicationQueries
  /// Records whose statements contradict each other.
  public let equivocations: EquivocationQueries
  /// What the forms of statements are filled with.
  public let actions: ActionQueries

  // MARK: Transparency

  /// The log's checkpoints.
  public let checkpoints: CheckpointIssuer
  /// Tiles, inclusion proofs and consistency proofs.
  public let proofs: ProofQueries
  /// Writes bundles: records with their proofs.
  public let bundles: BundleWriter
  /// Publishes checkpoints with the witnesses' cosignatures.
  public let witnesses: WitnessClient
  /// Requests proofs of time for checkpoints.
  public let timestamper: CheckpointTimestamper
  /// Grows the tree, and publishes and timestamps checkpoints at intervals.
  public let checkpointScheduler: CheckpointScheduler

  var store: LedgerStore { database.store }

  private init(_ core: LedgerCore, runProjector: Bool) {
    let (store, configuration, logger) = (core.store, core.configuration, core.logger)
    let transparency = TransparencyComponents(core)
    let evidence = EvidenceComponents(core)
    let submission = SubmissionComponents(core, evidence, transparency.checkpoints)
    let settlement = SettlementComponents(core, evidence, submission)
    self.configuration = configuration
    self.logger = logger
    origin = core.origin
    registry = core.registry
    timeline = core.timeline
    database = core.database

    // Submission
    quotas = core.quotas
    submitter = submission.submitter
    bulkSubmitter = submission.bulk
    signingSubmitter = submission.signing
    preparer = SubmissionPreparer(resolver: core.resolver, clock: configuration.clock)
    documentImporter = submission.importer
    bundleImporter = submission.bundles

    // Evidence
    self.evidence = evidence.reader
    evidenceChecker = evidence.checker
    evidenceInspector = evidence.inspector
    timestampRequester = evidence.requester
    proofUpgrader = evidence.upgrader
    anchorSettler = settlement.anchors
    dueAnchorSettler = settlement.dueAnchors
    claimSettler = settlement.claims
    storageMonitor = settlement.storage
    trust = TrustStore(store: store)

    // Maintenance
    keyAdministrator = KeyAdministrator(
      store: store, signing: submission.signing, registry: core.registry, timeline: core.timeline,
      answers: submission.answers, configuration: configuration, origin: core.origin)
    let bundleCache = transparency.bundles.cache
    evidenceEraser = EvidenceEraser(
      store: store, reader: evidence.reader, recorder: settlement.recorder,
      configuration: configuration, didErase: { await bundleCache.removeAll() })
    auditor = Auditor(
      store: store, resolver: core.resolver, timeline: core.timeline, reader: evidence.reader,
      evidence: evidence.checker, documents: core.documents, configuration: configuration)
    logChecker = LogChecker(
      store: store, checkpoints: transparency.checkpoints, checkpointSigner: core.checkpointSigner,
      origin: core.origin, witnesses: configuration.witnesses.map(\.key))
    logExporter = LogExporter(
      store: store, checkpoints: transparency.checkpoints, proofs: transparency.proofs,
      canSign: core.checkpointSigner != nil)
    backgroundJobs = settlement.jobs
    let webhooks = WebhookComponents(core)
    webhookManager = webhooks.manager
    webhookDeliverer = webhooks.deliverer

    // Queries
    citations = CitationQueries(store: store, resolver: core.resolver, timeline: core.timeline)
    records = RecordQueries(
      store: store, resolver: core.resolver, documents: core.documents, citations: citations,
      timeline: core.timeline, configuration: configuration, pastStates: PastStates(store: store))
    mergedStates = MergedStateQueries(
      store: store, resolver: core.resolver, configuration: configuration, origin: core.origin)
    list = RecordListQueries(store: store)
    search = RecordSearchQueries(store: store, configuration: configuration)
    events = EventQueries(store: store, resolver: core.resolver, timeline: core.timeline)
    overviews = RecordOverviewQueries(
      store: store, records: records, citations: citations, events: events)
    keys = KeyQueries(timeline: core.timeline)
    let finding = FindingComponents(
      core, events: events, keys: keys, search: search, transparency: transparency,
      evidence: evidence.reader)
    home = finding.home
    authors = finding.authors
    dossiers = finding.dossiers
    keyHistories = finding.keyHistories
    hashes = finding.hashes
    names = finding.names
    nearMatches = finding.nearMatches
    references = ReferenceResolver(store: store, resolver: core.resolver)
    replications = ReplicationQueries(
      store: store, resolver: core.resolver, timeline: core.timeline)

    equivocations = EquivocationQueries(store: store)
    actions = ActionQueries(resolver: core.resolver, documents: core.documents)

    // Transparency
    checkpoints = transparency.checkpoints
    proofs = transparency.proofs
    bundles = transparency.bundles
    witnesses = WitnessClient(
      witnesses: configuration.witnesses, origin: core.origin, tree: store.tree,
      cosignatures: store.checkpoints, checkpoints: transparency.checkpoints,
      fetcher: evidence.fetch, logger: logger)
    timestamper = CheckpointTimestamper(
      store: store, configuration: configuration, checkpoints: transparency.checkpoints,
      anchors: transparency.anchors, requester: evidence.requester, signing: submission.signing,
      logger: logger)
    checkpointScheduler = CheckpointScheduler(
      store: store, configuration: configuration, checkpoints: transparency.checkpoints,
      witnesses: witnesses, timestamper: timestamper, logger: logger)

    // Tasks
    supervision = database.server.map { server in
      Task { await server.keepRunning(logger: logger) }
    }
    projection =
      runProjector
      ? Task {
        do { try await store.makeProjector().run() } catch is CancellationError {
        } catch { logger.error("the projector stopped: \(error)") }
      } : nil
  }

  /// Opens the ledger.
  ///
  /// Starts or joins the private PostgreSQL and migrates it, if no database is configured. On the first
  /// start, creates the registry key and appends the log's first event.
  ///
  /// - Parameters:
  ///   - configuration: the settings.
  ///   - runProjector: whether this process updates the projections. A read-only process never does.
  ///   - logger: the log of the process.
  ///
  /// Errors: a `Refusal` about configuration or key files, or with check `no_ledger` if there is no ledger
  /// and the configuration does not allow to create one; a `LedgerStoreError` about the database or its
  /// schema.
  public static func open(
    _ configuration: LedgerConfiguration, runProjector: Bool = true, logger: Logger
  ) async throws -> Ledger {
    let database = try await LedgerDatabase.open(configuration, logger: logger)
    do {
      let core = try await begin(database, configuration, logger)
      return Ledger(core, runProjector: runProjector && !configuration.isReadOnly)
    } catch {
      try? await database.close()
      throw error
    }
  }

  private static func begin(
    _ database: LedgerDatabase, _ configuration: LedgerConfiguration, _ logger: Logger
  ) async throws -> LedgerCore {
    let store = database.store
    if !configuration.createsMissing, try await store.log.size() == 0 {
      throw configuration.databaseURL == nil
        ? Refusal.noLedger(in: configuration.dataDirectory) : Refusal.emptyDatabase
    }
    let registry = try RegistryKey(configuration)
    let timeline = TimelineCache(store: store)
    if configuration.mayBeginLedger {
      try configuration.makeOperatorToken()
      try await registry.begin(store: store, configuration: configuration)
    }
    if !configuration.isReadOnly, registry.hasFile {
      try await registry.settle(current: try await timeline.current())
    }
    let origin = try await store.log.origin()
    var signer: CheckpointSigner?
    if configuration.mayBeginLedger || configuration.hasLogKey {
      let key = try LogKey(path: configuration.logKeyPath, name: LogKey.name(for: origin))
      signer = CheckpointSigner(
        key: key, tree: store.tree, archive: store.checkpoints, origin: origin, logger: logger)
      try await signer?.begin()
    }
    return LedgerCore(
      database: database, registry: registry, timeline: timeline, checkpointSigner: signer,
      configuration: configuration, origin: origin, logger: logger)
  }

  /// Migrates the database. Returns the names of the applied parts of the schema.
  ///
  /// Errors: those of `Migrator.migrate()`.
  public static func migrate(
    _ configuration: LedgerConfiguration, logger: Logger
  ) async throws -> [String] {
    try await LedgerDatabase.migrate(configuration, logger: logger)
  }

  /// Stops the projector, closes the connections, and stops the private PostgreSQL if no other process
  /// uses it.
  public func close() async {
    supervision?.cancel()
    projection?.cancel()
    await supervision?.value
    await projection?.value
    do { try await database.close() } catch { logger.error("PostgreSQL did not stop: \(error)") }
  }

  /// The sizes of the log and of its projections.
  public struct Health: Sendable {
    /// The number of events in the log.
    public let size: TreeSize
    /// The number of events that the projections do not include yet.
    public let lag: Int64
  }

  /// Reads the sizes of the log and of its projections.
  public func health() async throws -> Health {
    let projected = try await store.projections.position()
    let size = try await store.log.size()
    return Health(size: size, lag: Int64(max(0, projected.next.distance(to: size.end))))
  }

  /// Rebuilds the projections from the log.
  ///
  /// - Parameters:
  ///   - check: compares the rebuilt projections with the live ones and does not replace them.
  ///   - progress: called every half second.
  ///
  /// Errors: a `LedgerStoreError` with code `replayRunning` or `noRoom`.
  public func replay(
    check: Bool, progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> ReplayReport {
    // The projections are reported by the names of the records.
    let lookups = try await store.lookups.run(check: check)
    var report = try await store.replayer.run(check: check, progress: progress)
    report.drift = lookups + report.drift
    return report
  }

  /// Replays the first events of the log beside the live projections, which do not change.
  ///
  /// - Parameters:
  ///   - point: a number of events, or a time.
  ///   - progress: called as the work advances, from any thread.
  ///
  /// Errors: a `Refusal` with check `as_of` for a number beyond the log; a `LedgerStoreError` with code `replayRunning` or
  /// `noRoom`.
  public func replay(
    asOf point: LogPoint, progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> PastProjections {
    let size = try await point.size(in: store)
    let head = try await store.log.size()
    guard size <= head else {
      throw Refusal(
        .malformed, check: "as_of", field: "as_of", "The log has \(head) events, and not \(size).")
    }
    return try await store.replayer.past(size: size.stored, progress: progress)
  }
}
