public import Encodings
import LedgerDomain
public import LedgerStore
import TransparencyLog

/// An event with everything that tells whether and why it counts, and what proves that it is in the log.
public struct EventDossier: Sendable {
  /// The proof that the event is in the log.
  public struct Proof: Sendable {
    /// The hash of the entry as a leaf of the tree.
    public let leaf: Digest
    /// The hashes of the inclusion proof, from the leaf's sibling up.
    public let hashes: [Digest]
    /// The number of entries of the checkpoint that the proof leads to.
    public let size: Int64
    /// The note with the log's signature and the cosignatures.
    public let note: String
    /// The key that verifies the log's signature, as `name+keyid+base64`.
    public let logKey: String

    /// Makes a proof.
    public init(
      leaf: Digest, hashes: [Digest], size: Int64, note: String, logKey: String
    ) {
      self.leaf = leaf
      self.hashes = hashes
      self.size = size
      self.note = note
      self.logKey = logKey
    }
  }

  /// The event with its standing.
  public let detail: EventDetail
  /// The signing key; `nil` if it is not registered here.
  public let key: KeyStanding?
  /// The event that it supersedes, withdraws, decides on, upgrades or checks; `nil` if there is none.
  public let refersTo: StoredEvent?
  /// The events that supersede it, withdraw it, decide on it, upgrade it or check it, the newest first.
  public let referring: [StoredEvent]
  /// Whether there are more of these than ``EventDossierQueries/maxReferring``.
  public let hasMoreReferring: Bool
  /// The proof; `nil` while no checkpoint covers the event.
  public let proof: Proof?
  /// Proofs of time over checkpoints that cover the event, the earliest first.
  public let anchors: [EventDetail]

  /// Makes a dossier.
  public init(
    detail: EventDetail, key: KeyStanding?, refersTo: StoredEvent?, referring: [StoredEvent],
    hasMoreReferring: Bool, proof: Proof?, anchors: [EventDetail]
  ) {
    self.detail = detail
    self.key = key
    self.refersTo = refersTo
    self.referring = referring
    self.hasMoreReferring = hasMoreReferring
    self.proof = proof
    self.anchors = anchors
  }
}

/// Reads single events with what is connected to them.
public struct EventDossierQueries: Sendable {
  /// The largest number of referring events in a dossier.
  public static let maxReferring = 50
  /// The largest number of proofs of time in a dossier.
  public static let maxAnchors = 6

  let store: LedgerStore
  let events: EventQueries
  let keys: KeyQueries
  let proofs: ProofQueries
  let checkpoints: CheckpointIssuer
  let timeline: TimelineCache

  /// Reads an event.
  ///
  /// - Parameter name: an event ID, with or without `sha256:`.
  ///
  /// Errors: those of ``EventQueries/event(_:)``.
  public func event(_ name: String) async throws -> EventDossier {
    let detail = try await events.event(name)
    let position = detail.event.position
    let timeline = try await timeline.current().timeline
    let columns = try await store.scanner.columns(at: [position]).first
    var referring: [Position] = []
    if let columns {
      referring = try await events.linked(to: columns, timeline).events
        .filter { $0.refersTo == position }.map(\.position).sorted(by: >)
    }
    let shown = Array(referring.prefix(Self.maxReferring))
    let others = try await stored(at: shown + [columns?.refersTo].compactMap(\.self))
    return EventDossier(
      detail: detail,
      key: try await columns.asyncFlatMap { try await key($0.signerKey) },
      refersTo: columns?.refersTo.flatMap { others[$0] },
      referring: shown.compactMap { others[$0] },
      hasMoreReferring: referring.count > shown.count, proof: try await proof(of: detail.event),
      anchors: try await anchors(covering: position))
  }

  private func key(_ fingerprint: Digest128) async throws -> KeyStanding? {
    do { return try await keys.key(fingerprint.hex) } catch let refusal as Refusal
      where refusal.code == .notFound
    { return nil }
  }

  private func stored(at positions: [Position]) async throws -> [Position: StoredEvent] {
    Dictionary(
      try await store.log.events(at: positions).map { ($0.position, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The proof of an event; `nil` if no checkpoint covers it, and this process signs none.
  private func proof(of event: StoredEvent) async throws -> EventDossier.Proof? {
    do {
      let proof = try await proofs.inclusionProof(event.position.description)
      guard let key = try await checkpoints.verifierKey() else { return nil }
      return EventDossier.Proof(
        leaf: .leaf(event.entry), hashes: proof.hashes,
        size: try Checkpoint(text: proof.note.text).size.stored, note: proof.note.description,
        logKey: key)
    } catch let refusal as Refusal where refusal.code == .unavailable || refusal.code == .notFound {
      return nil
    }
  }

  /// The proofs of time over checkpoints that cover a position. They are behind it in the log.
  private func anchors(covering position: Position) async throws -> [EventDetail] {
    var selection = EventSelection()
    selection.record = .registry
    selection.types = [.timestampAnchor]
    let found = try await store.scanner.scan(
      selection, from: position.next, limit: Self.maxAnchors
    ).events.filter { event in
      guard let target = try? Entry(bytes: event.entry).event.body.target else { return false }
      return target.checkpoint?.covers(position) ?? false
    }
    return try await events.details(of: found)
  }
}

extension Optional {
  /// The value that a closure gives for the wrapped value.
  fileprivate func asyncFlatMap<R>(_ body: (Wrapped) async throws -> R?) async rethrows -> R? {
    guard let self else { return nil }
    return try await body(self)
  }
}
