import CanonicalJSON
import EmbeddedPostgres
import Foundation
public import LedgerDomain
public import LedgerStore
public import Logging
import ProofFormats

/// A running attestation ledger: it admits what is submitted, answers what is verified, and rebuilds
/// its projections from the log.
///
/// Both faces, HTTP and the shell, call this and nothing below it.
public final class Ledger: Sendable {
  public let configuration: LedgerConfiguration
  /// The name of this ledger in statements of authority.
  public let origin: String
  let store: LedgerStore
  let registry: RegistryKey
  /// Signs for the log; `nil` in a process that only answers.
  let checkpointSigner: CheckpointSigner?
  let timeline: TimelineCache
  let resolver: RecordResolver
  let documents: RecordDocuments
  /// Records: names, documents, status, graph.
  public let records: RecordQueries
  /// Events of a record and of the log, page by page.
  public let events: EventQueries
  /// The registered keys.
  public let keys: KeyQueries
  /// The log as a stream.
  public let feed: LogFeed
  /// The log's checkpoints.
  public let checkpoints: CheckpointIssuer
  let anchors: CheckpointAnchors
  /// Tiles, inclusion proofs and consistency proofs.
  public let proofs: ProofQueries
  /// Records with everything that proves them.
  public let bundles: BundleWriter
  /// Publishes checkpoints with the witnesses' cosignatures.
  public let witnesses: WitnessClient
  let checks: EvidenceChecks
  public let logger: Logger
  let quotas: Quotas
  let pendingLimits = PendingAnchorLimits()
  let turns = KeyedMutex<Int64>()
  private let server: EmbeddedPostgres?
  private let projection: Task<Void, Never>?
  private let supervision: Task<Void, Never>?

  private init(
    configuration: LedgerConfiguration, origin: String, store: LedgerStore, registry: RegistryKey,
    checkpointSigner: CheckpointSigner?, timeline: TimelineCache, server: EmbeddedPostgres?,
    runProjector: Bool,
    logger: Logger
  ) {
    self.configuration = configuration
    self.origin = origin
    self.store = store
    self.registry = registry
    self.checkpointSigner = checkpointSigner
    self.timeline = timeline
    checks = EvidenceChecks(store: store, configuration: configuration, logger: logger)
    resolver = RecordResolver(store: store)
    documents = RecordDocuments(store: store, configuration: configuration)
    records = RecordQueries(
      store: store, resolver: resolver, documents: documents, timeline: timeline,
      configuration: configuration, statuses: StatusCache(store: store))
    events = EventQueries(store: store, resolver: resolver, configuration: configuration)
    keys = KeyQueries(timeline: timeline)
    checkpoints = CheckpointIssuer(
      store: store, signer: checkpointSigner,
      served: ServedCheckpoints(
        store: store, key: checkpointSigner?.verifierKey, origin: origin,
        witnesses: configuration.witnesses.map(\.key), logger: logger))
    anchors = CheckpointAnchors(store: store, timeline: timeline)
    proofs = ProofQueries(store: store, checkpoints: checkpoints)
    bundles = BundleWriter(
      store: store, resolver: resolver, documents: documents, checkpoints: checkpoints,
      anchors: anchors)
    witnesses = WitnessClient(
      witnesses: configuration.witnesses, origin: origin, store: store, checkpoints: checkpoints,
      fetch: checks.fetch, logger: logger)
    self.server = server
    self.logger = logger
    quotas = Quotas(configuration.limits)
    feed = LogFeed { from, limit in
      try await store.log.events(from: from, limit: limit).map {
        LogFeed.Event(position: $0.position, json: try EventQueries.json($0).canonicalBytes())
      }
    }
    supervision = server.map { server in Task { await server.keepRunning(logger: logger) } }
    projection =
      runProjector
      ? Task {
        do { try await store.makeProjector().run() } catch is CancellationError {
        } catch { logger.error("the projector stopped: \(error)") }
      } : nil
  }

  /// Has checkpoints timestamped.
  public var timestamper: CheckpointTimestamper {
    CheckpointTimestamper(
      store: store, configuration: configuration, checkpoints: checkpoints, anchors: anchors,
      stamp: { try await self.stamp($0, calendars: $1) },
      requestToken: { try await self.requestToken(over: $0, authority: $1) },
      submit: { payload, target, proof in
        try await self.signAndSubmit(
          type: .timestampAnchor, payload: payload, record: nil, target: target, evidence: [proof],
          key: nil
        ).position
      }, logger: logger)
  }

  /// Grows the tree, and publishes and timestamps checkpoints as time goes by.
  public var checkpointScheduler: CheckpointScheduler {
    CheckpointScheduler(
      store: store, configuration: configuration, checkpoints: checkpoints, witnesses: witnesses,
      timestamper: timestamper, logger: logger)
  }

  /// Opens the ledger: starts or joins the private PostgreSQL where no URL is configured, migrates it,
  /// and on the first start makes the registry key and writes the log's first event.
  public static func open(
    _ configuration: LedgerConfiguration, runProjector: Bool = true, logger: Logger
  ) async throws -> Ledger {
    let (uri, server) = try await database(configuration, logger: logger)
    var opened: LedgerStore?
    do {
      if server != nil { _ = try await Migrator.migrate(uri: uri, logger: logger) }
      let store = try await LedgerStore.open(
        configuration.store(uri: uri, isPrivate: server != nil, logger: logger))
      opened = store
      let registry = try RegistryKey(configuration)
      let timeline = TimelineCache(store: store)
      if !configuration.isReadOnly {
        try configuration.makeOperatorToken()
        try await registry.begin(store: store, configuration: configuration)
        try await registry.settle(current: try await timeline.current())
      }
      let origin = try await store.log.origin()
      var checkpointSigner: CheckpointSigner?
      if !configuration.isReadOnly {
        let key = try LogKey(path: configuration.logKeyPath, name: LogKey.name(for: origin))
        checkpointSigner = CheckpointSigner(key: key, store: store, origin: origin, logger: logger)
        try await checkpointSigner?.begin()
      }
      return Ledger(
        configuration: configuration, origin: origin, store: store,
        registry: registry, checkpointSigner: checkpointSigner, timeline: timeline, server: server,
        runProjector: runProjector && !configuration.isReadOnly,
        logger: logger)
    } catch {
      await opened?.close()
      try? await server?.stop()
      throw error
    }
  }

  /// Brings the database's schema up to date, and answers the names of what was applied.
  public static func migrate(
    _ configuration: LedgerConfiguration, logger: Logger
  ) async throws -> [String] {
    let (uri, server) = try await database(configuration, logger: logger)
    do {
      let applied = try await Migrator.migrate(
        uri: configuration.databaseOwnerURL ?? uri, logger: logger)
      try await server?.stop()
      return applied
    } catch {
      try? await server?.stop()
      throw error
    }
  }

  static func database(
    _ configuration: LedgerConfiguration, logger: Logger
  ) async throws -> (uri: String, server: EmbeddedPostgres?) {
    if let url = configuration.databaseURL { return (url, nil) }
    let server = try await EmbeddedPostgres.start(
      dataDirectory: configuration.dataDirectory, logger: logger)
    return (server.uri, server)
  }

  /// Stops the projector, lets go of the connections, and stops the private server if nobody else
  /// uses it.
  public func close() async {
    supervision?.cancel()
    projection?.cancel()
    await supervision?.value
    await projection?.value
    await store.close()
    do { try await server?.stop() } catch { logger.error("PostgreSQL did not stop: \(error)") }
  }

  /// How far the log and its projections are.
  public struct Health: Sendable {
    /// Events in the log.
    public let size: Int64
    /// Events of the log that the projections do not include yet.
    public let lag: Int64
  }

  public func health() async throws -> Health {
    let projected = try await store.projections.position()
    let size = try await store.log.size()
    return Health(size: size, lag: max(0, size - 1 - projected))
  }

  /// Rebuilds the projections from the log, or with `check` only compares them.
  public func replay(
    check: Bool, progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> ReplayReport {
    try await store.replayer.run(check: check, progress: progress)
  }

  var now: Timestamp { configuration.clock() }

  /// Refuses whatever would write, in a process that only answers.
  func requireWriting() throws(Refusal) {
    if configuration.isReadOnly { throw Refusal.readOnly }
  }
}

extension Refusal {
  /// The refusal of a write in a process that only reads.
  static let readOnly = Refusal(
    .unavailable, check: "read_only", "This ledger only answers; submit to the one that writes.")
}

extension LedgerConfiguration {
  /// The address that links begin with.
  func base(_ requested: String) -> String { publicURL ?? requested }

  /// How the store connects: with separate logins to the private PostgreSQL, to another as it is configured.
  ///
  /// The owner's connection is closed once the private database is migrated.
  func store(uri: String, isPrivate: Bool, logger: Logger) -> StoreConfiguration {
    StoreConfiguration(
      uri: uri, logins: isPrivate || usesSeparateLogins ? .separate : .shared, logger: logger)
  }
}

extension Timestamp {
  /// The system clock's word, to the microsecond.
  public static var now: Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(
      microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}

/// The key timeline as of the newest event, brought up to date from the log where that has grown.
actor TimelineCache {
  private let store: LedgerStore
  private var timeline = KeyTimeline()
  /// Events about keys below this position are in `timeline`.
  private var size: Int64 = 0

  init(store: LedgerStore) { self.store = store }

  /// The timeline, and the position that the next event will have at the earliest.
  func current() async throws -> (timeline: KeyTimeline, next: Int64) {
    try await current(store.log.head())
  }

  /// The same for a log that is known to end there.
  func current(_ log: LogHead) async throws -> (timeline: KeyTimeline, next: Int64) {
    if log.lastKeyEvent >= size {
      // Another call may have advanced while this one waited; only what is new is applied.
      for event in try await store.folds.keyEvents(from: size) where event.position >= size {
        _ = timeline.apply(event)
        size = event.position + 1
      }
    }
    return (timeline, max(log.size, size))
  }

  /// The timeline as far as it is known, without a look at the log.
  var known: KeyTimeline { timeline }
}
