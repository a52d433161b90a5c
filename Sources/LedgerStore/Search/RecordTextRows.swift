import CanonicalJSON
import Encodings
import LedgerDomain
import PostgresClient

/// Derives the rows of `record_text` from the log and from the stored documents, and writes them.
///
/// A row depends on the record's first event, on its newest event that names a document, and on that document. It is
/// `nil` for a record whose first event cannot be read.
enum RecordTextRows {
  /// The largest number of documents in memory at once.
  static let batch = 16
  /// The number of records that are read together.
  private static let page = 512
  /// The events of a record that may name a document.
  static let types: [EventType] = [.recordCreated, .graphSnapshot]

  // MARK: Write

  /// Writes the rows of some records as of a position of the log. Runs in a transaction.
  static func refresh(
    _ records: [RecordID], below end: Position, schema: String, on connection: PostgresConnection
  ) async throws {
    guard !records.isEmpty else { return }
    // An erasure of a document takes a lock that conflicts. It either precedes the reading of the document, or clears the
    // row that this transaction writes.
    try await connection.execute("LOCK TABLE ledger.record_text IN ROW EXCLUSIVE MODE")
    for start in stride(from: 0, to: records.count, by: page) {
      let records = Array(records[start..<min(start + page, records.count)])
      let facts = try await facts(records, below: end, on: connection)
      // Rows without a document are small.
      for facts in [facts.filter { $0.document == nil }]
        + batches(facts.filter { $0.document != nil })
      where !facts.isEmpty {
        let statement = insert(
          try await texts(facts, on: connection), schema: schema, replacing: true)
        _ = try await connection.query(statement.sql, statement.parameters)
      }
    }
  }

  /// Writes the rows of records that have none.
  static func insert(
    _ texts: [(record: RecordID, text: RecordText)], schema: String,
    on connection: PostgresConnection
  ) async throws {
    let statement = insert(texts, schema: schema, replacing: false)
    _ = try await connection.query(statement.sql, statement.parameters)
  }

  static func batches(_ facts: [Facts]) -> [[Facts]] {
    stride(from: 0, to: facts.count, by: batch).map {
      Array(facts[$0..<min($0 + batch, facts.count)])
    }
  }

  /// Clears the text of documents that were erased after it was read. Runs in the transaction that compares or swaps the
  /// tables of a replay.
  static func clearErased(schema: String, on connection: PostgresConnection) async throws {
    try await connection.execute("LOCK TABLE ledger.record_text IN ROW EXCLUSIVE MODE")
    try await connection.execute(
      """
      UPDATE \(schema).record_text t SET title = NULL, title_verified = NULL, authors = NULL, title_words = NULL,
        author_words = NULL
      WHERE t.title_words IS NOT NULL AND NOT EXISTS (
        SELECT FROM ledger.stored_document d WHERE d.sha256 = t.document_sha256)
      """)
  }

  private static let replacement = """
    ON CONFLICT (record_position) DO UPDATE SET
      submitted_at = EXCLUDED.submitted_at, categories = EXCLUDED.categories, source_kind = EXCLUDED.source_kind,
      source_id = EXCLUDED.source_id, source_version = EXCLUDED.source_version,
      document_sha256 = EXCLUDED.document_sha256, title = EXCLUDED.title, title_verified = EXCLUDED.title_verified,
      authors = EXCLUDED.authors, title_words = EXCLUDED.title_words, author_words = EXCLUDED.author_words
    """

  private static var typeList: String { types.map { "\($0.rawValue)" }.joined(separator: ", ") }

  private static func insert(
    _ texts: [(record: RecordID, text: RecordText)], schema: String, replacing: Bool
  ) -> PostgresStatement {
    var categories: [String] = []
    var ends: [Int32] = []
    for (_, text) in texts {
      categories += text.categories
      ends.append(Int32(categories.count))
    }
    func documents<T>(_ value: (RecordText.Document) -> T?) -> [T?] {
      texts.map { $0.text.document.flatMap(value) }
    }
    return PostgresStatement(
      """
      INSERT INTO \(schema).record_text AS t
      SELECT n.record_position, n.submitted_at,
        ($2::text[])[n.categories_end - n.category_count + 1 : n.categories_end], n.source_kind, n.source_id,
        n.source_version, n.document_sha256, n.title, n.title_verified, n.authors,
        array_to_tsvector(string_to_array(n.title_words, ' ')), array_to_tsvector(string_to_array(n.author_words, ' '))
      FROM unnest($1::bigint[], $3::timestamptz[], $4::int[], $5::int[], $6::text[], $7::text[], $8::bigint[],
        $9::bytea[], $10::text[], $11::bool[], $12::text[], $13::text[], $14::text[]) AS n (record_position,
        submitted_at, categories_end, category_count, source_kind, source_id, source_version, document_sha256, title,
        title_verified, authors, title_words, author_words)
      \(replacing ? replacement : "")
      """,
      [
        .records(texts.map(\.record)), .textArray(categories.map { $0 }),
        .timestampArray(texts.map(\.text.submittedAt.microseconds)), .int4Array(ends.map { $0 }),
        .int4Array(texts.map { Int32($0.text.categories.count) }),
        .textArray(texts.map(\.text.sourceKind)), .textArray(texts.map(\.text.sourceID)),
        .int8Array(texts.map(\.text.sourceVersion)),
        .bytesArray(texts.map(\.text.documentSHA256?.bytes)), .textArray(documents(\.title)),
        .boolArray(documents(\.titleVerified)), .textArray(documents(\.authors)),
        .textArray(documents { $0.titleWords.joined(separator: " ") }),
        .textArray(documents { $0.authorWords.joined(separator: " ") }),
      ])
  }

  // MARK: COPY

  /// Whether the words are short enough for the binary form of `tsvector`. A title and a list of authors are, unless
  /// somebody made them to be long.
  static func fitsCopy(_ text: RecordText) -> Bool {
    [text.document?.titleWords, text.document?.authorWords].allSatisfy { words in
      (words ?? []).reduce(0) { $0 + $1.utf8.count } < 1 << 20 - 1
    }
  }

  /// Writes a row of `record_text`, in the order of its columns.
  static func write(_ text: RecordText, of record: RecordID, to rows: inout BinaryCopyWriter) {
    rows.beginRow(columns: 12)
    rows.append(int8: record.rawValue)
    rows.append(timestamp: text.submittedAt.microseconds)
    rows.append(textArray: text.categories)
    rows.append(text: text.sourceKind)
    rows.append(text: text.sourceID)
    rows.append(int8: text.sourceVersion)
    rows.append(bytes: text.documentSHA256?.bytes)
    rows.append(text: text.document?.title)
    rows.append(bool: text.document?.titleVerified)
    rows.append(text: text.document?.authors)
    rows.append(words: text.document?.titleWords)
    rows.append(words: text.document?.authorWords)
  }

  // MARK: Read

  /// What follows from the entries of a record.
  struct Facts {
    let record: RecordID
    let canonical: JSON
    /// The document that stands; `nil` if no event names one.
    let document: Digest?
  }

  /// The facts of the records in a range of the log.
  ///
  /// Most records have one event that may name a document, which is their first. The entries of the others are read as
  /// those of records that changed.
  ///
  /// - Parameter range: the positions of the first events of the records.
  static func facts(
    in range: Range<Position>, below end: Position, on connection: PostgresConnection
  ) async throws -> [Facts] {
    let rows = try await connection.query(
      """
      SELECT e.record_position, count(*), (array_agg(e.entry) FILTER (WHERE e.position = e.record_position))[1]
      FROM ledger.event e
      WHERE e.event_type IN (\(typeList)) AND e.record_position >= $1 AND e.record_position < $2 AND e.position < $3
      GROUP BY e.record_position ORDER BY e.record_position
      """, [.position(range.lowerBound), .position(range.upperBound), .position(end)])
    var facts: [Facts] = []
    var others: [RecordID] = []
    for row in rows {
      let record = try row.record(0)
      guard try row.int(1) == 1, let entry = try row.optionalBytes(2) else {
        others.append(record)
        continue
      }
      let event = NamingEvent(position: record.firstPosition, entry: entry)
      if let canonical = event.canonical {
        facts.append(Facts(record: record, canonical: canonical, document: event.document))
      }
    }
    for start in stride(from: 0, to: others.count, by: page) {
      facts += try await Self.facts(
        Array(others[start..<min(start + page, others.count)]), below: end, on: connection)
    }
    return facts
  }

  /// The facts of some records, at most ``page``, by record.
  private static func facts(
    _ records: [RecordID], below end: Position, on connection: PostgresConnection
  ) async throws -> [Facts] {
    let rows = try await connection.query(
      """
      SELECT k.record_position, e.position, e.entry FROM unnest($1::bigint[]) AS k (record_position)
        CROSS JOIN LATERAL (
          (SELECT * FROM ledger.event t WHERE t.position = k.record_position LIMIT 1)
          UNION ALL
          (SELECT * FROM ledger.event t WHERE t.record_position = k.record_position
            AND t.event_type = \(EventType.graphSnapshot.rawValue) AND t.position < $2
            ORDER BY t.position DESC LIMIT 1)
          UNION ALL
          (SELECT * FROM ledger.event t WHERE t.record_position = k.record_position
            AND t.event_type = \(EventType.recordCreated.rawValue) AND t.position < $2
            AND t.position > k.record_position
            ORDER BY t.position DESC LIMIT 1)) AS e
      """, [.records(records), .position(end)])
    var facts: [Facts] = []
    for (record, rows) in Dictionary(grouping: rows, by: { (try? $0.record(0)) ?? .registry }) {
      let events = try rows.map {
        NamingEvent(position: try $0.position(1), entry: try $0.bytes(2))
      }
      .sorted { $0.position < $1.position }
      guard let first = events.first, let canonical = first.canonical else { continue }
      let document = try await standing(events, of: record, on: connection)
      facts.append(Facts(record: record, canonical: canonical, document: document))
    }
    return facts.sorted { $0.record < $1.record }
  }

  /// The texts of some records, with at most ``batch`` documents.
  static func texts(
    _ facts: [Facts], on connection: PostgresConnection
  ) async throws -> [(record: RecordID, text: RecordText)] {
    let documents = try await documents(facts.compactMap(\.document), on: connection)
    return facts.map { fact in
      (
        fact.record,
        RecordText(
          fact.canonical, documentSHA256: fact.document,
          bytes: fact.document.flatMap { documents[$0] })
      )
    }
  }

  /// The document that the newest event with a document names.
  ///
  /// - Parameter events: the first event, the newest snapshot and the newest restatement of the record, by position.
  private static func standing(
    _ events: [NamingEvent], of record: RecordID, on connection: PostgresConnection
  ) async throws -> Digest? {
    guard let newest = events.last else { return nil }
    if let document = newest.document { return document }
    if newest.position == record.firstPosition { return nil }
    // A restatement may name no document, because it adds a receipt alone. The ones before it are read one by one.
    let snapshot = events.dropFirst().last { $0.isSnapshot }
    var below = newest.position
    while let row = try await connection.query(
      """
      SELECT e.position, e.entry FROM ledger.event e
      WHERE e.record_position = $1 AND e.event_type = \(EventType.recordCreated.rawValue) AND e.position < $2
      ORDER BY e.position DESC LIMIT 1
      """, [.record(record), .position(below)]
    ).first {
      let event = NamingEvent(position: try row.position(0), entry: try row.bytes(1))
      if let snapshot, event.position < snapshot.position { break }
      if let document = event.document { return document }
      below = event.position
    }
    return snapshot?.document
  }

  private static func documents(
    _ digests: [Digest], on connection: PostgresConnection
  ) async throws -> [Digest: [UInt8]] {
    guard !digests.isEmpty else { return [:] }
    var documents: [Digest: [UInt8]] = [:]
    for row in try await connection.query(
      """
      SELECT d.sha256, d.bytes FROM unnest($1::bytea[]) AS k (sha256)
        CROSS JOIN LATERAL (
          SELECT * FROM ledger.stored_document d WHERE d.sha256 = k.sha256 LIMIT 1) AS d
      """, [.bytesArray(digests.map(\.bytes))])
    {
      if let digest = Digest(bytes: try row.bytes(0)) { documents[digest] = try row.bytes(1) }
    }
    return documents
  }
}

/// An event that may name a document, read from its entry. An entry that cannot be read names nothing.
///
/// The entry is not decoded as an event: that takes several times as long, and a replay reads those of all
/// records.
struct NamingEvent {
  let position: Position
  var canonical: JSON?
  var document: Digest?
  var isSnapshot = false

  private static let members: JSONSelection = [
    "event": [
      "event_type": .all,
      "payload": ["canonical_record": RecordText.members, "document_sha256": .all],
    ]
  ]

  init(position: Position, entry: [UInt8]) {
    self.position = position
    let limits = JSONLimits(maxBytes: .max)
    let event = (try? JSON.parse(entry, limits: limits, selecting: Self.members))?["event"]
    let payload = event?["payload"]
    document = payload?["document_sha256"]?.stringValue.flatMap { Digest(hex: $0) }
    isSnapshot = event?["event_type"]?.stringValue == EventType.graphSnapshot.name
    canonical = isSnapshot ? nil : payload?["canonical_record"]
  }
}
