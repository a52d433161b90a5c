import Encodings

/// The rules for addresses in a signed payload, which is public and permanent.
enum Location {
  /// Names of query parameters that grant access to everybody who has the address.
  static let credentials = [
    "signature", "sig", "awsaccesskeyid", "token", "access_token", "key", "x-amz-signature",
    "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential", "sv", "se",
  ]

  /// Checks that an address has the form of its kind. Returns the address.
  static func check(
    _ location: String, kind: StorageAttestation.Kind, content: Digest
  ) throws(Refusal) -> String {
    func refusal(_ message: String) -> Refusal {
      Refusal(.invalid, check: "location", field: "payload.location", message)
    }
    switch kind {
    case .file:
      guard location == "urn:sha256:" + content.hex else {
        throw refusal("A file's location is urn:sha256: and its content_sha256.")
      }
    case .softwareHeritage:
      guard location.hasPrefix("swh:1:cnt:"),
        Hex.decode(String(location.dropFirst(10)))?.count == 20
      else { throw refusal("A Software Heritage content identifier: swh:1:cnt: and 40 digits.") }
    case .ipfs:
      guard location.hasPrefix("ipfs://"), location.utf8.count > 10 else {
        throw refusal("An address that begins with ipfs://.")
      }
      try checkURL(location, field: "payload.location")
    case .https, .wayback, .s3:
      let prefixes =
        switch kind {
        case .wayback: ["https://web.archive.org/web/"]
        case .s3: ["s3://", "https://"]
        default: ["https://"]
        }
      guard prefixes.contains(where: { location.hasPrefix($0) && location != $0 }) else {
        throw refusal("An address that begins with \(prefixes.joined(separator: " or ")).")
      }
      try checkURL(location, field: "payload.location")
    }
    return location
  }

  /// Checks that an address is printable ASCII without user info and without credentials in its query.
  static func checkURL(_ url: String, field: String) throws(Refusal) {
    func refusal(_ message: String) -> Refusal {
      Refusal(.invalid, check: "location", field: field, message)
    }
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw refusal("An address is printable ASCII without spaces.")
    }
    guard let scheme = url.firstRange(of: "://") else { throw refusal("An address with a scheme.") }
    let rest = url[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.isEmpty, !authority.contains("@") else {
      throw refusal("An address has a host, and no user name or password.")
    }
    guard let mark = rest.firstIndex(of: "?") else { return }
    for pair in rest[rest.index(after: mark)...].split(whereSeparator: { $0 == "&" || $0 == "#" }) {
      let name = pair.prefix { $0 != "=" }.lowercased()
      if credentials.contains(name) {
        throw refusal("A signed event is public and permanent. Remove \(name) from the address.")
      }
    }
  }
}
