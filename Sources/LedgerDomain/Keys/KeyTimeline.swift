public import Encodings

/// The registered keys with their vouches and revocations, by position. The fold of events about
/// keys comes before the fold of records.
///
/// Specification: standing.md, section Keys first.
public struct KeyTimeline: Sendable, Equatable {
  /// A registered key and its history.
  public struct Key: Sendable, Equatable {
    /// A vouch: the registry confirms that the key belongs to its `signer_id`, in one capacity.
    public struct Vouch: Sendable, Equatable {
      /// The position of the `key_vouched` event. The vouch is in force for later events.
      public let position: Position
      /// The capacity.
      public let type: SignerType
      /// The person's name, if the issuer of the identity gave one.
      public let name: String?
      /// The position of the withdrawal; `nil` while the vouch is in force.
      public fileprivate(set) var until: Position?

      /// Whether the vouch is in force for an event at this position.
      func holds(at position: Position) -> Bool {
        self.position < position && until.map { position < $0 } ?? true
      }
    }

    /// The first 16 bytes of SHA-256 of the raw public key.
    public let fingerprint: Digest128
    /// The name that the signer gave the key.
    public let keyID: String
    /// The identifier of the person or service that registered the key.
    public let signerID: String
    /// The capacity in which the key is registered.
    public let signerType: SignerType
    /// The raw public key, 32 bytes.
    public let publicKey: [UInt8]
    /// The position of the registration.
    public let registeredAt: Position
    /// The vouches by the registry, by position.
    public fileprivate(set) var vouches: [Vouch] = []
    /// The positions at which vouches were withdrawn, ascending.
    public fileprivate(set) var withdrawals: [Position] = []
    /// The position of the first revocation; `nil` if the key is not revoked.
    public fileprivate(set) var revokedAt: Position?
    /// The lowest position from which revocations take the standing of events; `nil` if no
    /// revocation names one.
    public fileprivate(set) var compromisedFrom: Position?
    /// The identity of the key's events while the key is bound to its `signer_id`.
    let vouchedIdentity: Digest128
    /// The identity of the key's events otherwise.
    let ownIdentity: Digest128

    /// Whether an event of the key at this position belongs to the `signer_id`. A vouch binds
    /// earlier events too, unless a vouch was withdrawn before the event and the key was not
    /// vouched for again.
    func isBound(at position: Position) -> Bool {
      guard let last = vouches.last else { return false }
      guard let withdrawn = withdrawals.last(where: { $0 < position }) else { return true }
      return last.position > withdrawn
    }
  }

  /// A change of the standing or the signer of events that may be folded already.
  public struct RetroactiveChange: Sendable, Equatable {
    /// The key.
    public let fingerprint: Digest128
    /// The lowest position of the key's events that the change affects.
    public let from: Position
  }

  /// The data of a key that the fold reads. It has no references: the fold reads it several times
  /// for each event, on several threads, and counting references of the same few keys would slow
  /// them down.
  private struct Standing: Sendable, BitwiseCopyable {
    let firstVouch: Position
    let revokedAt: Position?
    let compromisedFrom: Position?
    let isRegistry: Bool
    /// Whether a vouch was ever withdrawn. The full history of the key is then needed.
    let hasWithdrawals: Bool
    let vouchedIdentity: Digest128
    let ownIdentity: Digest128

    init(_ key: Key) {
      firstVouch = key.vouches.lazy.map(\.position).min() ?? .max
      hasWithdrawals = !key.withdrawals.isEmpty
      revokedAt = key.revokedAt
      compromisedFrom = key.compromisedFrom
      isRegistry = key.signerType == .registry
      vouchedIdentity = key.vouchedIdentity
      ownIdentity = key.ownIdentity
    }
  }

  private var byFingerprint = KeyTable()
  private var standings: [Digest128: Standing] = [:]
  /// The keys that were ever vouched for, by identity.
  private var byIdentity: [Digest128: [Digest128]] = [:]
  private var registry: [(from: Position, fingerprint: Digest128)] = []

  /// Makes the timeline of an empty log.
  public init() {}

  /// Compares the keys and the succession of registry keys.
  public static func == (a: KeyTimeline, b: KeyTimeline) -> Bool {
    a.byFingerprint == b.byFingerprint && a.registry.elementsEqual(b.registry, by: ==)
  }

  /// All keys, in the order of their registration.
  public var keys: [Key] { byFingerprint.all.sorted { $0.registeredAt < $1.registeredAt } }

  /// The number of keys.
  public var keyCount: Int { byFingerprint.count }

  /// The registered key with this fingerprint; `nil` if there is none.
  public func registration(of fingerprint: Digest128) -> Key? { byFingerprint[fingerprint] }

  /// The registry's key for an event at this position; `nil` before the first registration of a
  /// registry key.
  public func registryKey(at position: Position) -> Digest128? {
    registry.last { $0.from <= position }?.fingerprint
  }

  /// The keys of the registry in their succession.
  var registryKeys: [Digest128] { registry.map(\.fingerprint) }

  func isRegistry(_ key: Digest128, at position: Position) -> Bool {
    registryKey(at: position) == key
  }

  /// The data of the signer of one event that the fold reads.
  struct Signer: Sendable, BitwiseCopyable {
    /// Whether the event has no standing because its key was revoked.
    var isRevoked = false
    /// Whether a vouch of the key is in force, in any capacity.
    var isVouched = false
    /// The identity: of the `signer_id` if the key is bound to it, otherwise of the key itself.
    var identity: Digest128
  }

  /// The data of the signer of an event at this position. An unregistered key is its own identity.
  func signer(_ fingerprint: Digest128, at position: Position) -> Signer {
    guard let key = standings[fingerprint] else { return Signer(identity: fingerprint) }
    var isVouched = key.firstVouch < position
    // The registry has the same identity after each rotation, because its keys share one signer_id.
    var isBound = key.isRegistry ? isRegistry(fingerprint, at: position) : key.firstVouch < .max
    if key.hasWithdrawals, let whole = byFingerprint[fingerprint] {
      isVouched = whole.vouches.contains { $0.holds(at: position) }
      isBound = whole.isBound(at: position)
    }
    return Signer(
      isRevoked: key.revokedAt.map {
        position > $0 || key.compromisedFrom.map { position >= $0 } ?? false
      } ?? false,
      isVouched: isVouched, identity: isBound ? key.vouchedIdentity : key.ownIdentity)
  }

  /// Whether a vouch of the key is in force for an event at this position.
  ///
  /// - Parameters:
  ///   - fingerprint: the fingerprint of the key.
  ///   - position: the position of the event.
  ///   - type: the capacity; `nil` for any capacity.
  public func isVouched(
    _ fingerprint: Digest128, at position: Position, as type: SignerType? = nil
  ) -> Bool {
    guard let type else { return signer(fingerprint, at: position).isVouched }
    guard let key = byFingerprint[fingerprint] else { return false }
    return key.vouches.contains { $0.holds(at: position) && $0.type == type }
  }

  /// Whether a vouch for an event at this position adds nothing to those in force: one has the same
  /// capacity, and the name is bound to the key already or there is none to bind.
  public func isVouched(
    _ fingerprint: Digest128, at position: Position, as type: SignerType, name: String?
  ) -> Bool {
    isVouched(fingerprint, at: position, as: type)
      && (name == nil || name == boundName(fingerprint, at: position))
  }

  /// Whether an event of this key at this position has no standing because the key was revoked.
  public func isRevoked(_ fingerprint: Digest128, at position: Position) -> Bool {
    signer(fingerprint, at: position).isRevoked
  }

  /// The name in the newest vouch with a name that is in force for an event at this position.
  public func boundName(_ fingerprint: Digest128, at position: Position) -> String? {
    byFingerprint[fingerprint]?.vouches.last { $0.holds(at: position) && $0.name != nil }?.name
  }

  /// The identity of a key that was ever vouched for; `nil` for other keys and for keys of the
  /// registry.
  func boundIdentity(_ fingerprint: Digest128) -> Digest128? {
    guard let key = standings[fingerprint], key.firstVouch < .max, !key.isRegistry else {
      return nil
    }
    return key.vouchedIdentity
  }

  /// The keys that were ever vouched for with this identity.
  public func keys(of identity: Digest128) -> [Digest128] { byIdentity[identity] ?? [] }

  /// The keys that the registry ever confirmed for a `signer_id`: those that it vouched for, and its own.
  public func keys(boundTo signerID: String) -> [Digest128] {
    let own = registry.map(\.fingerprint).filter { byFingerprint[$0]?.signerID == signerID }
    return own + keys(of: Self.identity(signerID: signerID))
  }

  /// The identity of an event of this key at this position: of the `signer_id` if the key is bound
  /// to it, otherwise of the key itself.
  public func identity(_ fingerprint: Digest128, at position: Position) -> Digest128 {
    signer(fingerprint, at: position).identity
  }

  /// The identity of a `signer_id`.
  public static func identity(signerID: String) -> Digest128 { Digest128(of: "id", signerID) }

  /// Applies one event about keys. Other events change nothing.
  ///
  /// An event without the authority for its effect is ignored, although it is in the log.
  ///
  /// - Returns: the change that affects earlier events; `nil` if there is none.
  public mutating func apply(_ event: FoldEvent) -> RetroactiveChange? {
    guard let columns = event.key else { return nil }
    defer { standings[columns.fingerprint] = byFingerprint[columns.fingerprint].map(Standing.init) }
    switch event.type {
    case .keyRegistered: register(columns, event)
    case .keyVouched: return vouch(columns, event)
    case .vouchingWithdrawn: withdrawVouching(columns, event)
    case .keyRevoked: return revoke(columns, event)
    default: break
    }
    return nil
  }

  private mutating func register(_ columns: KeyColumns, _ event: FoldEvent) {
    guard byFingerprint[columns.fingerprint] == nil, event.signerKey == columns.fingerprint,
      let signerID = columns.signerID, let type = columns.signerType,
      let publicKey = columns.publicKey
    else { return }
    byFingerprint[columns.fingerprint] = Key(
      fingerprint: columns.fingerprint, keyID: columns.keyID ?? "", signerID: signerID,
      signerType: type, publicKey: publicKey, registeredAt: event.position,
      vouchedIdentity: Self.identity(signerID: signerID),
      ownIdentity: Digest128(of: "key", columns.fingerprint.hex))
    // The first registry key is the root of authority. The current registry key must vouch for a new one.
    if type == .registry, registry.isEmpty { registry = [(event.position, columns.fingerprint)] }
  }

  private mutating func vouch(_ columns: KeyColumns, _ event: FoldEvent) -> RetroactiveChange? {
    guard isRegistry(event.signerKey, at: event.position), let type = columns.signerType,
      let key = byFingerprint[columns.fingerprint], key.signerID == columns.signerID
    else { return nil }
    byFingerprint[columns.fingerprint]?.vouches.append(
      Key.Vouch(position: event.position, type: type, name: columns.name))
    if key.signerType == .registry {
      if type == .registry { registry.append((event.position.next, columns.fingerprint)) }
      return nil
    }
    if key.vouches.isEmpty {
      byIdentity[key.vouchedIdentity, default: []].append(columns.fingerprint)
    }
    // The vouch also binds the events that the key signed since the last withdrawal.
    if key.isBound(at: event.position) { return nil }
    return RetroactiveChange(
      fingerprint: columns.fingerprint, from: key.withdrawals.last ?? 0)
  }

  private mutating func withdrawVouching(_ columns: KeyColumns, _ event: FoldEvent) {
    guard isRegistry(event.signerKey, at: event.position),
      let key = byFingerprint[columns.fingerprint], key.signerType != .registry,
      key.vouches.contains(where: { $0.until == nil })
    else { return }
    for index in key.vouches.indices where key.vouches[index].until == nil {
      byFingerprint[columns.fingerprint]?.vouches[index].until = event.position
    }
    byFingerprint[columns.fingerprint]?.withdrawals.append(event.position)
  }

  private mutating func revoke(_ columns: KeyColumns, _ event: FoldEvent) -> RetroactiveChange? {
    let byRegistry = isRegistry(event.signerKey, at: event.position)
    guard let key = byFingerprint[columns.fingerprint], key.signerType != .registry,
      byRegistry || event.signerKey == columns.fingerprint,
      !isRevoked(event.signerKey, at: event.position)
    else { return nil }
    var from = columns.compromisedFrom
    // Otherwise a thief of the key could invalidate what its owner signed while vouched for.
    if !byRegistry, isVouched(columns.fingerprint, at: event.position) { from = nil }
    byFingerprint[columns.fingerprint]?.revokedAt = min(key.revokedAt ?? .max, event.position)
    guard let from, from < event.position, from < key.compromisedFrom ?? .max else { return nil }
    byFingerprint[columns.fingerprint]?.compromisedFrom = from
    return RetroactiveChange(fingerprint: columns.fingerprint, from: from)
  }
}

/// Keys by fingerprint, divided into parts. Changing a copy of a timeline then copies one part and
/// not all keys.
private struct KeyTable: Sendable, Equatable {
  private static let parts = 256
  private var byFingerprint = [[Digest128: KeyTimeline.Key]](repeating: [:], count: parts)

  /// The part of a fingerprint. Swift seeds the hash for each process, so that a client cannot choose
  /// fingerprints of one part.
  private static func part(_ fingerprint: Digest128) -> Int {
    Int(truncatingIfNeeded: fingerprint.hashValue) & (parts - 1)
  }

  subscript(fingerprint: Digest128) -> KeyTimeline.Key? {
    get { byFingerprint[Self.part(fingerprint)][fingerprint] }
    set { byFingerprint[Self.part(fingerprint)][fingerprint] = newValue }
  }

  var count: Int { byFingerprint.reduce(0) { $0 + $1.count } }

  var all: [KeyTimeline.Key] { byFingerprint.flatMap(\.values) }
}
