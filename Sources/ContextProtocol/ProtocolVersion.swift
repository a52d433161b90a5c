/// A version of the Model Context Protocol that this server speaks.
public enum ProtocolVersion: String, Sendable, CaseIterable {
  /// A client initialises the connection first.
  case june2025 = "2025-06-18"
  /// A client initialises the connection first.
  case november2025 = "2025-11-25"
  /// Each request names its version and the client's capabilities. There is no handshake.
  case july2026 = "2026-07-28"

  /// Whether requests of this version stand alone.
  public var isStateless: Bool { self == .july2026 }

  /// The versions with a handshake, from the oldest.
  static let handshakes = allCases.filter { !$0.isStateless }
  /// The versions without a handshake, from the oldest.
  static let stateless = allCases.filter(\.isStateless)
  /// The version that is offered to a client that asks for an unknown one.
  static let offered = ProtocolVersion.november2025
}

/// The keys of `_meta` that a request of a version without a handshake has.
enum MetaKey {
  static let version = "io.modelcontextprotocol/protocolVersion"
  static let capabilities = "io.modelcontextprotocol/clientCapabilities"
  static let server = "io.modelcontextprotocol/serverInfo"
}
