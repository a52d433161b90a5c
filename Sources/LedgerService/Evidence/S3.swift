import Encodings
import Foundation
import LedgerDomain
import ProofFormats
import SafeHTTPClient

import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

/// A bucket, or the keys of a bucket below a prefix.
public struct S3Location: Sendable, Equatable {
  /// The name of the bucket.
  public let bucket: String
  /// The prefix of the keys, without slashes at its ends. Empty for the whole bucket.
  public let prefix: String

  /// Parses `bucket` or `bucket/prefix`. `nil` for other text.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, Self.isBucket(name) else { return nil }
    bucket = String(name)
    var rest = parts.count > 1 ? String(parts[1]) : ""
    if rest.hasSuffix("/") { rest.removeLast() }
    guard rest.isEmpty || Self.isKey(rest) else { return nil }
    prefix = rest
  }

  /// Whether `bucket/key` is the prefix or below it. Compares whole segments.
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

  /// Keys have no empty segments and no segments of dots, which a store could normalise to another key.
  private static func isKey(_ key: some StringProtocol) -> Bool {
    !WebAddress.mayEscape(key) && !key.contains("?") && !key.contains("#")
      && key.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
  }
}

/// An S3-compatible store and the credentials for it.
public struct S3Endpoint: Sendable {
  /// The address of the endpoint, without a slash at its end.
  public var url: String
  /// The region that signatures are made for, such as `us-east-1`.
  public var region: String
  /// The identifier of the access key.
  public var accessKey: String
  /// The secret of the access key.
  public var secretKey: String

  /// Creates an endpoint from its parts.
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
    // A redirect would lead to a location that is not the attested one.
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

  /// Percent-encodes all characters except the unreserved ones of RFC 3986, as the signature requires.
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
