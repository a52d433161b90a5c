import LedgerStore
import Logging
import SafeHTTPClient

// The components of a ledger in groups, in the order in which they are created. Only `Ledger` uses
// these groups; a component receives the other components that it needs.
//
// A component that holds the configuration or several other components is a class. As a struct it would
// contain the values of all components below it, several kilobytes, and every task and every `async`
// call of a submission would copy them.

/// The dependencies of every group, read from the database and the data directory.
struct LedgerCore: Sendable {
  let database: LedgerDatabase
  let registry: RegistryKey
  let timeline: TimelineCache
  /// Signs checkpoints. `nil` in a read-only process.
  let checkpointSigner: CheckpointSigner?
  let configuration: LedgerConfiguration
  let origin: String
  let logger: Logger
  let resolver: RecordResolver
  let documents: RecordDocuments
  let quotas: Quotas
  let metrics: ServiceMetrics

  var store: LedgerStore { database.store }

  init(
    database: LedgerDatabase, registry: RegistryKey, timeline: TimelineCache,
    checkpointSigner: CheckpointSigner?, configuration: LedgerConfiguration, origin: String,
    logger: Logger
  ) {
    self.database = database
    self.registry = registry
    self.timeline = timeline
    self.checkpointSigner = checkpointSigner
    self.configuration = configuration
    self.origin = origin
    self.logger = logger
    resolver = RecordResolver(store: database.store)
    documents = RecordDocuments(store: database.store, configuration: configuration)
    metrics = ServiceMetrics(configuration.metrics)
    quotas = Quotas(configuration.limits, metrics: metrics)
  }
}

/// Checkpoints and proofs.
struct TransparencyComponents: Sendable {
  let checkpoints: CheckpointIssuer
  let anchors: CheckpointAnchors
  let proofs: ProofQueries
  let bundles: BundleWriter

  init(_ core: LedgerCore) {
    checkpoints = CheckpointIssuer(
      store: core.store, signer: core.checkpointSigner,
      served: ServedCheckpoints(
        store: core.store, key: core.checkpointSigner?.verifierKey, origin: core.origin,
        witnesses: core.configuration.witnesses.map(\.key), logger: core.logger))
    anchors = CheckpointAnchors(store: core.store, timeline: core.timeline)
    proofs = ProofQueries(store: core.store, checkpoints: checkpoints)
    bundles = BundleWriter(
      store: core.store, resolver: core.resolver, documents: core.documents,
      checkpoints: checkpoints, anchors: anchors)
  }
}

/// Checks of evidence, and the clients of external services.
struct EvidenceComponents: Sendable {
  let fetch: SafeHTTPClient
  let checker: EvidenceChecker
  let reader: EvidenceReader
  let inspector: EvidenceInspector
  let requester: TimestampRequester
  let upgrader: ProofUpgrader

  init(_ core: LedgerCore) {
    let services = core.configuration.externalServices
    fetch = SafeHTTPClient(
      allowedHosts: services.allowedHosts, limits: services.fetchLimits,
      additionalRoots: services.additionalRootsFile)
    let calendars = CalendarClient(fetch, answerLife: services.calendarAnswerLife)
    checker = EvidenceChecker(
      store: core.store, fetch: fetch,
      headers: BlockHeaders(
        store: core.store, fetch: fetch, configuration: core.configuration, logger: core.logger),
      issuer: IssuerKeyCache(store: core.store, fetch: fetch, services: services),
      executor: ProofExecutor(), configuration: core.configuration)
    reader = EvidenceReader(
      store: core.store, timeline: core.timeline, erased: ErasedEvidence(store: core.store))
    inspector = EvidenceInspector(store: core.store, evidence: checker)
    requester = TimestampRequester(calendars: calendars, fetch: fetch)
    upgrader = ProofUpgrader(
      evidence: checker, calendars: calendars, allowedCalendars: services.calendars,
      logger: core.logger)
  }
}

/// The components that take submissions and append events.
struct SubmissionComponents: Sendable {
  let answers: AnswerBuilder
  let appender: EventAppender
  let voucher: TokenVoucher
  let submitter: Submitter
  let signing: SigningSubmitter
  let importer: DocumentImporter
  let bulk: BulkSubmitter
  let bundles: BundleImporter

  init(_ core: LedgerCore, _ evidence: EvidenceComponents, _ checkpoints: CheckpointIssuer) {
    answers = AnswerBuilder(
      store: core.store, timeline: core.timeline, checkpointSigner: core.checkpointSigner,
      configuration: core.configuration)
    let reader = AdmissionReader(
      store: core.store, documents: core.documents, configuration: core.configuration)
    appender = EventAppender(
      store: core.store, reader: reader, timeline: core.timeline, evidence: evidence.checker,
      checkpoints: checkpoints, checkpointSigner: core.checkpointSigner, registry: core.registry,
      answers: answers, configuration: core.configuration, origin: core.origin, logger: core.logger,
      metrics: core.metrics)
    let signed = SignedEventSubmitter(
      store: core.store, resolver: core.resolver, reader: reader, timeline: core.timeline,
      quotas: core.quotas, appender: appender, answers: answers)
    // The voucher submits through a submitter without a voucher, so that its own events are not vouched
    // for again.
    voucher = TokenVoucher(
      store: core.store, timeline: core.timeline,
      signing: Self.signing(core, submitter: signed), origin: core.origin)
    submitter = Submitter(
      signed: signed, bare: Self.bare(core, appender), voucher: voucher,
      limits: core.configuration.limits, metrics: core.metrics)
    signing = Self.signing(core, submitter: submitter)
    importer = DocumentImporter(
      store: core.store, documents: core.documents, timeline: core.timeline,
      registry: core.registry, quotas: core.quotas, answers: answers,
      checkpointSigner: core.checkpointSigner, configuration: core.configuration,
      origin: core.origin, metrics: core.metrics)
    bulk = BulkSubmitter(
      submitter: submitter, importer: importer, documents: core.documents,
      limits: core.configuration.limits)
    bundles = BundleImporter(importer: importer, submitter: bulk)
  }

  private static func signing(
    _ core: LedgerCore, submitter: any EventSubmitter
  ) -> SigningSubmitter {
    SigningSubmitter(
      submitter: submitter, resolver: core.resolver, registry: core.registry,
      timeline: core.timeline, clock: core.configuration.clock)
  }

  private static func bare(_ core: LedgerCore, _ appender: EventAppender) -> BareSubmitter {
    BareSubmitter(
      resolver: core.resolver, quotas: core.quotas, pendingLimits: PendingAnchorLimits(),
      recordMutex: KeyedMutex(), registry: core.registry, appender: appender,
      configuration: core.configuration)
  }
}

/// The jobs that settle pending statements, and their components.
struct SettlementComponents: Sendable {
  let recorder: CheckRecorder
  let anchors: AnchorSettler
  let dueAnchors: DueAnchorSettler
  let claims: ClaimSettler
  let storage: StorageMonitor
  let jobs: BackgroundJobs

  init(_ core: LedgerCore, _ evidence: EvidenceComponents, _ submission: SubmissionComponents) {
    let (store, configuration, logger) = (core.store, core.configuration, core.logger)
    recorder = CheckRecorder(appender: submission.appender, registry: core.registry)
    anchors = AnchorSettler(
      anchors: AnchorReader(store: store, reader: evidence.reader), evidence: evidence.checker,
      upgrader: evidence.upgrader, recorder: recorder, configuration: configuration, logger: logger)
    dueAnchors = DueAnchorSettler(
      store: store, reader: evidence.reader, settler: anchors, recorder: recorder,
      configuration: configuration, logger: logger)
    claims = ClaimSettler(
      store: store, reader: evidence.reader, evidence: evidence.checker, recorder: recorder,
      voucher: submission.voucher, configuration: configuration, logger: logger)
    storage = StorageMonitor(
      log: store.log, attestations: store.attestations, statements: evidence.reader,
      fetcher: evidence.checker, recorder: recorder, configuration: configuration, logger: logger)
    jobs = BackgroundJobs(
      anchors: dueAnchors, claims: claims, storage: storage,
      interval: configuration.externalServices.anchorInterval, logger: logger,
      metrics: core.metrics)
  }
}

/// Webhooks, and the job that delivers to them.
struct WebhookComponents: Sendable {
  let manager: WebhookManager
  let deliverer: WebhookDeliverer

  init(_ core: LedgerCore) {
    let services = core.configuration.externalServices
    let sender = core.checkpointSigner.map { signer in
      WebhookSender(
        fetcher: SafeHTTPClient(
          allowedHosts: services.webhookAllowedHosts,
          limits: WebhookSender.limits(of: WebhookManager.most),
          additionalRoots: services.additionalRootsFile),
        secrets: signer.webhookSecrets, allowedHosts: services.webhookAllowedHosts)
    }
    manager = WebhookManager(
      store: core.store, resolver: core.resolver, sender: sender,
      configuration: core.configuration)
    deliverer = WebhookDeliverer(
      store: core.store, resolver: core.resolver, timeline: core.timeline, sender: sender,
      clock: core.configuration.clock, logger: core.logger, metrics: core.metrics)
  }
}

/// What readers find things by.
struct FindingComponents: Sendable {
  let home: HomeQueries
  let authors: AuthorQueries
  let dossiers: EventDossierQueries
  let keyHistories: KeyHistoryQueries
  let hashes: HashQueries
  let names: NameQueries
  let nearMatches: NearMatchQueries

  init(
    _ core: LedgerCore, events: EventQueries, keys: KeyQueries, search: RecordSearchQueries,
    transparency: TransparencyComponents, evidence: EvidenceReader
  ) {
    let (store, clock) = (core.store, core.configuration.clock)
    home = HomeQueries(store: store, events: events, keys: keys, clock: clock)
    authors = AuthorQueries(store: store, events: events, keys: keys, search: search)
    dossiers = EventDossierQueries(
      store: store, events: events, keys: keys, proofs: transparency.proofs,
      checkpoints: transparency.checkpoints, timeline: core.timeline)
    keyHistories = KeyHistoryQueries(store: store, keys: keys, events: events)
    hashes = HashQueries(store: store, evidence: evidence)
    names = NameQueries(store: store, resolver: core.resolver, keys: keys)
    nearMatches = NearMatchQueries(store: store, clock: clock)
  }
}
