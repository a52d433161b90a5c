import Encodings
import Foundation
import LedgerDomain
import ProofFormats
import SafeHTTPClient

import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

extension Payload.StorageAttestation {
  /// Whether the ledger reads it with credentials of its own.
  var isSigned: Bool { location.hasPrefix("s3://") }
}

/// How the bytes of each kind of storage are asked for.
enum StorageLocation {
  /// The request that fetches an attested location.
  ///
  /// Errors: a `Refusal` with check `fetch.configuration` where the operator has not said how,
  /// `fetch.s3_location` for a key that the operator has not opened, `location` for a path that leads out of
  /// the place that it names.
  static func request(
    for storage: Payload.StorageAttestation, _ services: LedgerConfiguration.ExternalServices,
    at now: Timestamp
  ) throws(Refusal) -> SafeHTTPClient.Request {
    switch storage.kind {
    case .file:
      throw Refusal(
        .invalid, check: "fetch.address", field: "payload.location",
        "A file is uploaded, and not fetched.")
    case .https: return SafeHTTPClient.Request(storage.location)
    case .wayback:
      try requireNoEscape(
        storage.location.dropFirst("https://web.archive.org/web/".count), untilQuery: true)
      return SafeHTTPClient.Request(rawCapture(storage.location, from: services.waybackURL))
    case .softwareHeritage:
      var request = SafeHTTPClient.Request(
        "\(services.softwareHeritageURL)/api/1/content/sha1_git:"
          + "\(storage.location.dropFirst(10))/raw/")
      request.blobLength = storage.sizeBytes
      return request
    case .ipfs:
      let path = storage.location.dropFirst("ipfs://".count)
      try requireNoEscape(path, untilQuery: true)
      var request = SafeHTTPClient.Request("\(services.ipfsGatewayURL)/ipfs/\(path)")
      if case .raw = cid(of: storage.location) {
        // A gateway may wrap what it likes around a file; the block itself is asked for.
        request.headers = [("accept", "application/vnd.ipld.raw")]
      }
      return request
    case .s3:
      guard storage.location.hasPrefix("s3://") else {
        return SafeHTTPClient.Request(storage.location)
      }
      guard let s3 = services.s3 else {
        throw Refusal(
          .invalid, check: "fetch.configuration", field: "payload.location",
          "This ledger has no S3 endpoint (PITHLEDGER_S3_ENDPOINT): name the bytes by https.")
      }
      let path = String(storage.location.dropFirst("s3://".count))
      try requireNoEscape(path, untilQuery: false)
      guard services.s3Locations.contains(where: { $0.holds(path) }) else {
        throw Refusal(
          .invalid, check: "fetch.s3_location", field: "payload.location",
          "This ledger reads only the buckets and prefixes that its operator has opened "
            + "(PITHLEDGER_S3_LOCATIONS): name the bytes by https.")
      }
      return s3.request(for: path, at: now)
    }
  }

  /// Refuses a path that a gateway or store could read as another than the one that is written.
  private static func requireNoEscape(
    _ path: some StringProtocol, untilQuery: Bool
  ) throws(Refusal) {
    let plain = untilQuery ? String(path.prefix { $0 != "?" && $0 != "#" }) : String(path)
    // An archive's captures hold the whole address of what they captured, with `//` in it.
    guard !WebAddress.mayEscape(plain) else {
      throw Refusal(
        .invalid, check: "location", field: "payload.location",
        "A location has no segment . or .., and no encoded slash beside one.")
    }
  }

  /// The address of a capture's bytes as they were, without the archive's own frame around them.
  private static func rawCapture(_ location: String, from archive: String) -> String {
    let prefix = "https://web.archive.org/web/"
    let rest = location.dropFirst(prefix.count)
    let stamp = rest.prefix { $0.isASCII && $0.isNumber }
    guard !stamp.isEmpty, rest.dropFirst(stamp.count).hasPrefix("/") else {
      return "\(archive)/web/\(rest)"
    }
    return "\(archive)/web/" + stamp + "id_" + rest.dropFirst(stamp.count)
  }

  enum CID: Equatable {
    /// CIDv1, raw codec, SHA-256: the name is the hash of the bytes.
    case raw([UInt8])
    case other
  }

  /// What the CID of an `ipfs://` location says of its bytes (CIDv1, multibase base32).
  static func cid(of location: String) -> CID {
    let name = location.dropFirst("ipfs://".count).prefix { $0 != "/" && $0 != "?" }
    guard name.hasPrefix("b"), let bytes = Base32.decode(name.dropFirst().uppercased()),
      bytes.count == 36, bytes.starts(with: [0x01, 0x55, 0x12, 0x20]), !location.contains("?"),
      name.count == location.count - "ipfs://".count
    else { return .other }
    return .raw(Array(bytes[4...]))
  }
}

/// A bucket, or the keys of a bucket that begin with a prefix.
public struct S3Location: Sendable, Equatable {
  public let bucket: String
  /// Without slashes at its ends; empty for the whole bucket.
  public let prefix: String

  /// Reads `bucket` or `bucket/prefix`; `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, Self.isBucket(name) else { return nil }
    bucket = String(name)
    var rest = parts.count > 1 ? String(parts[1]) : ""
    if rest.hasSuffix("/") { rest.removeLast() }
    guard rest.isEmpty || Self.isKey(rest) else { return nil }
    prefix = rest
  }

  /// Whether `bucket/key` is the prefix itself or lies beneath it, as whole segments.
  public func holds(_ path: String) -> Bool {
    let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == bucket, Self.isKey(parts[1]) else { return false }
    return prefix.isEmpty || parts[1] == prefix || parts[1].hasPrefix(prefix + "/")
  }

  private static func isBucket(_ name: some StringProtocol) -> Bool {
    (3...63).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x2E
      }
  }

  /// No empty segment and none of dots: a store that tidies paths would read another key.
  private static func isKey(_ key: some StringProtocol) -> Bool {
    !WebAddress.mayEscape(key) && !key.contains("?") && !key.contains("#")
      && key.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
  }
}

/// An S3-compatible store and the credentials for it.
public struct S3Endpoint: Sendable {
  public var url: String
  public var region: String
  public var accessKey: String
  public var secretKey: String

  public init(url: String, region: String, accessKey: String, secretKey: String) {
    self.url = url
    self.region = region
    self.accessKey = accessKey
    self.secretKey = secretKey
  }

  /// A signed request for `bucket/key` (AWS Signature Version 4, path style, unsigned payload).
  func request(for path: String, at now: Timestamp) -> SafeHTTPClient.Request {
    let stamp = now.description.filter { $0 != "-" && $0 != ":" }
    let time = stamp.prefix(15) + "Z"
    let day = String(stamp.prefix(8))
    let encoded = path.split(separator: "/", omittingEmptySubsequences: false)
      .map { Self.encode(String($0)) }.joined(separator: "/")
    let base = try? WebAddress(url)
    let host = (base?.host ?? "") + (base?.explicitPort.map { ":\($0)" } ?? "")
    let payload = "UNSIGNED-PAYLOAD"
    let signed = "host;x-amz-content-sha256;x-amz-date"
    let canonical = [
      "GET", "/" + encoded, "", "host:\(host)", "x-amz-content-sha256:\(payload)",
      "x-amz-date:\(time)", "", signed, payload,
    ].joined(separator: "\n")
    let scope = "\(day)/\(region)/s3/aws4_request"
    let text = [
      "AWS4-HMAC-SHA256", String(time), scope, Hex.encode(SHA256.hash(data: Array(canonical.utf8))),
    ].joined(separator: "\n")
    var key = Array("AWS4\(secretKey)".utf8)
    for part in [day, region, "s3", "aws4_request"] { key = Self.hmac(key, part) }
    var request = SafeHTTPClient.Request("\(url)/\(encoded)")
    // The store answers itself: wherever it sends the ledger, nobody asked to go there.
    request.followsRedirects = false
    request.headers = [
      ("x-amz-content-sha256", payload), ("x-amz-date", String(time)),
      (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), SignedHeaders=\(signed), "
          + "Signature=\(Hex.encode(Self.hmac(key, text)))"
      ),
    ]
    return request
  }

  private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
    Array(
      HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
  }

  /// Percent-encodes all but RFC 3986's unreserved characters, as the signature wants it.
  private static func encode(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        String(decoding: [byte], as: UTF8.self)
      default: "%" + Hex.encode([byte]).uppercased()
      }
    }.joined()
  }
}
