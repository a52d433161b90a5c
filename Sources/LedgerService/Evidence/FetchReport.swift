import CanonicalJSON
import Encodings
import LedgerDomain
import ProofFormats
import SafeHTTPClient

/// The result of fetching an attested location.
///
/// Its canonical JSON is stored as evidence, so that the check can be repeated later. `checked_at` and
/// `memento_datetime` are RFC 3339 in UTC. Digests are hexadecimal. The other members are as in the
/// HTTP response.
struct FetchReport: Equatable {
  /// The content of a successful response.
  struct Content: Equatable {
    let sha256: [UInt8]
    /// The SHA-1 of Git's blob header and the bytes. `nil` if the length was not known beforehand.
    let gitBlobSHA1: [UInt8]?
    let length: Int64
    let mediaType: String?
    let memento: Timestamp?
  }

  let checkedAt: Timestamp
  let status: Int
  /// `nil` if the response was not a copy.
  let content: Content?
  /// Whether only the ledger can read the location. A report then does not describe bytes that differ
  /// from the attested ones.
  var isPrivate = false

  init(_ fetched: Fetched, at time: Timestamp, isPrivate: Bool) {
    self.isPrivate = isPrivate
    checkedAt = time
    status = fetched.status
    content = Content(
      sha256: fetched.sha256, gitBlobSHA1: fetched.gitBlobSHA1, length: fetched.length,
      mediaType: fetched.head.mediaType,
      memento: fetched.head.mementoTime.map { Timestamp(microseconds: $0 * 1_000_000) })
  }

  /// The report of a response that was not a copy.
  init(status: Int, at time: Timestamp) {
    checkedAt = time
    self.status = status
    content = nil
  }

  /// Parses a report. `nil` for other bytes, such as a submitter's own evidence.
  init?(bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes, limits: JSONLimits(maxBytes: 4096, maxDepth: 4)),
      json["report"] == "storage", let status = json["http_status"]?.integerValue,
      let checkedAt = json["checked_at"]?.stringValue.flatMap({ Timestamp($0) })
    else { return nil }
    self.checkedAt = checkedAt
    self.status = Int(status)
    if let sha256 = json["sha256"]?.stringValue.flatMap({ Hex.decode($0) }),
      let length = json["length"]?.integerValue
    {
      content = Content(
        sha256: sha256, gitBlobSHA1: json["sha1_git"]?.stringValue.flatMap { Hex.decode($0) },
        length: length, mediaType: json["media_type"]?.stringValue,
        memento: json["memento_datetime"]?.stringValue.flatMap { Timestamp($0) })
    } else {
      content = nil
    }
  }

  /// The report as canonical JSON, for the attestation that led to the fetch.
  ///
  /// If the location is private and holds other bytes, the report does not describe them.
  func bytes(for storage: StorageAttestation) -> [UInt8] {
    guard isPrivate, let content,
      content.sha256 != storage.content.bytes || content.length != storage.sizeBytes
    else { return bytes }
    return JSON.object([
      "checked_at": .string(checkedAt.description), "http_status": .integer(Int64(status)),
      "matches": false, "report": "storage",
    ]).canonicalBytes()
  }

  var bytes: [UInt8] {
    var json: JSONObject = [
      "checked_at": .string(checkedAt.description), "http_status": .integer(Int64(status)),
      "report": "storage",
    ]
    if let content {
      json["length"] = .integer(content.length)
      json["sha256"] = .string(Hex.encode(content.sha256))
      json["sha1_git"] = content.gitBlobSHA1.map { .string(Hex.encode($0)) }
      json["media_type"] = content.mediaType.map { .string($0) }
      json["memento_datetime"] = content.memento.map { .string($0.description) }
    }
    return JSON.object(json).canonicalBytes()
  }

  /// Compares the response with the attestation.
  ///
  /// Errors: a `Refusal` with check `fetch.gone`, `fetch.status`, `fetch.content`, `fetch.size_bytes`,
  /// `cid`, `swhid` or `memento`.
  func finding(for storage: StorageAttestation) throws(Refusal) -> Finding {
    guard status == 200, let content else {
      let isGone = status == 404 || status == 410
      throw refusal(
        isGone ? "fetch.gone" : "fetch.status", "location", "The location answered \(status).")
    }
    guard content.sha256 == storage.content.bytes else {
      throw refusal(
        "fetch.content", "content_sha256",
        "The bytes at the location do not hash to content_sha256.")
    }
    guard content.length == storage.sizeBytes else {
      throw refusal(
        "fetch.size_bytes", "size_bytes", "The location does not have size_bytes bytes.")
    }
    let name = try nameCheck(of: content, storage)
    return Finding(
      [Check("fetch", .verified), Check("content", .verified)] + (name.map { [$0] } ?? []),
      name?.verdict ?? .verified, report: bytes)
  }

  /// Checks that a location's name belongs to the content. `nil` for kinds whose names do not depend on
  /// the content.
  private func nameCheck(
    of content: Content, _ storage: StorageAttestation
  ) throws(Refusal) -> Check? {
    switch storage.kind {
    case .ipfs:
      switch StorageLocation.cid(of: storage.location) {
      case .raw(let digest) where digest == storage.content.bytes: return Check("cid", .verified)
      case .raw: throw refusal("cid", "location", "The CID names bytes of another SHA-256.")
      // The CID of a file in several blocks depends on its layout. The bytes alone cannot confirm it.
      case .other: return Check("cid", .pending)
      }
    case .softwareHeritage:
      guard content.gitBlobSHA1.map(Hex.encode) == String(storage.location.dropFirst(10)) else {
        throw refusal("swhid", "location", "The identifier is that of other bytes.")
      }
      return Check("swhid", .verified)
    case .wayback:
      guard content.memento != nil else {
        throw refusal(
          "memento", "location", "The response is not a capture: it has no Memento-Datetime.")
      }
      return Check("memento", .verified)
    default: return nil
    }
  }

  private func refusal(_ check: String, _ field: String, _ message: String) -> Refusal {
    Refusal(.invalid, check: check, field: "payload.\(field)", message)
  }
}
