import Encodings

/// What is kept of a batch of verified entries, to recognise the same bytes when they are read again.
public struct BatchSeal: Sendable, Equatable {
  /// The number of entries.
  private let count: Int
  /// SHA-256 of the leaf hashes.
  private let digest: Digest

  /// Makes the seal of entries whose signatures have been verified.
  public init(_ verified: [LogReader.Checked]) { self.init(leaves: verified.lazy.map(\.leaf)) }

  init(leaves: some Sequence<Digest>) {
    var bytes: [UInt8] = []
    for leaf in leaves { leaf.append(to: &bytes) }
    count = bytes.count / Digest.byteCount
    digest = Digest(hashing: bytes)
  }
}

/// Entries that were parsed, in the order of the log. Nothing else about them is verified.
public struct ParsedBatch: Sendable {
  let entries: [LogReader.Parsed]

  /// The number of entries.
  public var count: Int { entries.count }

  /// Parses entries on all cores.
  public init(_ items: [LogReader.Item]) async { entries = await LogReader.parse(items) }
}
