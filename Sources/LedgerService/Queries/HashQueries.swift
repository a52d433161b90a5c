public import Encodings
public import LedgerDomain
public import LedgerStore

/// What this ledger knows about bytes with some SHA-256.
public struct KnownHash: Sendable {
  /// Evidence that is stored.
  public struct Evidence: Sendable {
    /// What the bytes are: `document`, `proof`, `stored_bytes`, `fetch_report` or `other`.
    public let kind: String
    /// Their number.
    public let sizeBytes: Int64

    /// Makes a description.
    public init(kind: String, sizeBytes: Int64) {
      self.kind = kind
      self.sizeBytes = sizeBytes
    }
  }

  /// The SHA-256.
  public let digest: Digest
  /// The records whose canonical record has the SHA-256.
  public let canonical: [TitledRecord]
  /// The records whose newest document has the SHA-256, at most ``HashQueries/maxRecords``.
  public let documents: [TitledRecord]
  /// The event whose signed body has the SHA-256; `nil` if there is none.
  public let event: Position?
  /// The public evidence with the SHA-256; `nil` if none is stored.
  public let evidence: Evidence?
  /// Whether evidence with the SHA-256 was erased.
  public let isErased: Bool

  /// Whether the ledger knows nothing about the bytes.
  public var isUnknown: Bool {
    canonical.isEmpty && documents.isEmpty && event == nil && evidence == nil && !isErased
  }

  /// Makes a description.
  public init(
    digest: Digest, canonical: [TitledRecord], documents: [TitledRecord], event: Position?,
    evidence: Evidence?, isErased: Bool
  ) {
    self.digest = digest
    self.canonical = canonical
    self.documents = documents
    self.event = event
    self.evidence = evidence
    self.isErased = isErased
  }
}

/// Finds what has a SHA-256. Each lookup reads one index.
///
/// The content of storage statements is found if the ledger holds the bytes itself. A statement about bytes elsewhere is
/// not: no index has its `content_sha256`.
public struct HashQueries: Sendable {
  /// The largest number of records with one document.
  public static let maxRecords = 50

  let store: LedgerStore
  let evidence: EvidenceReader

  /// Looks a SHA-256 up.
  ///
  /// - Parameter hex: 64 hexadecimal digits, with or without `sha256:`.
  ///
  /// Errors: `malformed` with check `sha256` for another text.
  public func hash(_ hex: String) async throws -> KnownHash {
    let text = hex.lowercased()
    guard let digest = Digest(hex: text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text)
    else {
      throw Refusal(
        .malformed, check: "sha256", field: "sha256", "A SHA-256 has 64 hexadecimal digits.")
    }
    // The suffix of a Pith Number is the beginning of the digest.
    let suffix = String(Base32.encode(digest.bytes).prefix(PithNumber.suffixLength))
    let named = try await store.records.resolve(.suffix(suffix)).filter {
      $0.canonicalSHA256 == digest
    }
    let titles = try await store.titles.titles(of: Set(named.map(\.record)))
    let stored = try await store.evidence.publicKind(of: digest)
    return KnownHash(
      digest: digest, canonical: named.compactMap { titles[$0.record] },
      documents: try await store.titles.records(ofDocument: digest, limit: Self.maxRecords),
      event: try await store.log.position(of: digest),
      evidence: stored.map { .init(kind: $0.kind, sizeBytes: $0.sizeBytes) },
      isErased: stored == nil ? try await evidence.isErased(digest) : false)
  }
}
