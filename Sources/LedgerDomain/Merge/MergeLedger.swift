import CanonicalJSON
import Encodings

/// The log of one trusted ledger, as far as the statements of a merge contain it.
struct MergeLedger: Sendable {
  /// The keys, by the ledger's own statements of authority.
  private(set) var timeline = KeyTimeline()
  /// The events about the record, by event id.
  private var events: [Digest: FoldEvent] = [:]
  /// The names of citing papers, by the ledger's own statements of authority.
  private(set) var names = PaperNamesBuilder()
  /// The names as the fold uses them.
  private var papers = PaperNames()
  /// The first event of each record, and the slot of the record's source.
  private var records: [PithNumber: (id: RecordID, source: Digest128?)] = [:]
  /// Checks, decisions and withdrawals by the registry, by the position of the event they are about.
  private var referrers: [Position: [FoldEvent]] = [:]
  /// Withdrawals by the registry.
  private var withdrawals: [FoldEvent] = []
  /// The latest `created_at` of the withdrawals by the registry in a slot.
  private var lastWithdrawals: [GroupFold.Place: Timestamp] = [:]

  /// Reads the statements of one ledger.
  ///
  /// - Returns: `nil` if they contradict each other: the log has two histories.
  init?(_ statements: [MergeStatement], about number: PithNumber) {
    var byPosition: [Position: (testimony: MergeStatement.Testimony, event: SignedEvent)] = [:]
    var positions: [Digest: Position] = [:]
    for statement in statements {
      guard let testimony = statement.testimony else { continue }
      let event = statement.event
      if let other = byPosition[testimony.position] {
        guard other.event == event, other.event.signature == event.signature,
          other.testimony == testimony
        else { return nil }
        continue
      }
      byPosition[testimony.position] = (testimony, event)
      if event.body.subject == .registry || statement.isAbout(number) {
        guard positions.updateValue(testimony.position, forKey: event.eventID) == nil else {
          return nil
        }
      }
    }
    let sorted = byPosition.values.sorted { $0.testimony.position < $1.testimony.position }
    let record = RecordID(
      createdAt: sorted.first { $0.event.body.subject == .record(number) }?.testimony.position
        ?? .first)
    for (testimony, event) in sorted {
      readName(event, testimony)
      read(event, testimony, number, record)
    }
    papers = names.finish()
    noteWithdrawals()
  }

  /// Whether a statement has an effect in the ledger that admitted it. A statement of authority has none
  /// in another ledger than the one that it names.
  private static func isEffective(
    _ event: SignedEvent, _ testimony: MergeStatement.Testimony
  ) -> Bool {
    event.body.payloadJSON["log"]?.stringValue.map { $0 == testimony.origin } ?? true
  }

  /// Reads an event about any record that tells which names belong to one paper.
  private mutating func readName(_ event: SignedEvent, _ testimony: MergeStatement.Testimony) {
    guard event.body.type.namesPaper, case .record(let number) = event.body.subject,
      Self.isEffective(event, testimony)
    else { return }
    let known = records[number] ?? (RecordID(createdAt: testimony.position), nil)
    let columns = event.foldEvent(
      testimony.admission, position: testimony.position, record: known.id, referenced: nil,
      recordSource: known.source)
    if columns.type == .recordCreated, known.source == nil {
      records[number] = (known.id, columns.slot)
    }
    names.add(columns, timeline)
  }

  private mutating func read(
    _ event: SignedEvent, _ testimony: MergeStatement.Testimony, _ number: PithNumber,
    _ record: RecordID
  ) {
    let isAboutRegistry = event.body.subject == .registry
    guard isAboutRegistry || event.body.subject == .record(number) else { return }
    guard Self.isEffective(event, testimony) else { return }
    let referenced = event.body.referencedEventID.flatMap { events[$0] }
    let columns = event.foldEvent(
      testimony.admission, position: testimony.position,
      record: isAboutRegistry ? .registry : record, referenced: referenced)
    events[event.eventID] = columns
    if isAboutRegistry {
      _ = timeline.apply(columns)
      return
    }
    guard !columns.type.isAttestation, let target = columns.refersTo else { return }
    // A withdrawal by the signer holds in every ledger. One by the registry is a statement of authority.
    guard columns.type == .eventWithdrawn else {
      referrers[target, default: []].append(columns)
      return
    }
    if timeline.isRegistry(columns.signerKey, at: columns.position) {
      referrers[target, default: []].append(columns)
      withdrawals.append(columns)
    }
  }

  /// Notes the slots in which the registry withdrew a statement. Older statements in them do not count.
  private mutating func noteWithdrawals() {
    let byPosition = Dictionary(
      events.values.lazy.filter(\.type.isAttestation).map { ($0.position, $0) }
    ) { a, _ in a }
    for withdrawal in withdrawals
    where !timeline.isRevoked(withdrawal.signerKey, at: withdrawal.position) {
      guard let place = withdrawal.refersTo.flatMap({ byPosition[$0] }).flatMap({ place($0) })
      else {
        continue
      }
      let time = withdrawal.createdAt
      lastWithdrawals[place] = max(lastWithdrawals[place] ?? time, time)
    }
  }

  /// The slot and target of a statement with the identity of its signer in this ledger.
  private func place(_ columns: FoldEvent) -> GroupFold.Place? {
    GroupFold(
      LinkedEvents([columns] + (referrers[columns.position] ?? []), papers), timeline
    ).statements.first?.place
  }

  /// What the ledger says about an attestation; `nil` if the statements do not contain its entry.
  func assessment(_ event: SignedEvent) -> MergeAssessment? {
    guard let columns = events[event.eventID] else { return nil }
    let isOutdated =
      !lastWithdrawals.isEmpty
      && place(columns).flatMap { lastWithdrawals[$0] }.map { columns.createdAt <= $0 } ?? false
    return MergeAssessment(
      columns, referrers[columns.position] ?? [], timeline, signer: event.body.signer,
      isOutdated: isOutdated)
  }

  /// Whether an event has no effect, because its key was revoked; `nil` if the ledger does not have it.
  func isRevoked(_ event: SignedEvent) -> Bool? {
    events[event.eventID].map { timeline.isRevoked($0.signerKey, at: $0.position) }
  }

  /// Whether the ledger's registry signed the event.
  func isByRegistry(_ event: SignedEvent) -> Bool {
    events[event.eventID].map { timeline.isRegistry($0.signerKey, at: $0.position) } ?? false
  }

  /// Whether the ledger verified the receipt in the event.
  func hasVerifiedReceipt(_ event: SignedEvent) -> Bool {
    events[event.eventID]?.flags.contains(.receiptVerified) ?? false
  }

  /// The identity to which the ledger binds the key of an event: at the event's position, or now if the
  /// ledger does not have the event. `nil` if it does not vouch for the key.
  func identity(of event: SignedEvent) -> Digest128? {
    let bound = KeyTimeline.identity(signerID: event.body.signer.signerID)
    let position = events[event.eventID]?.position ?? Position.max.previous
    return timeline.identity(event.body.signer.fingerprint, at: position) == bound ? bound : nil
  }

  /// The time of the newest event about the record.
  var lastRecordedAt: Timestamp? {
    events.values.lazy.filter { !$0.record.isRegistry }.map(\.recordedAt).max()
  }
}
