import LedgerDomain

/// What a projector knows of the projections and of the newest events without reading them.
///
/// It has at most twice ``maxEvents`` events, and ``maxRows`` rows and those of one batch: some megabytes.
struct ProjectorMemory: Sendable {
  /// A group of a record.
  struct GroupKey: Hashable {
    let record: RecordID
    let group: Int64
  }

  static let maxEvents = 8192
  static let maxRows = 8192

  /// The object ID of the table of statuses, which a replay replaces.
  let table: Int64
  /// The position after the last event that the projections include.
  private(set) var next: Position
  /// Every event in a group, from this position up to `next`, is in `groups`. None of the events from
  /// here on changes the keys or the names of papers.
  private var start: Position
  private var groups: [GroupKey: [FoldEvent]] = [:]
  /// The events of `groups`, the oldest first.
  private var order: [(key: GroupKey, position: Position)] = []
  private var rows: [RecordID: ProjectedState] = [:]

  /// Makes the memory of a projector that read everything so far.
  init(table: Int64, next: Position) {
    self.table = table
    self.next = next
    start = next
  }

  /// Whether a batch with an event is folded without reading the log.
  static func isPlain(_ event: FoldEvent) -> Bool {
    !event.record.isRegistry && !event.type.namesPaper && !RecordTextRows.types.contains(event.type)
  }

  // MARK: Read

  /// The row of a record, if it is known.
  func row(of record: RecordID) -> ProjectedState? { rows[record] }

  /// All events of an event's group below `next`, if they are known, and no other group is linked to it.
  func group(of appended: AppendedEvent, _ timeline: KeyTimeline) -> [FoldEvent]? {
    guard let known = appended.group, let group = appended.event.foldGroup,
      start <= known.size.end, timeline.isOnlyKeyOfSigner(appended.event.signerKey)
    else { return nil }
    let read = known.events.filter { $0.position < next }
    let last = read.last?.position ?? .beforeFirst
    let later = groups[GroupKey(record: appended.event.record, group: group)] ?? []
    return read + later.filter { $0.position > last }
  }

  // MARK: Change

  /// Adds a batch of plain events that the projections include now.
  mutating func add(_ events: [FoldEvent], _ batch: ProjectedBatch, next: Position) {
    self.next = next
    for event in events {
      guard let group = event.foldGroup else { continue }
      let key = GroupKey(record: event.record, group: group)
      groups[key, default: []].append(event)
      order.append((key, event.position))
    }
    if order.count > 2 * Self.maxEvents { removeOldest(order.count - Self.maxEvents) }
    if rows.count > Self.maxRows { rows = [:] }
    for record in Set(events.map(\.record)) { rows[record] = batch.states[record] }
  }

  private mutating func removeOldest(_ count: Int) {
    for (key, position) in order.prefix(count) {
      start = position.next
      groups[key]?.removeFirst()
      if groups[key]?.isEmpty == true { groups[key] = nil }
    }
    order.removeFirst(count)
  }
}
