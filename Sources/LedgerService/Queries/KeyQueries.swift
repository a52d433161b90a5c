public import Encodings
public import LedgerDomain

/// Reads the registered keys and their standing.
public struct KeyQueries: Sendable {
  let timeline: TimelineCache

  /// Returns every registered key with its standing as of now, in the order of registration.
  public func all() async throws -> [KeyStanding] {
    let (timeline, next) = try await timeline.current()
    let registry = timeline.registryKey(at: next)
    return timeline.keys.map { KeyStanding(key: $0, isRegistry: $0.fingerprint == registry) }
  }

  /// The number of registered keys.
  public func count() async throws -> Int { try await timeline.current().timeline.keyCount }

  /// The largest number of keys in one page.
  public static let pageSize = 1000

  /// Returns a page of the registered keys, in the order of registration.
  ///
  /// - Parameters:
  ///   - signer: a `signer_id`; `nil` for any.
  ///   - fingerprint: the one key that the page may have; `nil` for any.
  ///   - states: the standings; empty for any.
  ///   - from: the lowest position of a registration.
  ///   - limit: the largest number of keys, brought to `pageSize`.
  ///
  /// Errors: `malformed` with check `query` for a limit below 1.
  public func page(
    signer: String? = nil, fingerprint: Digest128? = nil, states: Set<KeyStanding.State> = [],
    from: Position = .first, limit: Int
  ) async throws -> KeyPage {
    let limit = try ListQuery.limit(limit, most: Self.pageSize)
    let found = try await all().filter { standing in
      standing.key.registeredAt >= from
        && (fingerprint == nil || fingerprint == standing.key.fingerprint)
        && (signer == nil || signer == standing.key.signerID)
        && (states.isEmpty || states.contains(standing.state))
    }
    let keys = Array(found.prefix(limit))
    return KeyPage(
      keys: keys,
      next: keys.count < found.count ? keys.last?.key.registeredAt.next : nil)
  }

  /// Returns one key.
  ///
  /// - Parameter fingerprint: 32 hexadecimal digits.
  ///
  /// Errors: `notFound`.
  public func key(_ fingerprint: String) async throws -> KeyStanding {
    let (timeline, next) = try await timeline.current()
    guard let wanted = Digest128(hex: fingerprint.lowercased()),
      let key = timeline.registration(of: wanted)
    else {
      throw Refusal(
        .notFound, check: "fingerprint", "No key with this fingerprint is registered here.")
    }
    return KeyStanding(key: key, isRegistry: wanted == timeline.registryKey(at: next))
  }
}

/// One page of the registered keys.
public struct KeyPage: Sendable {
  /// The keys, in the order of registration.
  public let keys: [KeyStanding]
  /// The lowest position of a registration on the next page; `nil` if this is the last page.
  public let next: Position?
}

/// A registered key and what the log says about it.
public struct KeyStanding: Sendable {
  /// The key with its vouches and its revocation.
  public let key: KeyTimeline.Key
  /// Whether the key is the current registry key.
  public let isRegistry: Bool

  /// What a key may do now. The raw value is the member `standing`.
  public enum State: String, Sendable, CaseIterable {
    /// It is registered, and nobody vouches for it; or it is the current key of the registry.
    case live
    /// A vouch for it is in force.
    case vouched
    /// It was a key of the registry and another replaced it, or every vouch for it was withdrawn.
    case retired
    /// It is revoked, and signs nothing any more.
    case revoked
  }

  /// The state as of now.
  public var state: State {
    if key.revokedAt != nil { return .revoked }
    if isRegistry { return .live }
    if key.signerType == .registry { return .retired }
    if key.vouches.contains(where: { $0.until == nil }) { return .vouched }
    return key.vouches.isEmpty ? .live : .retired
  }

  /// Makes a standing.
  public init(key: KeyTimeline.Key, isRegistry: Bool) {
    self.key = key
    self.isRegistry = isRegistry
  }
}
