public import Encodings

/// A key of the index of the log.
///
/// Most keys name a list of positions, and `status` keys the status of a record. The tree has their hashes.
/// Specification: map.md, section Keys.
public enum IndexKey: Hashable, Sendable {
  /// The events about a record: `record:` and the Pith Number.
  case record(PithNumber)
  /// The events about keys: `registry`.
  case registry
  /// The events about a key: `key:` and the fingerprint.
  case key(Digest128)
  /// The events that a key signed: `signer:` and the fingerprint.
  case signer(Digest128)
  /// The citations by a paper: `cites:` and the name of the paper.
  case citations(PaperName)
  /// The events that add a name to a record or retract it: `alias:`, the kind, a colon and the folded value.
  case alias(Alias)
  /// The status of a record: `status:` and the Pith Number.
  case status(PithNumber)

  /// Parses the text of a key. Names of papers and aliases may have any spelling, and are normalised.
  /// Returns `nil` for any other text.
  public init?(_ text: String) {
    if text == "registry" {
      self = .registry
      return
    }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let rest = String(text[text.index(after: colon)...])
    switch text[..<colon] {
    case "record":
      guard let number = PithNumber(rest) else { return nil }
      self = .record(number)
    case "status":
      guard let number = PithNumber(rest) else { return nil }
      self = .status(number)
    case "key":
      guard let fingerprint = Digest128(hex: rest.lowercased()) else { return nil }
      self = .key(fingerprint)
    case "signer":
      guard let fingerprint = Digest128(hex: rest.lowercased()) else { return nil }
      self = .signer(fingerprint)
    case "cites":
      guard let name = PaperName(citing: rest) else { return nil }
      self = .citations(name)
    case "alias":
      let parts = rest.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let kind = Alias.Kind(rawValue: String(parts[0])) else { return nil }
      self = .alias(Alias(kind: kind, value: String(parts[1])))
    default: return nil
    }
  }

  /// The text of the key.
  public var text: String {
    switch self {
    case .record(let number): "record:\(number)"
    case .registry: "registry"
    case .key(let fingerprint): "key:" + fingerprint.hex
    case .signer(let fingerprint): "signer:" + fingerprint.hex
    case .citations(let name): "cites:" + name.text
    case .alias(let alias): "alias:\(alias.kind.rawValue):\(alias.folded)"
    case .status(let number): "status:\(number)"
    }
  }

  /// The key in the tree: SHA-256 of the text as UTF-8.
  public var hash: Digest { Digest(hashing: Array(text.utf8)) }

  /// Compares the texts by their bytes.
  public static func == (a: IndexKey, b: IndexKey) -> Bool {
    a.text.utf8.elementsEqual(b.text.utf8)
  }

  /// Hashes the bytes of the text.
  public func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

extension SignedEvent {
  /// The keys of the index whose lists contain the event, each once.
  ///
  /// The keys follow from the signed event alone. An event about a checkpoint is in the list of its signer only.
  /// Specification: map.md, section Keys.
  public var indexKeys: [IndexKey] {
    var keys: [IndexKey] = []
    switch body.subject {
    case .record(let number): keys.append(.record(number))
    case .registry:
      if let fingerprint = body.target.key { keys += [.registry, .key(fingerprint)] }
    }
    keys.append(.signer(body.signer.fingerprint))
    if case .citationSignature(let citation) = body.payload {
      keys.append(.citations(citation.citing.name))
    }
    if let alias = body.alias { keys.append(.alias(alias)) }
    return keys
  }
}
