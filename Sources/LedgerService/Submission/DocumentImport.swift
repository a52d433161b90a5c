import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

extension Ledger {
  /// Takes a record document, or a bare `canonical_record`, into the log.
  ///
  /// The same document again changes nothing and is answered with the event that holds it; a newer one
  /// adds a snapshot, or a restatement of the record where it has no graph. What the document says of
  /// its own verification is never believed.
  public func importDocument(
    _ bytes: [UInt8], client: ClientID, operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer {
    try await importDocument(
      try documents.parse(bytes), client: client, operatorAuthorised: operatorAuthorised)
  }

  func importDocument(
    _ document: RecordDocument, client: ClientID, operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer {
    guard operatorAuthorised || document.isBare else {
      throw Refusal(
        .forbidden, check: "operator",
        "Importing a document needs the operator: send the token of operator.token in the data directory as "
          + "Authorization: Bearer, or use the ledger's Unix socket. A bare canonical_record needs neither."
      )
    }
    try requireWriting()
    _ = try await checkpointSigner?.signedSize()
    if !operatorAuthorised {
      try quotas.takeBareAction(client, evidenceBytes: document.bytes.count)
    }
    for _ in 0..<Self.maxRetries {
      let next = try await timeline.current().next
      let known = try await store.records.resolve(.pithNumber(document.canonical.pithNumber)).first
      var items: [AppendUnit.Item] = []
      if let known {
        if let standing = try await unchanged(document, known, operatorAuthorised) {
          return try await answer(standing, record: known, group: nil, created: false)
        }
        items = try await additions(document, to: known, operatorAuthorised)
      } else {
        items = try await creation(document, operatorAuthorised)
      }
      var unit = AppendUnit(
        items: items,
        evidence: document.isBare
          ? [] : [.init(digest: document.documentDigest, bytes: document.bytes, kind: "document")],
        guardPosition: next - 1)
      unit.registryAsOf = next
      switch try await store.log.append(unit) {
      case .conflict: continue
      case .stored:
        guard
          let record = try await store.records.resolve(.pithNumber(document.canonical.pithNumber))
            .first,
          let last = items.last,
          let stored = try await store.log.event(record: record.record, id: last.event.eventID)
        else { continue }
        return try await answer(
          stored, record: record, group: nil, created: stored.entry == last.entry)
      }
    }
    throw Refusal(
      .unavailable, check: "contention",
      "This record is changing faster than the document could be compared; try again.")
  }

  /// The event that holds this very document already, if the newest one does.
  private func unchanged(
    _ document: RecordDocument, _ record: ResolvedRecord, _ operatorAuthorised: Bool
  ) async throws -> StoredEvent? {
    guard let newest = try await documents.newestEvent(of: record) else {
      // An operator's word makes more of a record that anybody sent.
      if operatorAuthorised, !record.isOperatorImported { return nil }
      return document.isBare
        ? try await store.log.latestEvent(record: record.record, type: .recordCreated) : nil
    }
    if document.isBare { return newest.event }
    guard let bytes = try await store.evidence.publicBytes(newest.digest),
      let held = try? documents.parse(bytes)
    else { return nil }
    return held.comparableDigest == document.comparableDigest ? newest.event : nil
  }

  /// What a first import appends: the record, its aliases, and its graph where it has one.
  private func creation(
    _ document: RecordDocument, _ operatorAuthorised: Bool
  ) async throws -> [AppendUnit.Item] {
    func statement(
      _ type: EventType, _ payload: JSONObject, target: String = "record"
    ) async throws -> AppendUnit.Item {
      try await self.statement(
        type, payload, document, record: nil, target: target,
        operatorAuthorised: operatorAuthorised)
    }
    var items = [try await statement(.recordCreated, document.recordPayload())]
    for alias in document.allAliases {
      items.append(try await statement(.aliasAdded, RecordDocument.aliasPayload(alias)))
    }
    if let snapshot = document.snapshotPayload() {
      items.append(try await statement(.graphSnapshot, snapshot, target: "graph"))
    }
    return items
  }

  /// What a newer document adds to a record that is known.
  private func additions(
    _ document: RecordDocument, to record: ResolvedRecord, _ operatorAuthorised: Bool
  ) async throws -> [AppendUnit.Item] {
    func statement(
      _ type: EventType, _ payload: JSONObject, target: String = "record"
    ) async throws -> AppendUnit.Item {
      try await self.statement(
        type, payload, document, record: record.record, target: target,
        operatorAuthorised: operatorAuthorised)
    }
    var items: [AppendUnit.Item] = []
    let projected = try await store.projections.state(record: record.record)
    let addsReceipt = document.receiptVerified && projected?.state.pithReceipt != true
    let snapshot = document.snapshotPayload()
    if addsReceipt || snapshot == nil {
      items.append(try await statement(.recordCreated, document.recordPayload()))
    }
    // What an operator took back is not added again by the document that it came with.
    let present = Set(
      try await store.records.names(record: record.record).map {
        "\($0.alias.kind) \($0.alias.folded)"
      })
    for alias in document.allAliases where !present.contains("\(alias.kind) \(alias.folded)") {
      items.append(try await statement(.aliasAdded, RecordDocument.aliasPayload(alias)))
    }
    if let snapshot { items.append(try await statement(.graphSnapshot, snapshot, target: "graph")) }
    return items
  }

  /// One statement of the registry about a record.
  private func statement(
    _ type: EventType, _ payload: JSONObject, _ document: RecordDocument, record: Int64?,
    target: String, operatorAuthorised: Bool
  ) async throws -> AppendUnit.Item {
    let keys = try await timeline.current()
    let key = try await registry.key(in: keys.timeline, at: keys.next)
    let now = now
    let body = try EventBody.make(
      type: type, payload: payload, signer: key.signer,
      subject: .record(document.canonical.pithNumber), target: target, createdAt: now)
    let event = try key.key.sign(body)
    var context = AdmissionContext(
      now: now, origin: origin, timeline: keys.timeline, position: keys.next)
    context.trustedReceiptKeys = configuration.trustedReceiptKeys
    context.operatorAuthorised = operatorAuthorised
    context.evidence =
      document.isBare || type == .aliasAdded ? [:] : [document.documentDigest: document.bytes]
    context.record = RecordFacts(
      record: record ?? keys.next, pithNumber: document.canonical.pithNumber,
      canonicalSHA256: document.canonical.digest)
    let admission = try admit(event, context)
    return try AppendUnit.Item.make(
      event: event, admission: admission, record: record, referenced: nil,
      canonical: type == .recordCreated ? document.canonical : nil)
  }
}
