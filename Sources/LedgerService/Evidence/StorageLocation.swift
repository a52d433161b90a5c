import Encodings
import Foundation
import LedgerDomain
import ProofFormats
import SafeHTTPClient

extension StorageAttestation {
  /// Whether the ledger reads it with its own credentials.
  var isSigned: Bool { location.hasPrefix("s3://") }
}

/// Makes the requests that fetch attested locations.
enum StorageLocation {
  /// The request that fetches an attested location.
  ///
  /// Errors: a `Refusal` with check `fetch.configuration` if the kind of storage is not configured,
  /// `fetch.s3_location` for a key outside the configured buckets and prefixes, `location` for a path
  /// that leads out of the location that it names.
  static func request(
    for storage: StorageAttestation, _ services: LedgerConfiguration.ExternalServices,
    at now: Timestamp
  ) throws(Refusal) -> SafeHTTPClient.Request {
    switch storage.kind {
    case .file:
      throw Refusal(
        .invalid, check: "fetch.address", field: "payload.location",
        "A file is uploaded and not fetched.")
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
        // Requests the block itself. A gateway may transform a file.
        request.headers = [("accept", "application/vnd.ipld.raw")]
      }
      return request
    case .s3: return try s3Request(for: storage, services, at: now)
    }
  }

  private static func s3Request(
    for storage: StorageAttestation, _ services: LedgerConfiguration.ExternalServices,
    at now: Timestamp
  ) throws(Refusal) -> SafeHTTPClient.Request {
    guard storage.location.hasPrefix("s3://") else {
      return SafeHTTPClient.Request(storage.location)
    }
    guard let s3 = services.s3 else {
      throw Refusal(
        .invalid, check: "fetch.configuration", field: "payload.location",
        "This ledger has no S3 endpoint (PITHLEDGER_S3_ENDPOINT). Use an https location.")
    }
    let path = String(storage.location.dropFirst("s3://".count))
    try requireNoEscape(path, untilQuery: false)
    guard services.s3Locations.contains(where: { $0.holds(path) }) else {
      throw Refusal(
        .invalid, check: "fetch.s3_location", field: "payload.location",
        "This ledger reads only the buckets and prefixes that its operator has configured "
          + "(PITHLEDGER_S3_LOCATIONS). Use an https location.")
    }
    return s3.request(for: path, at: now)
  }

  /// Refuses a path that a gateway or store could resolve to another path.
  private static func requireNoEscape(
    _ path: some StringProtocol, untilQuery: Bool
  ) throws(Refusal) {
    let plain = untilQuery ? String(path.prefix { $0 != "?" && $0 != "#" }) : String(path)
    // The path of an archived page contains the whole address of the page, with `//`.
    guard !WebAddress.mayEscape(plain) else {
      throw Refusal(
        .invalid, check: "location", field: "payload.location",
        "A location has no segment . or .., and no encoded slash beside one.")
    }
  }

  /// The address of a capture's original bytes, without the archive's frame.
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
    /// CIDv1 with raw codec and SHA-256. The value is the hash of the bytes.
    case raw([UInt8])
    case other
  }

  /// Parses the CID of an `ipfs://` location (CIDv1, multibase base32).
  static func cid(of location: String) -> CID {
    let name = location.dropFirst("ipfs://".count).prefix { $0 != "/" && $0 != "?" }
    guard name.hasPrefix("b"), let bytes = Base32.decode(name.dropFirst().uppercased()),
      bytes.count == 36, bytes.starts(with: [0x01, 0x55, 0x12, 0x20]), !location.contains("?"),
      name.count == location.count - "ipfs://".count
    else { return .other }
    return .raw(Array(bytes[4...]))
  }
}
