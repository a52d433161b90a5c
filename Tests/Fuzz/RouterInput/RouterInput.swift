/// Makes HTTP requests from arbitrary bytes: many almost valid ones, and some that are not HTTP.
public struct RouterInput {
  /// Names that exist in the ledger, so that requests pass the first checks.
  public struct Names: Sendable {
    /// Names of records.
    public var records: [String]
    /// The operator's token.
    public var token: String

    /// Creates names.
    public init(records: [String], token: String) {
      self.records = records
      self.token = token
    }
  }

  /// The bytes of the requests, in the pieces in which they are sent.
  public let pieces: [[UInt8]]

  /// Makes requests.
  ///
  /// - Parameter bytes: the input of the fuzzer.
  public init(_ bytes: [UInt8], names: Names) {
    var source = Source(bytes: bytes[...])
    var sent: [UInt8] = []
    if source.next() < 40 {
      sent = source.rest()
    } else {
      for _ in 0...Int(source.next() % 3) { sent += Self.request(&source, names) }
    }
    var pieces: [[UInt8]] = []
    var split = Source(bytes: bytes.reversed()[...])
    if split.next() % 4 == 0 {
      while !sent.isEmpty, pieces.count < 40 {
        let count = 1 + Int(split.next() % 60)
        pieces.append(Array(sent.prefix(count)))
        sent.removeFirst(min(count, sent.count))
      }
    }
    if !sent.isEmpty { pieces.append(sent) }
    self.pieces = pieces
  }

  private struct Source {
    var bytes: ArraySlice<UInt8>

    mutating func next() -> UInt8 { bytes.popFirst() ?? 0 }

    mutating func one(of choices: [String]) -> String {
      choices.isEmpty ? "" : choices[Int(next()) % choices.count]
    }

    /// The next bytes without changes, at most 23.
    mutating func some() -> [UInt8] {
      let count = Int(next() % 24)
      defer { bytes = bytes.dropFirst(count) }
      return Array(bytes.prefix(count))
    }

    mutating func rest() -> [UInt8] {
      defer { bytes = [] }
      return Array(bytes)
    }
  }

  private static let methods = [
    "GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH",
    "CONNECT", "TRACE",
  ]
  private static let paths = [
    "/", "/healthz", "/readyz", "/checkpoint", "/api/events", "/api/events", "/api/events/stream",
    "/api/records",
    "/api/keys", "/api/keys/$", "/api/keys/$/events", "/api/events/$", "/api/status",
    "/api/replications", "/api/pith-number/$/citations.json", "/api/evidence/$",
    "/api/evidence/check", "/api/proof/$",
    "/api/proof/consistency",
    "/tile/0/$", "/tile/$/000", "/tile/entries/$", "/tile/$", "/pith/$", "/pith/$.json",
    "/pith/$/state.json", "/pith/$/record.jsonld", "/pith/$/linkset.json", "/pith/$/feed.atom",
    "/pith/$/badge.svg", "/pith/$/citation.bib", "/oembed", "/sitemap.xml", "/sitemap/records.xml",
    "/pith/$/bundle.json", "/paper/$", "/api/pith-number/resolve", "/api/pith-number/$/status.json",
    "/api/pith-number/$/events.json", "/api/pith-number/$/graph.json",
    "/pith/$/action/citation_signature",
    "/pith/$/action/storage_attestation", "/pith/$/action/timestamp_anchor",
    "/pith/$/action/author_attestation",
    "/pith/$/action/replication_record", "/pith/$/action/event_withdrawn", "/pith/$/action/$",
    "/.well-known/pith-ledger.json", "//", "/$", "/%",
  ]
  private static let numbers = [
    "0", "1", "2", "3", "100", "255", "256", "9007199254740991", "9007199254740992",
    "9223372036854775807",
    "18446744073709551615", "-1", "+1", "1e3", "000", "x001/000", "000.p/1", "",
  ]
  private static let queries = [
    "from", "limit", "as_of", "at_least", "old", "new", "arxiv", "doi", "id", "json", "prepare",
    "digest", "proof", "direction", "relation", "vouched", "signer", "standing", "order", "cursor",
    "title", "author", "orcid", "category", "after", "before", "status", "type", "target", "since",
    "record",
  ]
  /// The parameters that a path takes. A request usually has these: another one is refused by its name.
  private static let taken = [
    "/api/events": ["from", "limit", "order", "signer", "since", "standing", "target", "type"],
    "/api/keys": ["from", "limit", "signer", "standing"],
    "/api/keys/$/events": ["from", "limit", "order", "since", "standing", "target", "type"],
    "/api/pith-number/$/citations.json": [
      "cursor", "direction", "limit", "order", "relation", "signer", "standing", "vouched",
    ],
    "/api/pith-number/$/events.json": [
      "from", "limit", "order", "signer", "since", "standing", "target", "type",
    ],
    "/api/pith-number/$/status.json": ["as_of", "at_least"],
    "/api/pith-number/resolve": ["arxiv", "doi", "id", "json"],
    "/api/records": [
      "after", "author", "before", "category", "cursor", "limit", "orcid", "order", "status",
      "title",
    ], "/api/replications": ["cursor", "limit", "record", "standing"],
    "/api/status": ["at_least", "id"],
  ]
  /// Values that some of the parameters take.
  private static let words = [
    "in", "out", "extends", "true", "false", "asc", "desc", "verified", "pending,withdrawn",
    "graph*",
    "a*", "cs.CV", "2024-12-18", "2024-12-18T00:00:00Z", "0000-0002-1825-0097",
    "citation_signature",
    "claim:C1", "urn:pithledger:registry", "00000000000000000000000000000000",
  ]
  private static let headers = [
    "Host: localhost", "Host: evil.example", "Host:", "Content-Type: application/json",
    "Content-Type: application/x-ndjson", "Content-Type: application/octet-stream",
    "Content-Type: text/plain",
    "Origin: null", "Origin: http://localhost", "Sec-Fetch-Site: cross-site",
    "X-Forwarded-For: 192.0.2.1, ::1",
    "Connection: close", "Connection: upgrade", "Upgrade: websocket", "Expect: 100-continue",
    "Accept: text/html",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Content-Length: 0",
    "Content-Length: 5",
  ]
  private static let documents = [
    "{}", "[]", "{\"payload\":{}}", "{\"canonical_record\":{}}", "null",
    "{\"payload\":{\"method\":\"orcid_oidc\"}}",
    "{\"payload\":{\"anchor_kind\":\"opentimestamps\",\"digest_sha256\":\"\",\"evidence_sha256\":\"\"}}",
    "{\"payload\":{\"citing_doi\":\"10.1/1\",\"relation\":\"cites\"},\"signer\":{}}",
    "{\"size\":9007199254740991}\n{}\n\n[1]\n",
  ]

  private static func value(_ source: inout Source, _ names: Names) -> [UInt8] {
    switch source.next() % 6 {
    case 0: return Array(source.one(of: numbers).utf8)
    case 1: return Array(source.one(of: names.records).utf8)
    case 2: return source.some()
    case 3, 4: return Array(source.one(of: words).utf8)
    default:
      return source.some().flatMap { byte -> [UInt8] in
        Array("%".utf8) + Array((byte < 16 ? "0" : "").utf8) + Array(String(byte, radix: 16).utf8)
      }
    }
  }

  private static func request(_ source: inout Source, _ names: Names) -> [UInt8] {
    var bytes = Array(source.one(of: methods).utf8) + [0x20]
    let path = source.one(of: paths)
    for byte in path.utf8 {
      if byte == UInt8(ascii: "$") { bytes += value(&source, names) } else { bytes.append(byte) }
    }
    for index in 0..<Int(source.next() % 3) {
      let own = source.next() % 8 == 0 ? nil : taken[path]
      bytes += Array((index == 0 ? "?" : "&").utf8) + Array(source.one(of: own ?? queries).utf8)
      bytes += Array("=".utf8) + value(&source, names)
    }
    bytes += Array((source.next() % 16 == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n").utf8)
    if source.next() % 8 != 0 { bytes += Array("Host: localhost\r\n".utf8) }
    switch source.next() % 4 {
    case 0, 1: bytes += Array("Content-Type: application/json\r\n".utf8)
    case 2: bytes += Array("Content-Type: application/x-ndjson\r\n".utf8)
    default: bytes += Array("Content-Type: application/octet-stream\r\n".utf8)
    }
    if source.next() % 3 == 0 { bytes += Array("Authorization: Bearer \(names.token)\r\n".utf8) }
    if source.next() % 4 == 0 {
      bytes += Array("Last-Event-ID: ".utf8) + value(&source, names) + Array("\r\n".utf8)
    }
    for _ in 0..<Int(source.next() % 3) {
      if source.next() % 8 == 0 {
        bytes += source.some() + Array(": ".utf8) + source.some()
      } else {
        bytes += Array(source.one(of: headers).utf8)
      }
      bytes += Array("\r\n".utf8)
    }
    return bytes + framed(body(&source), &source)
  }

  private static func body(_ source: inout Source) -> [UInt8] {
    switch source.next() % 4 {
    case 0: []
    case 1: Array(source.one(of: documents).utf8)
    case 2: Array(source.one(of: documents).utf8) + source.some()
    default: source.some()
    }
  }

  /// The end of a head and its body: with `Content-Length`, in chunks, or with wrong framing.
  private static func framed(_ body: [UInt8], _ source: inout Source) -> [UInt8] {
    let end = Array("\r\n".utf8)
    switch source.next() % 8 {
    case 0...3: return Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
    case 4, 5:
      var bytes = Array("Transfer-Encoding: chunked\r\n\r\n".utf8)
      var rest = body[...]
      while !rest.isEmpty {
        let count = min(rest.count, 1 + Int(source.next() % 16))
        bytes += Array(String(count, radix: 16).utf8) + end + Array(rest.prefix(count)) + end
        rest = rest.dropFirst(count)
      }
      return bytes + Array("0\r\n\r\n".utf8)
    case 6: return end + body
    default: return Array("Content-Length: \(source.next())\r\n\r\n".utf8) + body
    }
  }
}
