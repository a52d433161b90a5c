public import Encodings
public import LedgerDomain
public import LedgerStore
public import TransparencyLog

/// Reads events page by page: those of one record, those of one key, or those of the whole log.
public struct EventQueries: Sendable {
  /// The largest number of events in one page.
  public static let pageSize = 1000
  /// The largest number of events whose standing is computed for one page.
  public static let maxStandings = 512

  let store: LedgerStore
  let resolver: RecordResolver
  let timeline: TimelineCache

  /// Returns one event with its standing.
  ///
  /// - Parameter name: an event ID, with or without `sha256:`.
  ///
  /// Errors: `malformed` for another text; `notFound`.
  public func event(_ name: String) async throws -> EventDetail {
    let hex = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
    guard let id = Digest(hex: hex.lowercased()) else {
      throw Refusal(
        .malformed, check: "event_id", field: "event_id",
        "An event ID is sha256: and 64 hexadecimal digits.")
    }
    guard let found = try await store.scanner.event(id: id) else {
      throw Refusal(.notFound, check: "event_id", "The log has no event with this ID.")
    }
    let keys = try await timeline.current().timeline
    let fold = try await fold(of: found.columns, keys)
    return EventDetail(
      event: found.stored, standing: fold.standingName(of: found.stored.position),
      reason: fold.reason(of: found.stored.position),
      isSignerVouched: keys.isVouched(found.columns.signerKey, at: found.stored.position))
  }

  /// Returns a page of one record's events.
  ///
  /// - Parameters:
  ///   - name: a Pith Number, a short form, an arXiv id or a DOI.
  ///   - filter: which events, and in which order.
  ///   - from: where the page begins; `nil` for the beginning of the list.
  ///   - cursor: the cursor that a page of the same list gave, in the place of `from`.
  ///   - limit: the largest number of events, brought to `pageSize`.
  ///
  /// Errors: those of ``RecordQueries/resolve(_:)``; `malformed` with check `query` for a limit below 1, and for a
  /// position beyond the log.
  public func page(
    of name: String, _ filter: EventFilter = EventFilter(), from: Position? = nil,
    cursor: String? = nil, limit: Int = 100
  ) async throws -> EventPage {
    let record = try await resolver.resolve(name).record
    let list = EventList.record(record.pithNumber)
    return try await page(
      list, record: record.record, filter, list.start(filter, from, cursor), limit)
  }

  /// Returns a page of what a key signed.
  ///
  /// - Parameters:
  ///   - fingerprint: 32 hexadecimal digits.
  ///   - filter: what is selected.
  ///   - from: the position of the first event; `nil` for the end at which the order begins.
  ///   - cursor: the cursor that a page of the same list gave; `nil` for the first page.
  ///   - limit: the largest number of items.
  ///
  /// Errors: `notFound` for a key that is not registered; those of ``page(_:from:cursor:limit:)``.
  public func page(
    signedBy fingerprint: String, _ filter: EventFilter = EventFilter(), from: Position? = nil,
    cursor: String? = nil, limit: Int = 100
  ) async throws -> EventPage {
    let key = try await KeyQueries(timeline: timeline).key(fingerprint).key.fingerprint
    let list = EventList.key(key)
    return try await page(list, record: nil, filter, list.start(filter, from, cursor), limit)
  }

  /// Returns a page of the log.
  ///
  /// - Parameters:
  ///   - filter: which events, and in which order.
  ///   - from: where the page begins; `nil` for the beginning of the list.
  ///   - cursor: the cursor that a page of the same list gave, in the place of `from`.
  ///   - limit: the largest number of events, brought to `pageSize`.
  ///
  /// Errors: `malformed` with check `query` for a limit below 1, and for a position beyond the log.
  public func page(
    _ filter: EventFilter = EventFilter(), from: Position? = nil, cursor: String? = nil,
    limit: Int = 100
  ) async throws -> EventPage {
    try await page(
      .log, record: nil, filter, EventList.log.start(filter, from, cursor), limit)
  }

  private func page(
    _ list: EventList, record: RecordID?, _ filter: EventFilter, _ from: Position?, _ limit: Int
  ) async throws -> EventPage {
    let limit = try ListQuery.limit(limit, most: Self.pageSize)
    let keys = try await timeline.current().timeline
    var selection = try await filter.selection(record: record, keys, in: store)
    if case .key(let key) = list {
      selection.signers = selection.signers.map { $0.contains(key) ? [key] : [] } ?? [key]
    }
    let start = from ?? (filter.order == .ascending ? selection.lowest : .max)
    var found = Found()
    if filter.standings.isEmpty {
      let scan = try await store.scanner.scan(selection, from: start, limit: limit)
      found = Found(events: scan.events, standings: [:], next: scan.next)
    } else {
      found = try await self.found(selection, filter, from: start, limit: limit, keys)
    }
    if let from, found.events.isEmpty && found.next == nil || filter.order == .descending {
      try await requireInLog(from)
    }
    return EventPage(
      list: list, filter: filter, events: found.events, standings: found.standings,
      limit: limit, next: found.next)
  }

  /// The events of a page, and where the next page begins.
  private struct Found {
    var events: [StoredEvent] = []
    var standings: [Position: String] = [:]
    var next: Position?
  }

  /// Scans for events of some standings. Stops after ``maxStandings`` candidates.
  private func found(
    _ selection: EventSelection, _ filter: EventFilter, from: Position, limit: Int,
    _ keys: KeyTimeline
  ) async throws -> Found {
    let scan = try await store.scanner.scan(selection, from: from, limit: Self.maxStandings)
    let standings = try await standings(of: scan.events.map(\.position), keys)
    var found = Found(next: scan.next)
    for event in scan.events {
      guard let standing = standings[event.position]?.name, filter.standings.contains(standing)
      else { continue }
      if found.events.count == limit {
        found.next = event.position
        break
      }
      found.events.append(event)
      found.standings[event.position] = standing
    }
    return found
  }

  // MARK: Streams

  /// The number of events in the log.
  public func size() async throws -> TreeSize { try await store.log.size() }

  /// The lowest position of a filter's list.
  public func firstPosition(of filter: EventFilter) async throws -> Position {
    try await filter.since?.firstPosition(in: store) ?? .first
  }

  /// Refuses a stream that begins behind the place where the next event will be.
  ///
  /// Errors: `malformed` with check `query`.
  public func requireInLog(_ from: Position) async throws {
    let size = try await store.log.size()
    guard from <= size.end else {
      throw Refusal(
        .malformed, check: "query", field: "from",
        "The log has \(size) events. The next one will be at position \(size).")
    }
  }

  /// The conditions of a filter for tests in memory, with the keys as of now.
  public func matcher(_ filter: EventFilter) async throws -> EventMatcher {
    EventMatcher(filter, try await timeline.current().timeline)
  }

  /// The standing of an event as of now.
  public func standing(at position: Position) async throws -> String {
    let keys = try await timeline.current().timeline
    return try await standings(of: [position], keys)[position]?.name ?? StandingName.recorded
  }

  // MARK: Standings

  /// Some events with their standings as of now, in the same order.
  ///
  /// - Parameter events: at most ``maxStandings``. The cost grows with their number.
  public func details(of events: [StoredEvent]) async throws -> [EventDetail] {
    let keys = try await timeline.current().timeline
    let standings = try await standings(of: events.map(\.position), keys)
    return events.map { event in
      let standing = standings[event.position]
      return EventDetail(
        event: event, standing: standing?.name ?? StandingName.recorded,
        reason: standing?.reason, isSignerVouched: standing?.isSignerVouched ?? false)
    }
  }

  /// The standing of an event.
  struct EventStanding: Sendable {
    var name = StandingName.recorded
    var reason: String?
    let isSignerVouched: Bool
  }

  /// The standings of events by position, as of now.
  func standings(
    of positions: [Position], _ keys: KeyTimeline
  ) async throws -> [Position: EventStanding] {
    struct Group: Hashable {
      let record: RecordID
      let group: Int64
    }
    var standings: [Position: EventStanding] = [:]
    var members: [Group: [FoldEvent]] = [:]
    for event in try await store.scanner.columns(at: positions) {
      if event.type.isAttestation, let group = event.foldGroup {
        members[Group(record: event.record, group: group), default: []].append(event)
      } else {
        standings[event.position] = EventStanding(
          isSignerVouched: keys.isVouched(event.signerKey, at: event.position))
      }
    }
    // The store reads the groups of concurrent calls with one query.
    try await withThrowingTaskGroup(of: [Position: EventStanding].self) { tasks in
      for events in members.values {
        tasks.addTask {
          let fold = try await fold(of: events[0], keys)
          return Dictionary(
            events.map { event in
              let position = event.position
              return (
                position,
                EventStanding(
                  name: fold.standingName(of: position), reason: fold.reason(of: position),
                  isSignerVouched: keys.isVouched(event.signerKey, at: position))
              )
            }, uniquingKeysWith: { first, _ in first })
        }
      }
      for try await part in tasks { standings.merge(part) { first, _ in first } }
    }
    return standings
  }

  /// The fold of the group of an event.
  private func fold(of event: FoldEvent, _ keys: KeyTimeline) async throws -> GroupFold {
    GroupFold(try await linked(to: event, keys), keys)
  }

  /// The events with which an attestation is folded; none for another event.
  func linked(to event: FoldEvent, _ keys: KeyTimeline) async throws -> LinkedEvents {
    guard event.type.isAttestation, let group = event.foldGroup else { return LinkedEvents() }
    return try await store.submissions.events(record: event.record, group: group, keys)
  }
}

/// What a list of events is about.
public enum EventList: Sendable, Equatable {
  /// The whole log.
  case log
  /// One record.
  case record(PithNumber)
  /// What one key signed.
  case key(Digest128)

  /// The cursors of the list with a filter.
  fileprivate func cursors(_ filter: EventFilter) -> ListCursor {
    let name =
      switch self {
      case .log: "log"
      case .record(let number): "record \(number)"
      case .key(let key): "key \(key.hex)"
      }
    return ListCursor([name] + filter.parameters)
  }

  /// Where a page begins.
  fileprivate func start(
    _ filter: EventFilter, _ from: Position?, _ cursor: String?
  ) throws(Refusal) -> Position? {
    guard let cursor else { return from }
    guard from == nil else {
      throw ListQuery.refusal("cursor", "A page begins at from or at cursor, not at both.")
    }
    return Position(rawValue: try cursors(filter).place(cursor)[0])
  }
}

/// Events of a record, of a key or of the log.
///
/// A page with a filter may have fewer events than its limit, and a next page all the same.
public struct EventPage: Sendable {
  /// What the list is about.
  public let list: EventList
  /// Which events the list has.
  public let filter: EventFilter
  /// The events, in the order of the filter.
  public let events: [StoredEvent]
  /// The standings of the events by position. Empty unless the filter has standings.
  public let standings: [Position: String]
  /// The largest number of events that the page may have.
  public let limit: Int
  /// Where the next page begins; `nil` if this is the last page.
  public let next: Position?

  /// The cursor of the next page; `nil` if this is the last page.
  public var cursor: String? { next.map { list.cursors(filter).text($0.rawValue) } }

  /// Makes a page.
  public init(
    list: EventList, filter: EventFilter = EventFilter(), events: [StoredEvent],
    standings: [Position: String] = [:], limit: Int, next: Position?
  ) {
    self.list = list
    self.filter = filter
    self.events = events
    self.standings = standings
    self.limit = limit
    self.next = next
  }
}

/// An event with its standing as of now.
public struct EventDetail: Sendable {
  /// The event.
  public let event: StoredEvent
  /// The standing that the fold gives, such as `verified` or `superseded`; `recorded` for an event that has none.
  public let standing: String
  /// Why the standing is not higher; `nil` if there is no reason to give.
  public let reason: String?
  /// Whether a vouch of the signing key was in force at the event's position.
  public let isSignerVouched: Bool
}
