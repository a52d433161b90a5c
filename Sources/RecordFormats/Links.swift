public import Encodings
import Foundation
public import LedgerDomain
public import LedgerService
import LedgerStore

/// The addresses that responses contain, all below one base address.
public struct Links: Sendable, Equatable {
  private let base: String

  /// Makes links.
  ///
  /// - Parameter base: scheme and authority without a slash at the end, or nothing for links that begin with the path.
  public init(base: String = "") { self.base = base }

  /// Makes links below the ledger's public address.
  ///
  /// - Parameters:
  ///   - configuration: the settings.
  ///   - otherwise: the base where the configuration names no public address.
  public init(_ configuration: LedgerConfiguration, otherwise: String = "") {
    base = configuration.publicURL ?? otherwise
  }

  /// The first page of the ledger.
  public var home: String { "\(base)/" }

  /// The page of a type of problem, by the name of its check.
  public func problem(_ check: String) -> String { "\(base)/problems/\(check)" }

  /// The page of a record.
  public func page(_ number: PithNumber) -> String { "\(base)/pith/\(number.suffix)" }

  /// What is below the page of a record, by its last path component: `bundle.json`, `feed.atom`, `badge.svg`,
  /// `citation.bib`, `citation.ris`, `citation.csl.json`, `record.jsonld`, `linkset.json`, `citations`, `events`.
  public func part(_ name: String, of number: PithNumber) -> String { "\(page(number))/\(name)" }

  /// The page of a key.
  public func key(_ fingerprint: Digest128) -> String { "\(base)/keys/\(fingerprint.hex)" }

  /// The page of an event.
  public func event(_ id: Digest) -> String { "\(base)/events/sha256:\(id.hex)" }

  /// What another site needs to show a page of this ledger.
  public func oEmbed(_ page: String, format: String) -> String {
    Self.address("\(base)/oembed", [("format", format), ("url", page)])
  }

  /// The list of lists of records, of a part of the log.
  public func sitemap(part: Int64) -> String {
    "\(base)/sitemap.xml" + (part == 0 ? "" : "?part=\(part)")
  }

  /// The list of the records of a range that begins at a position.
  public func sitemap(from start: Position) -> String {
    "\(base)/sitemap/records.xml?from=\(start)"
  }

  /// The name of a record in the address of its page. `nil` for an address that is not that of a record's page here.
  public func recordName(in address: String) -> String? {
    let page = address.prefix { $0 != "#" }
    for folder in ["/pith/", "/paper/"] where page.hasPrefix(base + folder) {
      let name = page.dropFirst(base.count + folder.count)
      return name.isEmpty || name.contains { $0 == "/" || $0 == "?" } ? nil : String(name)
    }
    return nil
  }

  /// The path below which the interfaces of a record are.
  public func api(_ number: PithNumber) -> String { "\(base)/api/pith-number/\(number.suffix)" }

  /// The short address of a record.
  public func paper(_ number: PithNumber) -> String { "\(base)/paper/\(number.suffix.prefix(8))" }

  /// The search for a record by one query parameter.
  public func resolve(_ query: String) -> String {
    "\(base)/api/pith-number/resolve?\(query)&json=true"
  }

  /// A page of a list of events.
  public func events(
    _ list: EventList, _ filter: EventFilter = EventFilter(), from: Position, limit: Int
  ) -> String {
    let path =
      switch list {
      case .log: "\(base)/api/events"
      case .record(let number): "\(api(number))/events.json"
      case .key(let key): "\(base)/api/keys/\(key.hex)/events"
      }
    return Self.address(
      path, [("from", from.description), ("limit", String(limit))] + filter.queryItems)
  }

  /// A page of a search for records.
  public func records(_ filter: RecordFilter, cursor: String, limit: Int) -> String {
    Self.address(
      "\(base)/api/records", [("cursor", cursor), ("limit", String(limit))] + filter.items)
  }

  /// A page of the citations of a record.
  public func citations(
    _ number: PithNumber, _ filter: CitationFilter, cursor: String, limit: Int
  ) -> String {
    Self.address(
      "\(api(number))/citations.json",
      [("cursor", cursor), ("limit", String(limit))] + filter.items.map { ($0.name, $0.value) })
  }

  /// A page of keys with some conditions.
  public func keys(from: Position, limit: Int, _ conditions: [(name: String, value: String)])
    -> String
  {
    Self.address(
      "\(base)/api/keys", [("from", "\(from)"), ("limit", "\(limit)")] + conditions)
  }

  /// A page of replication records.
  public func replications(_ filter: ReplicationFilter, cursor: String, limit: Int) -> String {
    Self.address(
      "\(base)/api/replications", [("cursor", cursor), ("limit", String(limit))] + filter.items)
  }

  /// An address with query parameters.
  public static func address(_ path: String, _ items: [(name: String, value: String)]) -> String {
    let query = items.map { "\($0.name)=\(escaped($0.value))" }.joined(separator: "&")
    return query.isEmpty ? path : "\(path)?\(query)"
  }

  /// Writes percent escapes for all but the unreserved characters and those that a query needs no escape for.
  ///
  /// Every answer to a submission has such an address. A `CharacterSet` made for each took as long as the rest
  /// of the answer.
  public static func escaped(_ text: String) -> String {
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: ","),
        UInt8(ascii: "@"):
        escaped.append(byte)
      default: escaped += "%\(Hex.encode([byte]).uppercased())".utf8
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}

extension EventFilter {
  /// The filter as query parameters, by name.
  var queryItems: [(name: String, value: String)] {
    var items: [(name: String, value: String)] = []
    if order != .ascending { items.append(("order", order.rawValue)) }
    if let signer { items.append(("signer", signer)) }
    if let since { items.append(("since", since.description)) }
    if !standings.isEmpty { items.append(("standing", standings.joined(separator: ","))) }
    if let target { items.append(("target", target)) }
    if !types.isEmpty { items.append(("type", types.map(\.name).joined(separator: ","))) }
    return items
  }
}
