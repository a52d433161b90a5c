import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// Imports record documents.
public final class DocumentImporter: Sendable {
  let store: LedgerStore
  let documents: RecordDocuments
  let timeline: TimelineCache
  let registry: RegistryKey
  let quotas: Quotas
  let answers: AnswerBuilder
  let checkpointSigner: CheckpointSigner?
  let configuration: LedgerConfiguration
  let origin: String
  let metrics: ServiceMetrics

  init(
    store: LedgerStore, documents: RecordDocuments, timeline: TimelineCache, registry: RegistryKey,
    quotas: Quotas, answers: AnswerBuilder, checkpointSigner: CheckpointSigner?,
    configuration: LedgerConfiguration, origin: String, metrics: ServiceMetrics
  ) {
    self.metrics = metrics
    self.store = store
    self.documents = documents
    self.timeline = timeline
    self.registry = registry
    self.quotas = quotas
    self.answers = answers
    self.checkpointSigner = checkpointSigner
    self.configuration = configuration
    self.origin = origin
  }

  /// Imports a record document, or a bare `canonical_record`.
  ///
  /// A document that the log holds already changes nothing; the answer names the event that holds it. A
  /// newer document adds a graph snapshot, or a restatement of the record if it has no graph. A document that
  /// is older than the one that stands, or that lacks a part of it, does not replace it. Claims that a
  /// document makes about its own verification are ignored. Specification: identifiers.md, section Newer
  /// documents.
  ///
  /// Errors: a `Refusal` for a malformed document; with check `operator` for a document that only the
  /// operator may import; of code `tooMany` for a quota; with check `contention` if the record changes
  /// repeatedly.
  public func importDocument(
    _ bytes: [UInt8], client: ClientID, operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer {
    try await importDocument(
      try documents.parse(bytes), client: client, operatorAuthorised: operatorAuthorised)
  }

  func importDocument(
    _ document: RecordDocument, client: ClientID, operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer {
    try await metrics.counting("document") {
      try await take(document, client: client, operatorAuthorised: operatorAuthorised)
    }
  }

  private func take(
    _ document: RecordDocument, client: ClientID, operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer {
    guard operatorAuthorised || document.isBare else {
      throw Refusal(
        .forbidden, check: "operator",
        "Only the operator imports documents. A bare canonical_record needs no authorisation.",
        remedy: .authorise
      )
    }
    try configuration.requireWriting()
    _ = try await checkpointSigner?.signedSize()
    if !operatorAuthorised {
      try quotas.takeBareAction(client, evidenceBytes: document.bytes.count)
    }
    for _ in 0..<EventAppender.maxRetries {
      if let answer = try await attempt(document, operatorAuthorised) { return answer }
    }
    throw Refusal(
      .unavailable, check: "contention",
      "The record changes faster than the document can be compared. Try again.")
  }

  /// Compares the document with the log and appends what is new. Returns `nil` if the log changed in
  /// the meantime.
  private func attempt(
    _ document: RecordDocument, _ operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer? {
    let number = RecordName.pithNumber(document.canonical.pithNumber)
    let next = try await timeline.current().next
    let items: [AppendUnit.Item]
    var replaces = true
    if let known = try await store.records.resolve(number).first {
      let comparison = try await compare(document, known, operatorAuthorised)
      replaces = comparison.precedence == .newer
      items = try await additions(
        document, to: known, comparison.precedence, operatorAuthorised)
      if items.isEmpty, let event = comparison.event {
        return try await answers.answer(
          event, record: known, created: false, reason: comparison.precedence.reason)
      }
    } else {
      items = try await creation(document, operatorAuthorised)
    }
    var unit = AppendUnit(
      items: items,
      evidence: document.isBare || !replaces
        ? [] : [.init(digest: document.documentDigest, bytes: document.bytes, kind: "document")],
      guardPosition: next.previous)
    unit.registryAsOf = next
    guard case .stored = try await store.log.append(unit),
      let record = try await store.records.resolve(number).first, let last = items.last,
      let stored = try await store.log.event(record: record.record, id: last.event.eventID)
    else { return nil }
    return try await answers.answer(stored, record: record, created: stored.entry == last.entry)
  }

  /// How a document compares with the record, and the event that answers for it if it adds nothing.
  private struct Comparison {
    let precedence: DocumentPrecedence
    let event: StoredEvent?
  }

  private func compare(
    _ document: RecordDocument, _ record: ResolvedRecord, _ operatorAuthorised: Bool
  ) async throws -> Comparison {
    guard let standing = try await documents.standing(of: record) else {
      // The operator's import changes the status of a record that was imported without authority.
      let addsAuthority = operatorAuthorised && !record.isOperatorImported
      guard document.isBare, !addsAuthority else {
        return Comparison(precedence: .newer, event: nil)
      }
      return Comparison(
        precedence: .same,
        event: try await store.log.latestEvent(record: record.record, type: .recordCreated))
    }
    if document.isBare { return Comparison(precedence: .same, event: standing.event) }
    // A document that was erased, or that today's rules refuse, is replaced by any other.
    guard let held = try? await documents.document(standing.digest) else {
      return Comparison(precedence: .newer, event: nil)
    }
    // Only documents of the same time are compared with all earlier ones.
    let wasReplaced =
      document.updatedAt == held.updatedAt
      ? try await documents.hadBefore(document, record, standing: standing) : false
    return Comparison(
      precedence: document.precedence(over: held, wasReplaced: wasReplaced), event: standing.event)
  }

  /// The events of a first import: the record, its aliases, and its graph if it has one.
  private func creation(
    _ document: RecordDocument, _ operatorAuthorised: Bool
  ) async throws -> [AppendUnit.Item] {
    let statements = Statements(
      document: document, record: nil, operatorAuthorised: operatorAuthorised)
    var items = [try await make(.recordCreated, document.recordPayload(), statements)]
    for alias in document.allAliases {
      items.append(try await make(.aliasAdded, RecordDocument.aliasPayload(alias), statements))
    }
    if let snapshot = document.snapshotPayload() {
      items.append(try await make(.graphSnapshot, snapshot, target: "graph", statements))
    }
    return items
  }

  /// The events that a document adds to a known record. A document that does not replace the one that
  /// stands adds names and a receipt by a trusted key, which hold beside it.
  private func additions(
    _ document: RecordDocument, to record: ResolvedRecord, _ precedence: DocumentPrecedence,
    _ operatorAuthorised: Bool
  ) async throws -> [AppendUnit.Item] {
    guard precedence != .same else { return [] }
    let replaces = precedence == .newer
    let statements = Statements(
      document: document, record: record.record, operatorAuthorised: operatorAuthorised)
    var items: [AppendUnit.Item] = []
    let projected = try await store.projections.state(record: record.record)
    let addsReceipt = document.receiptVerified && projected?.state.pithReceipt != true
    let snapshot = replaces ? document.snapshotPayload() : nil
    if addsReceipt || replaces && snapshot == nil {
      items.append(
        try await make(
          .recordCreated, document.recordPayload(namesDocument: replaces), statements))
    }
    // An alias that an operator retracted is not added again by the document that it came with.
    let present = Set(
      try await store.records.names(record: record.record).map {
        "\($0.alias.kind) \($0.alias.folded)"
      })
    for alias in document.allAliases where !present.contains("\(alias.kind) \(alias.folded)") {
      items.append(try await make(.aliasAdded, RecordDocument.aliasPayload(alias), statements))
    }
    if let snapshot {
      items.append(try await make(.graphSnapshot, snapshot, target: "graph", statements))
    }
    return items
  }

  /// The common properties of the events of one import.
  private struct Statements {
    let document: RecordDocument
    /// `nil` for a record that the import creates.
    let record: RecordID?
    let operatorAuthorised: Bool
  }

  /// Signs and admits one event of the registry about a record.
  private func make(
    _ type: EventType, _ payload: JSONObject, target: String = "record", _ statements: Statements
  ) async throws -> AppendUnit.Item {
    let document = statements.document
    let keys = try await timeline.current()
    let key = try await registry.key(in: keys.timeline, at: keys.next)
    let now = configuration.clock()
    let body = try EventBody.make(
      type: type, payload: payload, signer: key.signer,
      subject: .record(document.canonical.pithNumber), target: target, createdAt: now)
    let event = try key.key.sign(body)
    var context = AdmissionContext(
      now: now, origin: origin, timeline: keys.timeline, position: keys.next)
    context.trustedReceiptKeys = configuration.trustedReceiptKeys
    context.operatorAuthorised = statements.operatorAuthorised
    context.evidence =
      body.payload.evidence == document.documentDigest
      ? [document.documentDigest: document.bytes] : [:]
    context.record = RecordFacts(
      record: statements.record ?? RecordID(createdAt: keys.next),
      pithNumber: document.canonical.pithNumber,
      canonicalSHA256: document.canonical.digest)
    let admission = try admit(VerifiedEvent(event, keys: context.timeline), context)
    return try AppendUnit.Item.make(
      event: event, admission: admission, record: statements.record, referenced: nil,
      canonical: type == .recordCreated ? document.canonical : nil,
      recordSource: PaperName(sourceOf: document.canonical).slot)
  }
}

extension DocumentPrecedence {
  /// Why a document changes nothing; `nil` if it is the one that stands.
  fileprivate var reason: String? {
    switch self {
    case .same, .newer: nil
    case .older: "a newer document of this record stands"
    case .poorer: "the document of this record that stands has parts that this one lacks"
    }
  }
}
