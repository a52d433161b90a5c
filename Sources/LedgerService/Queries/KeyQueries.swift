import Encodings
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

  /// Returns one key.
  ///
  /// - Parameter fingerprint: 32 hexadecimal digits.
  ///
  /// Errors: `notFound`.
  public func key(_ fingerprint: String) async throws -> KeyStanding {
    let (timeline, next) = try await timeline.current()
    guard let wanted = Digest128(hex: fingerprint.lowercased()),
      let key = timeline.keys.first(where: { $0.fingerprint == wanted })
    else {
      throw Refusal(
        .notFound, check: "fingerprint", "No key with this fingerprint is registered here.")
    }
    return KeyStanding(key: key, isRegistry: wanted == timeline.registryKey(at: next))
  }
}

/// A registered key and what the log says about it.
public struct KeyStanding: Sendable {
  /// The key with its vouches and its revocation.
  public let key: KeyTimeline.Key
  /// Whether the key is the current registry key.
  public let isRegistry: Bool

  /// Makes a standing.
  public init(key: KeyTimeline.Key, isRegistry: Bool) {
    self.key = key
    self.isRegistry = isRegistry
  }
}
