import CanonicalJSON
import EmbeddedPostgres
import LedgerDomain
public import LedgerStore
public import Logging
import SafeHTTPClient

/// An open ledger: creates its components and connects them.
///
/// The HTTP service and the command line call the components. See `docs/architecture.md`.
public final class Ledger: Sendable {
  public let configuration: LedgerConfiguration
  /// The name of this ledger in events that it authorises.
  public let origin: String
  public let logger: Logger
  private let database: LedgerDatabase
  private let projection: Task<Void, Never>?
  private let supervision: Task<Void, Never>?
  let registry: RegistryKey
  let timeline: TimelineCache

  // MARK: Submission

  /// How much each client and key may ask for.
  public let quotas: Quotas
  /// Takes submissions.
  public let submitter: Submitter
  /// Takes many submissions, one a line.
  public let bulkSubmitter: BulkSubmitter
  /// Signs payloads and submits them.
  public let signingSubmitter: SigningSubmitter
  /// Makes event bodies for clients that sign.
  public let preparer: SubmissionPreparer
  /// Imports record documents.
  public let documentImporter: DocumentImporter

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
  /// What the operator trusts.
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

  // MARK: Queries

  /// Records: names, documents, status, graph.
  public let records: RecordQueries
  /// Events of a record and of the log, page by page.
  public let events: EventQueries
  /// The registered keys.
  public let keys: KeyQueries
  /// The log as a stream.
  public let feed: LogFeed

  // MARK: Transparency

  /// The log's checkpoints.
  public let checkpoints: CheckpointIssuer
  /// Tiles, inclusion proofs and consistency proofs.
  public let proofs: ProofQueries
  /// Records with everything that proves them.
  public let bundles: BundleWriter
  /// Publishes checkpoints with the witnesses' cosignatures.
  public let witnesses: WitnessClient
  /// Has checkpoints timestamped.
  public let timestamper: CheckpointTimestamper
  /// Grows the tree, and publishes and timestamps checkpoints at intervals.
  public let checkpointScheduler: CheckpointScheduler

  var store: LedgerStore { database.store }

  private init(_ core: Core, runProjector: Bool) {
    let (store, configuration, origin, logger) =
      (core.database.store, core.configuration, core.origin, core.logger)
    let (registry, timeline, signer) = (core.registry, core.timeline, core.checkpointSigner)
    let services = configuration.externalServices
    self.configuration = configuration
    self.origin = origin
    self.logger = logger
    self.registry = registry
    self.timeline = timeline
    database = core.database
    let resolver = RecordResolver(store: store)
    let documents = RecordDocuments(store: store, configuration: configuration)
    let quotas = Quotas(configuration.limits)
    self.quotas = quotas

    // Transparency
    let checkpoints = CheckpointIssuer(
      store: store, signer: signer,
      served: ServedCheckpoints(
        store: store, key: signer?.verifierKey, origin: origin,
        witnesses: configuration.witnesses.map(\.key), logger: logger))
    self.checkpoints = checkpoints
    let checkpointAnchors = CheckpointAnchors(store: store, timeline: timeline)
    proofs = ProofQueries(store: store, checkpoints: checkpoints)
    bundles = BundleWriter(
      store: store, resolver: resolver, documents: documents, checkpoints: checkpoints,
      anchors: checkpointAnchors)

    // Evidence
    let fetch = SafeHTTPClient(
      allowedHosts: services.allowedHosts, limits: services.fetchLimits,
      additionalRoots: services.additionalRootsFile)
    let calendars = CalendarClient(fetch, answerLife: services.calendarAnswerLife)
    let checker = EvidenceChecker(
      store: store, fetch: fetch,
      headers: BlockHeaders(
        store: store, fetch: fetch, configuration: configuration, logger: logger),
      issuer: IssuerKeyCache(store: store, fetch: fetch, services: services),
      executor: ProofExecutor(), configuration: configuration)
    evidenceChecker = checker
    let reader = EvidenceReader(store: store, timeline: timeline)
    evidence = reader
    evidenceInspector = EvidenceInspector(store: store, evidence: checker)
    timestampRequester = TimestampRequester(resolver: resolver, calendars: calendars, fetch: fetch)
    trust = TrustStore(store: store)

    // Submission
    let answers = AnswerBuilder(
      store: store, timeline: timeline, checkpointSigner: signer, configuration: configuration)
    let admission = AdmissionReader(
      store: store, documents: documents, configuration: configuration)
    let appender = EventAppender(
      store: store, reader: admission, timeline: timeline, evidence: checker,
      checkpoints: checkpoints, checkpointSigner: signer, registry: registry, answers: answers,
      configuration: configuration, origin: origin, logger: logger)
    let signed = SignedEventSubmitter(
      store: store, resolver: resolver, reader: admission, timeline: timeline, quotas: quotas,
      appender: appender, answers: answers)
    let voucher = TokenVoucher(
      store: store, timeline: timeline,
      signing: SigningSubmitter(
        submitter: signed, resolver: resolver, registry: registry, timeline: timeline,
        clock: configuration.clock),
      origin: origin)
    let submitter = Submitter(
      signed: signed,
      bare: BareSubmitter(
        resolver: resolver, quotas: quotas, pendingLimits: PendingAnchorLimits(),
        recordMutex: KeyedMutex(), registry: registry, appender: appender,
        configuration: configuration),
      voucher: voucher, limits: configuration.limits)
    self.submitter = submitter
    let importer = DocumentImporter(
      store: store, documents: documents, timeline: timeline, registry: registry, quotas: quotas,
      answers: answers, checkpointSigner: signer, configuration: configuration, origin: origin)
    documentImporter = importer
    bulkSubmitter = BulkSubmitter(
      submitter: submitter, importer: importer, documents: documents, limits: configuration.limits)
    let signing = SigningSubmitter(
      submitter: submitter, resolver: resolver, registry: registry, timeline: timeline,
      clock: configuration.clock)
    signingSubmitter = signing
    preparer = SubmissionPreparer(resolver: resolver, clock: configuration.clock)

    // Settlement
    let recorder = CheckRecorder(appender: appender, registry: registry)
    let upgrader = ProofUpgrader(
      evidence: checker, calendars: calendars, allowedCalendars: services.calendars,
      logger: logger)
    proofUpgrader = upgrader
    anchorSettler = AnchorSettler(
      store: store, reader: reader, evidence: checker, upgrader: upgrader, recorder: recorder,
      configuration: configuration, logger: logger)
    dueAnchorSettler = DueAnchorSettler(
      store: store, reader: reader, settler: anchorSettler, recorder: recorder,
      configuration: configuration, logger: logger)
    claimSettler = ClaimSettler(
      store: store, reader: reader, evidence: checker, recorder: recorder, voucher: voucher,
      configuration: configuration, logger: logger)
    storageMonitor = StorageMonitor(
      store: store, reader: reader, evidence: checker, recorder: recorder,
      configuration: configuration, logger: logger)
    backgroundJobs = BackgroundJobs(
      anchors: dueAnchorSettler, claims: claimSettler, storage: storageMonitor,
      interval: services.anchorInterval, logger: logger)

    // Maintenance
    keyAdministrator = KeyAdministrator(
      store: store, signing: signing, registry: registry, timeline: timeline, answers: answers,
      configuration: configuration, origin: origin)
    let bundleCache = bundles.cache
    evidenceEraser = EvidenceEraser(
      store: store, reader: reader, recorder: recorder, configuration: configuration,
      didErase: { await bundleCache.removeAll() })
    auditor = Auditor(
      store: store, resolver: resolver, timeline: timeline, reader: reader, evidence: checker,
      documents: documents, configuration: configuration)
    logChecker = LogChecker(
      store: store, checkpoints: checkpoints, checkpointSigner: signer, origin: origin)
    logExporter = LogExporter(
      store: store, checkpoints: checkpoints, proofs: proofs, canSign: signer != nil)

    // Queries
    records = RecordQueries(
      store: store, resolver: resolver, documents: documents, timeline: timeline,
      configuration: configuration, statuses: StatusCache(store: store))
    events = EventQueries(store: store, resolver: resolver, configuration: configuration)
    keys = KeyQueries(timeline: timeline)
    feed = LogFeed { from, limit in
      try await store.log.events(from: from, limit: limit).map {
        LogFeed.Event(position: $0.position, json: try EventQueries.json($0).canonicalBytes())
      }
    }

    // Jobs
    let witnesses = WitnessClient(
      witnesses: configuration.witnesses, origin: origin, store: store, checkpoints: checkpoints,
      fetch: fetch, logger: logger)
    self.witnesses = witnesses
    timestamper = CheckpointTimestamper(
      store: store, configuration: configuration, checkpoints: checkpoints,
      anchors: checkpointAnchors, requester: timestampRequester, signing: signing, logger: logger)
    checkpointScheduler = CheckpointScheduler(
      store: store, configuration: configuration, checkpoints: checkpoints, witnesses: witnesses,
      timestamper: timestamper, logger: logger)
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

  /// What has to be read from the database and the data directory before the other components are created.
  private struct Core: Sendable {
    let database: LedgerDatabase
    let registry: RegistryKey
    let timeline: TimelineCache
    /// Signs checkpoints. `nil` in a read-only process.
    let checkpointSigner: CheckpointSigner?
    let configuration: LedgerConfiguration
    let origin: String
    let logger: Logger
  }

  /// Opens the ledger.
  ///
  /// Starts or joins the private PostgreSQL and migrates it, if no database is configured. On the first start, creates the
  /// registry key and appends the log's first event.
  ///
  /// - Parameter runProjector: whether this process keeps the projections up to date.
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
  ) async throws -> Core {
    let store = database.store
    let registry = try RegistryKey(configuration)
    let timeline = TimelineCache(store: store)
    if !configuration.isReadOnly {
      try configuration.makeOperatorToken()
      try await registry.begin(store: store, configuration: configuration)
      try await registry.settle(current: try await timeline.current())
    }
    let origin = try await store.log.origin()
    var signer: CheckpointSigner?
    if !configuration.isReadOnly {
      let key = try LogKey(path: configuration.logKeyPath, name: LogKey.name(for: origin))
      signer = CheckpointSigner(key: key, store: store, origin: origin, logger: logger)
      try await signer?.begin()
    }
    return Core(
      database: database, registry: registry, timeline: timeline, checkpointSigner: signer,
      configuration: configuration, origin: origin, logger: logger)
  }

  /// Migrates the database. Returns the names of the migrations that were applied.
  public static func migrate(
    _ configuration: LedgerConfiguration, logger: Logger
  ) async throws -> [String] {
    try await LedgerDatabase.migrate(configuration, logger: logger)
  }

  /// Stops the projector, closes the connections, and stops the private PostgreSQL if no other process uses it.
  public func close() async {
    supervision?.cancel()
    projection?.cancel()
    await supervision?.value
    await projection?.value
    do { try await database.close() } catch { logger.error("PostgreSQL did not stop: \(error)") }
  }

  /// The sizes of the log and of its projections.
  public struct Health: Sendable {
    /// Events in the log.
    public let size: Int64
    /// Events that the projections do not include yet.
    public let lag: Int64
  }

  /// Reads the sizes of the log and of its projections.
  public func health() async throws -> Health {
    let projected = try await store.projections.position()
    let size = try await store.log.size()
    return Health(size: size, lag: max(0, size - projected.next.rawValue))
  }

  /// Rebuilds the projections from the log. With `check`, only compares them.
  public func replay(
    check: Bool, progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> ReplayReport {
    try await store.replayer.run(check: check, progress: progress)
  }
}
