public import Encodings
public import LedgerDomain

/// Writes the typed columns of a log, derived by the same rules as those of real entries.
public struct LogWriter: Sendable {
  /// A signing key and the signer that its registration declares.
  public struct Signer: Hashable, Sendable {
    /// The name that identifies the key in a test.
    public let name: String
    /// The declared `signer_id`.
    public let signerID: String
    /// The declared role.
    public let type: SignerType
    /// A fingerprint derived from the name.
    public var fingerprint: Digest128 { Digest128(of: "fingerprint", name) }

    /// Creates a signer. The key is not registered.
    public init(name: String, signerID: String, type: SignerType) {
      self.name = name
      self.signerID = signerID
      self.type = type
    }
  }

  /// The events so far, by position.
  public private(set) var events: [FoldEvent] = []
  /// The current registry key.
  public private(set) var registry = Signer(name: "root", signerID: "urn:root", type: .registry)

  /// Creates a log whose first event registers the registry key.
  public init() { register(registry) }

  /// The key timeline after the last event.
  public var timeline: KeyTimeline { Self.timeline(events[...]) }

  /// The key timeline after some events, which are a prefix of a log.
  public static func timeline(_ events: ArraySlice<FoldEvent>) -> KeyTimeline {
    var timeline = KeyTimeline()
    for event in events { _ = timeline.apply(event) }
    return timeline
  }

  /// The keys and the names of papers after some events, which are a prefix of a log.
  public static func context(_ events: ArraySlice<FoldEvent>) -> FoldContext {
    let timeline = timeline(events)
    return FoldContext(timeline, PaperNames(events, timeline))
  }

  /// The address of a made-up ORCID iD with this last digit.
  public static func orcid(_ number: Int) -> String {
    "https://orcid.org/0000-0000-0000-000\(number)"
  }

  /// The time at which the event at a position is recorded. It is also the default time of its signature.
  public static func time(of position: Position) -> Timestamp {
    Timestamp(microseconds: position.next.rawValue * 1_000_000)
  }

  /// Appends an event with further columns set by `change`. Returns its position.
  @discardableResult
  public mutating func append(
    _ type: EventType, by signer: Signer, record: RecordID,
    _ change: (inout FoldEvent) -> Void = { _ in }
  ) -> Position {
    let position = Position(rawValue: Int64(events.count))
    var event = FoldEvent(
      position: position, record: record, eventID: Digest(hashing: Array("event \(position)".utf8)),
      type: type, recordedAt: Self.time(of: position), createdAt: Self.time(of: position),
      verdict: .verified, signerKey: signer.fingerprint)
    change(&event)
    events.append(event)
    return position
  }

  // MARK: Keys

  /// Registers a key, signed by itself.
  public mutating func register(_ signer: Signer) {
    append(.keyRegistered, by: signer, record: .registry) {
      $0.key = KeyColumns(
        fingerprint: signer.fingerprint, signerID: signer.signerID, signerType: signer.type,
        keyID: signer.name, publicKey: Array(repeating: 7, count: 32))
    }
  }

  /// Registers a key, and with `vouched` lets the registry vouch for it in this role.
  public mutating func signer(
    _ name: String, _ signerID: String? = nil, _ type: SignerType = .author,
    vouched: SignerType? = nil
  ) -> Signer {
    let signer = Signer(name: name, signerID: signerID ?? "urn:\(name)", type: type)
    register(signer)
    if let vouched { vouch(signer, as: vouched) }
    return signer
  }

  /// Vouches for a key. The voucher is the registry by default.
  public mutating func vouch(
    _ signer: Signer, as type: SignerType = .author, by voucher: Signer? = nil,
    name: String? = nil
  ) {
    append(.keyVouched, by: voucher ?? registry, record: .registry) {
      $0.key = KeyColumns(
        fingerprint: signer.fingerprint, signerID: signer.signerID, signerType: type, name: name)
    }
  }

  /// Withdraws the vouching for a key, by default as the registry.
  public mutating func withdrawVouching(_ signer: Signer, by withdrawer: Signer? = nil) {
    append(.vouchingWithdrawn, by: withdrawer ?? registry, record: .registry) {
      $0.key = KeyColumns(fingerprint: signer.fingerprint)
    }
  }

  /// Revokes a key, by default as the registry; `from` is the position from which it was compromised.
  public mutating func revoke(_ signer: Signer, by revoker: Signer? = nil, from: Position? = nil) {
    append(.keyRevoked, by: revoker ?? registry, record: .registry) {
      $0.key = KeyColumns(fingerprint: signer.fingerprint, compromisedFrom: from)
    }
  }

  /// Replaces the registry key by a new key.
  public mutating func rotate(to name: String) {
    let next = Signer(name: name, signerID: registry.signerID, type: .registry)
    register(next)
    vouch(next, as: .registry)
    registry = next
  }

  // MARK: Records and attestations

  /// Creates a record, with a verified receipt of its Pith Number by default.
  ///
  /// - Parameters:
  ///   - name: the name of the record as a citing paper.
  ///   - source: the name of its source.
  public mutating func record(
    receipt: Bool = true, named name: String? = nil, source: String? = nil
  ) -> RecordID {
    let position = Position(rawValue: Int64(events.count))
    append(.recordCreated, by: registry, record: RecordID(createdAt: position)) {
      $0.flags = receipt ? [.contentAddressed, .receiptVerified] : [.contentAddressed]
      $0.claimant = name.map(Self.citing)
      $0.slot = source.map(Self.citing)
    }
    return RecordID(createdAt: position)
  }

  /// The slot of a citation under a name.
  public static func citing(_ name: String) -> Digest128 {
    Digest128(of: EventType.citationSignature.name, name)
  }

  /// Adds an alias to a record, or retracts it.
  public mutating func alias(_ name: String, of record: RecordID, retracted: Bool = false) {
    let source = events[Int(record.rawValue)].slot
    append(retracted ? .aliasRetracted : .aliasAdded, by: registry, record: record) {
      $0.slot = Self.citing(name)
      $0.claimant = source
    }
  }

  /// Appends a graph snapshot with numbers of references, of resolved works, and of items of formal
  /// evidence.
  public mutating func snapshot(
    _ record: RecordID, references: Int32, resolved: Int32, formal: Int32 = 0
  ) {
    append(.graphSnapshot, by: registry, record: record) {
      $0.referenceCount = references
      $0.resolvedWork = resolved
      $0.formalEvidenceCount = formal
    }
  }

  /// Appends an attestation of one of the five types.
  ///
  /// - Parameters:
  ///   - signer: the signer. `nil` for a bare action, which the registry signs.
  ///   - slot: distinguishes the slots of one signer and type.
  ///   - says: distinguishes the statements within a slot.
  ///   - token: the iD that an identity token is about.
  ///   - flags: flags of the event. Without a flag about names, an author's name is listed and verified.
  /// - Returns: the position of the event.
  @discardableResult
  public mutating func attest(
    _ type: EventType, _ record: RecordID, by signer: Signer? = nil, slot: String = "1",
    says: String = "a", verdict: Verdict = .verified, supersedes: Position? = nil,
    target: String = "record", token: String? = nil, until: Timestamp? = nil,
    flags: FoldFlags = [], roleCounts: Bool = true, createdAt: Timestamp? = nil
  ) -> Position {
    let author = signer ?? registry
    let older = supersedes.map { events[Int($0.rawValue)] }
    let identity = KeyTimeline.identity(signerID: token ?? author.signerID)
    return append(type, by: author, record: record) {
      let declared = token ?? author.signerID
      $0.verdict = verdict
      $0.flags = flags
      if signer == nil { $0.flags.insert(.bare) }
      $0.statement = Digest128(of: "says", says)
      $0.targetHash = Digest128(of: target).hash64
      $0.refersTo = supersedes
      $0.validUntil = until
      if let createdAt { $0.createdAt = createdAt }
      /// The fold group of the signer's statements about a topic.
      func group(_ topic: Digest128) -> Int64 {
        author.type == .registry
          ? FoldGroup.of(identity: KeyTimeline.identity(signerID: author.signerID), topic)
          : FoldGroup.of(key: author.fingerprint, topic)
      }
      let topic = Digest128(of: type.name, slot)
      switch type {
      case .timestampAnchor: $0.foldGroup = older?.foldGroup ?? group(topic)
      case .authorAttestation:
        $0.slot = Digest128(of: type.name, declared)
        $0.claimant = identity
        if flags.isDisjoint(with: [.nameMismatch, .nameDiffers, .nameUnknown]) {
          $0.flags.insert([.nameListed, .nameVerified])
        }
        $0.foldGroup = group(FoldGroup.authors)
        if token != nil {
          $0.flags.insert(.tokenClaim)
          $0.foldGroup =
            verdict == .verified
            ? FoldGroup.of(identity: identity, FoldGroup.authors) : FoldGroup.of(claim: $0.eventID)
        }
      default:
        $0.slot = topic
        $0.foldGroup = group(topic)
      }
      if type == .storageAttestation, roleCounts { $0.flags.insert(.contentRoleCounts) }
    }
  }

  /// Appends a withdrawal, decision, check or upgrade about an earlier event of the same record. Returns
  /// its position.
  @discardableResult
  public mutating func about(
    _ position: Position, _ type: EventType, by signer: Signer? = nil, verdict: Verdict = .verified,
    approved: Bool = false, createdAt: Timestamp? = nil
  ) -> Position {
    let target = events[Int(position.rawValue)]
    return append(type, by: signer ?? registry, record: target.record) {
      $0.verdict = verdict
      $0.refersTo = position
      $0.foldGroup = target.foldGroup
      if let createdAt { $0.createdAt = createdAt }
      if type == .checkRecorded, verdict == .verified, target.flags.contains(.tokenClaim) {
        $0.claimant = target.claimant
      }
      if approved { $0.flags.insert(.approved) }
    }
  }

  /// Removes the flags about the issuer's name from a claim, as in an entry that does not record this
  /// name.
  public mutating func clearNameFlags(of position: Position) {
    events[Int(position.rawValue)].flags.remove([.nameVerified, .nameDiffers, .nameUnknown])
  }

  // MARK: Results of the fold

  /// The events of a record, by position.
  public func events(of record: RecordID) -> [FoldEvent] { events.filter { $0.record == record } }

  /// The fold of all events of a record.
  public func folded(_ record: RecordID) -> FoldedRecord { .whole(events(of: record), context) }

  /// The keys and the names of papers as of the last event.
  public var context: FoldContext { Self.context(events[...]) }

  /// The totals of all groups of a record.
  public func sums(_ record: RecordID) -> GroupTotals { folded(record).state.sums }

  /// The standing of an event in the fold of its group.
  public func standing(_ position: Position) -> String {
    GroupFold(group(of: position), context).standingName(of: position)
  }

  /// The reason why the standing of an event is not higher. `nil` if there is none.
  public func reason(_ position: Position) -> String? {
    GroupFold(group(of: position), context).reason(of: position)
  }

  /// The events of an event's fold group and of the groups linked to it.
  public func group(of position: Position) -> [FoldEvent] {
    let event = events[Int(position.rawValue)]
    guard let group = event.foldGroup else { return [] }
    return Self.linked([group], events(of: event.record), context)
  }

  /// The events of a record that are in some groups or in groups linked to them.
  ///
  /// - Parameters:
  ///   - new: further events, whose links are followed too.
  ///   - context: the keys and names by which links are followed.
  ///   - earlier: another context; links by either are followed.
  public static func linked(
    _ groups: Set<Int64>, _ events: [FoldEvent], new: [FoldEvent] = [], _ context: FoldContext,
    _ earlier: FoldContext? = nil
  ) -> [FoldEvent] {
    let own = events.filter { $0.foldGroup.map(groups.contains) ?? false }
    var positions = Set(own.map(\.position))
    for context in [context, earlier].compactMap({ $0 }) {
      let links = FoldLinks(own + new, context)
      positions.formUnion(links.events(among: events, and: 0, context.papers).map(\.position))
    }
    return events.filter { positions.contains($0.position) }
  }
}
