public import Encodings

/// Which key stood for whom, from which position on: the part of the fold that comes first.
public struct KeyTimeline: Sendable, Equatable {
  /// A registered key and what happened to it.
  public struct Key: Sendable, Equatable {
    /// The registry's word that the key is its signer's, in some capacity, from a position on.
    public struct Vouch: Sendable, Equatable {
      public let position: Position
      public let type: SignerType
      /// The person's name, where the issuer of the identity gave one.
      public let name: String?
      /// The position at which it was taken back.
      public fileprivate(set) var until: Position?

      func holds(at position: Position) -> Bool {
        self.position < position && until.map { position < $0 } ?? true
      }
    }

    public let fingerprint: Digest128
    public let keyID: String
    public let signerID: String
    public let signerType: SignerType
    /// 32 bytes.
    public let publicKey: [UInt8]
    public let registeredAt: Position
    /// Vouches by the registry, by position.
    public fileprivate(set) var vouches: [Vouch] = []
    /// Where vouches were taken back, ascending.
    public fileprivate(set) var withdrawals: [Position] = []
    public fileprivate(set) var revokedAt: Position?
    public fileprivate(set) var compromisedFrom: Position?
    /// Its identity once vouched, and before.
    let vouchedIdentity: Digest128
    let ownIdentity: Digest128

    /// Whether what the key signed at this position is its signer_id's: it is once anybody vouched, also
    /// for what came before, unless the vouch was taken back before and not given again.
    func isBound(at position: Position) -> Bool {
      guard let last = vouches.last else { return false }
      guard let withdrawn = withdrawals.last(where: { $0 < position }) else { return true }
      return last.position > withdrawn
    }
  }

  /// A change of the standing, or of the signer, of events which may be folded already.
  public struct RetroactiveChange: Sendable, Equatable {
    public let fingerprint: Digest128
    /// The first position of the key's events that it bears on.
    public let from: Position
  }

  /// What the fold asks about a key, without references: it asks some times for every event, in several
  /// threads at once, which would all count the references of the same few keys.
  private struct Standing: Sendable, BitwiseCopyable {
    let firstVouch: Position
    let revokedAt: Position?
    let compromisedFrom: Position?
    let isRegistry: Bool
    /// Whether a vouch was ever taken back, so that the answer is not that simple.
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
  /// The keys that were ever vouched for, by the identity that they are of.
  private var byIdentity: [Digest128: [Digest128]] = [:]
  private var registry: [(from: Position, fingerprint: Digest128)] = []

  public init() {}

  public static func == (a: KeyTimeline, b: KeyTimeline) -> Bool {
    a.byFingerprint == b.byFingerprint && a.registry.elementsEqual(b.registry, by: ==)
  }

  /// All keys, in the order of their registration.
  public var keys: [Key] { byFingerprint.all.sorted { $0.registeredAt < $1.registeredAt } }

  public func registration(of fingerprint: Digest128) -> Key? { byFingerprint[fingerprint] }

  /// The registry's key for an event at this position.
  public func registryKey(at position: Position) -> Digest128? {
    registry.last { $0.from <= position }?.fingerprint
  }

  func isRegistry(_ key: Digest128, at position: Position) -> Bool {
    registryKey(at: position) == key
  }

  /// What the fold asks about the signer of one event, found once.
  struct Signer: Sendable, BitwiseCopyable {
    /// Whether the event has no standing.
    var isRevoked = false
    /// Whether the key is bound to its signer_id, in any capacity.
    var isVouched = false
    /// Who signed: the signer_id if the key is bound to it, otherwise the key itself.
    var identity: Digest128
  }

  func signer(_ fingerprint: Digest128, at position: Position) -> Signer {
    guard let key = standings[fingerprint] else { return Signer(identity: fingerprint) }
    var isVouched = key.firstVouch < position
    // The registry stays the same signer through every rotation: its keys share one signer_id.
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

  /// Whether the key is bound to its signer_id for an event at this position, in a capacity or any.
  public func isVouched(
    _ fingerprint: Digest128, at position: Position, as type: SignerType? = nil
  ) -> Bool {
    guard let type else { return signer(fingerprint, at: position).isVouched }
    guard let key = byFingerprint[fingerprint] else { return false }
    return key.vouches.contains { $0.holds(at: position) && $0.type == type }
  }

  /// Whether an event of this key at this position has no standing.
  public func isRevoked(_ fingerprint: Digest128, at position: Position) -> Bool {
    signer(fingerprint, at: position).isRevoked
  }

  /// The name that the newest vouch with one binds to the key, for an event at this position.
  public func boundName(_ fingerprint: Digest128, at position: Position) -> String? {
    byFingerprint[fingerprint]?.vouches.last { $0.holds(at: position) && $0.name != nil }?.name
  }

  /// The identity of a key that was ever vouched for; `nil` for any other, and for the registry's.
  func boundIdentity(_ fingerprint: Digest128) -> Digest128? {
    guard let key = standings[fingerprint], key.firstVouch < .max, !key.isRegistry else {
      return nil
    }
    return key.vouchedIdentity
  }

  /// The keys that were ever vouched for as this identity's.
  public func keys(of identity: Digest128) -> [Digest128] { byIdentity[identity] ?? [] }

  /// Who signed: the signer_id if the key is bound to it at that position, otherwise the key itself.
  public func identity(_ fingerprint: Digest128, at position: Position) -> Digest128 {
    signer(fingerprint, at: position).identity
  }

  /// The identity of somebody who is known by a `signer_id`.
  public static func identity(signerID: String) -> Digest128 { Digest128(of: "id", signerID) }

  /// Folds one event about keys; any other changes nothing.
  ///
  /// What lacks authority is ignored here, whatever let it into the log.
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
    // The first registry key is the root of authority; later ones need the word of the one before.
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
    // What the key said since it was nobody's is its signer_id's from now on.
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
    // Whoever holds a stolen key could otherwise unmake what its owner did while vouched.
    if !byRegistry, isVouched(columns.fingerprint, at: event.position) { from = nil }
    byFingerprint[columns.fingerprint]?.revokedAt = min(key.revokedAt ?? .max, event.position)
    guard let from, from < event.position, from < key.compromisedFrom ?? .max else { return nil }
    byFingerprint[columns.fingerprint]?.compromisedFrom = from
    return RetroactiveChange(fingerprint: columns.fingerprint, from: from)
  }
}

/// Keys by fingerprint, in parts, so that a copy of a timeline that is changed copies one part and not all
/// keys that anybody ever registered.
private struct KeyTable: Sendable, Equatable {
  private static let parts = 256
  private var byFingerprint = [[Digest128: KeyTimeline.Key]](repeating: [:], count: parts)

  /// Which part, by the process's own seed: nobody can choose fingerprints that share one.
  private static func part(_ fingerprint: Digest128) -> Int {
    Int(truncatingIfNeeded: fingerprint.hashValue) & (parts - 1)
  }

  subscript(fingerprint: Digest128) -> KeyTimeline.Key? {
    get { byFingerprint[Self.part(fingerprint)][fingerprint] }
    set { byFingerprint[Self.part(fingerprint)][fingerprint] = newValue }
  }

  var all: [KeyTimeline.Key] { byFingerprint.flatMap(\.values) }
}
