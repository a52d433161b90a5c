import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
import RecordFormats

/// A record as the pages below its own name it.
public struct RecordCrumb: Sendable {
  /// The title, or the Pith Number of a record without one.
  let title: String
  /// The page of the record.
  let href: String

  /// Names a record.
  public init(_ view: RecordView) {
    title = RecordHead(view).title
    href = Links().page(view.record.pithNumber)
  }
}

/// A list of a record's events.
public struct RecordEventsPage: Page {
  public static let template = "record_events"
  public let frame: PageFrame
  let record: RecordCrumb
  let events: [EventRow]
  /// What the list leaves out; `nil` if it has every event.
  let filter: String?
  /// The next page; `nil` if this is the last.
  let next: String?
  /// The same list for programs.
  let json: String
  let all: String

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - record: the record.
  ///   - page: the events, newest first.
  ///   - details: the events of the page with their standings.
  ///
  /// Errors: a `Refusal` if an entry is not well-formed.
  public init(_ record: RecordCrumb, _ page: EventPage, _ details: [EventDetail]) throws {
    self.record = record
    events = try details.map(EventRow.init)
    let all = record.href + "/events"
    self.all = all
    filter =
      page.filter.types.isEmpty
      ? nil : "Only " + page.filter.types.map(\.words).joined(separator: ", ") + "."
    var items: [(name: String, value: String)] = []
    if !page.filter.types.isEmpty {
      items.append(("type", page.filter.types.map(\.name).joined(separator: ",")))
    }
    next = page.next.map { Links.address(all, [("from", $0.description)] + items) }
    json = Links().events(page.list, page.filter, from: .max, limit: page.limit)
    frame = PageFrame(
      title: "Events of \(record.title)", summary: "What was stated about \(record.title).")
  }
}

/// A list of a record's citations.
public struct CitationsPage: Page {
  public static let template = "citations"
  public let frame: PageFrame
  let record: RecordCrumb
  let heading: String
  let rows: [CitationRow]
  /// The relations by which the list can be narrowed.
  let relations: [Choice]
  /// The list in the other direction.
  let otherHref: String
  let otherTitle: String
  let next: String?

  /// A way to narrow the list.
  struct Choice: Sendable {
    let title: String
    let href: String
    let isCurrent: Bool
  }

  /// Makes the page.
  public init(_ record: RecordCrumb, _ page: CitationPage) {
    self.record = record
    let isInbound = page.filter.direction == .inbound
    rows = page.citations.map { CitationRow($0, page.filter.direction) }
    heading = isInbound ? "Papers that cite this one" : "Papers that this one cites"
    let path = record.href + "/citations"
    let direction = [(name: "direction", value: page.filter.direction.rawValue)]
    otherTitle = isInbound ? "Papers that this one cites" : "Papers that cite this one"
    otherHref = Links.address(path, [("direction", isInbound ? "out" : "in")])
    relations =
      [
        Choice(
          title: "every relation", href: Links.address(path, direction),
          isCurrent: page.filter.relation == nil)
      ]
      + CitationSignature.Relation.allCases.map { relation in
        Choice(
          title: Words.relation(relation),
          href: Links.address(path, direction + [("relation", relation.rawValue)]),
          isCurrent: relation == page.filter.relation)
      }
    next = page.next.map { cursor in
      Links.address(
        path,
        page.filter.items.filter { ["direction", "relation"].contains($0.name) }
          .map { ($0.name, $0.value) } + [("cursor", cursor)])
    }
    frame = PageFrame(
      title: "\(heading): \(record.title)", summary: "Signed citations of \(record.title).")
  }
}
