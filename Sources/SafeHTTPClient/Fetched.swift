/// An answer that was fetched.
public struct Fetched: Sendable {
  /// The HTTP status.
  public let status: Int
  /// SHA-256 of the body, 32 bytes.
  public let sha256: [UInt8]
  /// SHA-1 over Git's blob header and the body, 20 bytes; `nil` unless
  /// ``SafeHTTPClient/Request/blobLength`` was set.
  public let gitBlobSHA1: [UInt8]?
  /// Number of bytes of the body.
  public let length: Int64
  /// Selected fields of the answer's head.
  public let head: FetchedHead
  /// The address that answered, after redirects.
  public let location: String
  /// Whether a host with a private address took part, which the operator allowed.
  public let isInside: Bool
  /// The body; empty unless ``SafeHTTPClient/Request/maxResponseBytes`` was set.
  public let bytes: [UInt8]

  /// Makes an answer from its parts.
  public init(
    status: Int, sha256: [UInt8], gitBlobSHA1: [UInt8]? = nil, length: Int64,
    head: FetchedHead = FetchedHead([]), location: String, isInside: Bool = false,
    bytes: [UInt8] = []
  ) {
    self.status = status
    self.sha256 = sha256
    self.gitBlobSHA1 = gitBlobSHA1
    self.length = length
    self.head = head
    self.location = location
    self.isInside = isInside
    self.bytes = bytes
  }
}
