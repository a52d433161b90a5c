import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerStore

@Suite("The store", .privateServer())
struct StoreTests {
  static let seeds: [UInt64] = Array(1...16)

  /// Inserts events of a random log as the owner.
  private func insert(
    _ log: RandomLog, _ range: Range<Int>, _ owner: PostgresConnection
  ) async throws {
    var writer = BinaryCopyWriter()
    for event in log.events[range] {
      let key = event.key
      func bytes(_ value: Digest128?) -> PostgresValue { value.map { .bytes($0.bytes) } ?? .null }
      func int(_ value: Int64?) -> PostgresValue { value.map { .int8($0) } ?? .null }
      writer.append([
        .int8(event.position.rawValue), .int8(event.record.rawValue),
        .timestamp(event.recordedAt.microseconds),
        int(event.foldGroup), .int8(event.targetHash), int(event.refersTo?.rawValue),
        event.validUntil.map { .timestamp($0.microseconds) } ?? .null, .int4(event.referenceCount),
        .int4(event.resolvedWork), .int4(event.formalEvidenceCount), .int4(event.flags.rawValue),
        .int2(event.type.rawValue), .int2(event.verdict.rawValue), .bytes(event.eventID.bytes),
        .bytes(event.signerKey.bytes), bytes(event.slot), bytes(event.statement),
        bytes(event.claimant), bytes(key?.fingerprint), key?.signerID.map { .text($0) } ?? .null,
        key?.signerType.map { .int2($0.rawValue) } ?? .null, key?.keyID.map { .text($0) } ?? .null,
        key?.publicKey.map { .bytes($0) } ?? .null, int(key?.compromisedFrom?.rawValue),
        .bytes(log.entries[Int(event.position.rawValue)]), .timestamp(event.createdAt.microseconds),
        key?.name.map { .text($0) } ?? .null,
      ])
    }
    let chunks = AsyncStream { continuation in
      continuation.yield(writer.finish())
      continuation.finish()
    }
    _ = try await owner.copyIn(
      """
      COPY ledger.event (position, record_position, recorded_at, fold_group, target_hash, refers_to,
        valid_until, reference_count, resolved_work, formal_evidence_count, flags, event_type,
        verdict, event_id, signer_key, slot, statement, claimant, key_fingerprint, key_signer_id,
        key_signer_type, key_id, key_public, compromised_from, entry, created_at, key_name)
      FROM STDIN (FORMAT binary)
      """, chunks)
    _ = try await owner.query("UPDATE ledger.head SET size = $1", [.int8(Int64(range.upperBound))])
  }

  private func migrated() async throws -> StoreConfiguration {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    return StoreConfiguration(uri: uri, logger: PrivateServer.logger)
  }

  private func connect(_ uri: String) async throws -> PostgresConnection {
    try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
  }

  @Test(
    "Any split into batches gives the rows of one whole fold, and replay agrees", arguments: seeds)
  func splits(seed: UInt64) async throws {
    let log = try RandomLog(seed: seed)
    var random = SeededGenerator(seed: seed &+ 0xBA7C)
    let configuration = try await migrated()
    let store = try await LedgerStore.open(configuration)
    let owner = try await connect(configuration.uri)
    let follower = try await PostgresConnection.connect(Projector.connection(configuration))
    var projector = Projector(configuration, batchSize: 1)
    let appended = AppendedEvents()
    appended.follow(true)
    var handedOver = 0
    var start = 0
    while start < log.events.count {
      let most = Int.random(in: 0...3, using: &random) == 0 ? 80 : 3
      let end = min(log.events.count, start + Int.random(in: 1...most, using: &random))
      try await insert(log, start..<end, owner)
      // Sometimes a new projector with an empty memory takes over.
      if Int.random(in: 0...3, using: &random) == 0 {
        projector = Projector(
          configuration, batchSize: .random(in: 1...50, using: &random),
          maxGroups: .random(in: 1...20, using: &random))
      }
      // Sometimes the process that appends has the projector.
      if Bool.random(using: &random) {
        _ = appended.add(log.handOver(start..<end, using: &random))
        handedOver += try await projector.foldAppended(follower, appended)
      }
      while try await projector.step(follower) > 0 {}
      start = end
    }
    #expect(handedOver > 0, "seed \(seed)")
    for record in log.records {
      let expected = FoldedRecord.whole(
        log.events.filter { $0.record == record }, LogWriter.context(log.events[...]))
      let row = try await store.projections.state(record: record)
      #expect(row?.state == expected.state, "seed \(seed), record \(record)")
      #expect(row?.storageVerifiedUntil == expected.storageVerifiedUntil, "seed \(seed)")
    }
    let check = try await store.replayer.run(check: true) { _ in }
    #expect(check.drift.isEmpty, "seed \(seed): \(check.drift)")
    let replayed = try await store.replayer.run(check: false) { _ in }
    #expect(replayed.swapped && replayed.events == Int64(log.events.count))
    for record in log.records {
      let expected = FoldedRecord.whole(
        log.events.filter { $0.record == record }, LogWriter.context(log.events[...]))
      #expect(
        try await store.projections.state(record: record)?.state == expected.state, "seed \(seed)")
    }
    await follower.close()
    await owner.close()
    await store.close()
  }

  @Test("A projector that is far behind rebuilds the projections, and one that is not does not")
  func rebuild() async throws {
    let log = try RandomLog(seed: 17)
    let configuration = try await migrated()
    let store = try await LedgerStore.open(configuration)
    let owner = try await connect(configuration.uri)
    let follower = try await PostgresConnection.connect(Projector.connection(configuration))
    func next() async throws -> Int64 {
      try await owner.query("SELECT next_position FROM ledger.projection_offset")[0].int(0)
    }
    let half = log.events.count / 2 + 10
    try await insert(log, 0..<half, owner)
    try await Projector(configuration, rebuildLag: Int64(half + 1)).rebuildIfFarBehind(follower)
    #expect(try await next() == 0)
    let projector = Projector(configuration, rebuildLag: 10)
    try await projector.rebuildIfFarBehind(follower)
    #expect(try await next() == Int64(half))
    // The rest is less than half of the log.
    try await insert(log, half..<log.events.count, owner)
    try await projector.rebuildIfFarBehind(follower)
    #expect(try await next() == Int64(half))
    while try await projector.step(follower) > 0 {}
    #expect(try await store.replayer.run(check: true) { _ in }.drift.isEmpty)
    await follower.close()
    await owner.close()
    await store.close()
  }

  @Test("A replay with the projector behind or ahead reports no drift")
  func replayWhileBehind() async throws {
    let log = try RandomLog(seed: 99)
    let configuration = try await migrated()
    let store = try await LedgerStore.open(configuration)
    let owner = try await connect(configuration.uri)
    let follower = try await PostgresConnection.connect(Projector.connection(configuration))
    let projector = Projector(configuration, batchSize: 30)
    try await insert(log, 0..<100, owner)
    _ = try await projector.step(follower)
    #expect(try await store.replayer.run(check: true) { _ in }.drift.isEmpty)
    try await insert(log, 100..<log.events.count, owner)
    #expect(try await store.replayer.run(check: false) { _ in }.drift.isEmpty)
    while try await projector.step(follower) > 0 {}
    #expect(try await store.replayer.run(check: true) { _ in }.drift.isEmpty)
    await follower.close()
    await owner.close()
    await store.close()
  }

  @Test("After the end of the projector's session another one takes over with the same rows")
  func takeOver() async throws {
    try await withLedger { test in
      let second = try await test.another()
      let key = try await test.key("k")
      for round in 0..<5 {
        _ = try await test.cite("10.1000/\(round)", by: key)
        try await test.owner { owner in
          try await owner.execute(
            """
            SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
            WHERE a.datname = current_database() AND a.application_name = 'pithledger projector'
              AND l.locktype = 'advisory' AND l.granted
            """)
        }
        let answer = try await test.cite("10.2000/\(round)", by: key)
        #expect(
          answer.verificationStatus?.json["citation_signatures"] == .integer(Int64(2 * round + 2)))
      }
      await second.close()
      try await test.replayAgrees()
    }
  }

  @Test(
    "The position of a lost projector is discarded, because a crash may have undone its commits")
  func lostProjector() async throws {
    let store = try await LedgerStore.open(try await migrated())
    await store.waiter.lead(true)
    await store.waiter.note(1000)
    #expect(try await store.projections.wait(for: 999, timeout: .seconds(10)))
    await store.waiter.lead(false)
    #expect(try await !store.projections.wait(for: 999, timeout: .milliseconds(200)))
    #expect(try await store.projections.position() == -1)
    await store.close()
  }

  @Test("The views have a plain column for each key")
  func views() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      _ = try await test.cite("10.1000/1", by: key)
      let state = try await test.state()
      let names = state.status.objectValue?.map(\.key) ?? []
      try await test.owner { owner in
        let row = try await owner.query(
          "SELECT to_jsonb(v) - 'pith_number' - 'position' FROM ledger.verification_status_view v")[
            0]
        let view = try row.text(0)
        #expect(names.count == 12)
        for name in names {
          let value = state.status[name]?.canonicalString() ?? "?"
          #expect(view.contains("\"\(name)\": \(value)"), "\(name) in \(view)")
        }
        let summary = try await owner.query(
          "SELECT total, by_type -> 'citation_signature' ->> 'verified' FROM ledger.event_summary_view"
        )[
          0]
        #expect(try summary.int(0) == 1 && summary.text(1) == "1")
      }
    }
  }

  @Test("While the head is locked, submissions wait; beyond the queue's size they are refused")
  func fullQueue() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let pith = try #require(PithNumber(LedgerUnderTest.number))
      let store = try await LedgerStore.open(
        StoreConfiguration(uri: test.uri, logger: PrivateServer.logger))
      let record = try #require(try await store.records.resolve(.pithNumber(pith)).first?.record)
      let size = try await store.log.size()
      // More units than the queue and the two waiting batches can hold.
      let units = try (0..<9000).map { index in
        let event = try key.key.sign(
          EventBody.make(
            type: .citationSignature,
            payload: ["citing_doi": .string("10.1000/\(index)"), "relation": "cites"],
            signer: key.signer, subject: .record(pith), target: "record", createdAt: .now))
        let item = try AppendUnit.Item.make(
          event: event, admission: .signedOnly(at: .now), record: record, referenced: nil)
        return AppendUnit(items: [item], evidence: [], guardPosition: nil)
      }
      let held = try await PostgresConnection.connect(PostgresConfiguration(uri: test.uri))
      try await held.execute("BEGIN")
      _ = try await held.query("SELECT size FROM ledger.head FOR UPDATE")
      let (stored, refused) = try await withThrowingTaskGroup(of: Bool.self) { group in
        for unit in units {
          group.addTask {
            do {
              _ = try await store.log.append(unit)
              return true
            } catch let error as LedgerStoreError where error.code == .queueFull { return false }
          }
        }
        // While the head is locked, only refused appends can end.
        var refused = 0
        while refused < 500, let wasStored = try await group.next() {
          #expect(!wasStored)
          refused += 1
        }
        try await held.execute("COMMIT")
        var stored = 0
        for try await wasStored in group { if wasStored { stored += 1 } else { refused += 1 } }
        return (stored, refused)
      }
      #expect(stored + refused == units.count && refused >= 500 && stored >= 4096)
      #expect(
        try await store.log.size() == size.advanced(by: stored),
        "what was taken is there, and no more")
      await held.close()
      await store.close()
      try await test.replayAgrees()
    }
  }

  @Test("A record with 100,000 events is read in pages: each query reads few pages of the table")
  func largeRecord() async throws {
    let configuration = try await migrated()
    let owner = try await connect(configuration.uri)
    // The record's document and snapshot come first. All other events lie between them and the end of the
    // log.
    try await owner.execute(
      """
      INSERT INTO ledger.event (position, record_position, recorded_at, fold_group, target_hash, reference_count,
        resolved_work, formal_evidence_count, flags, event_type, verdict, event_id, signer_key, entry,
        created_at)
      SELECT n, 0, now(), CASE WHEN n > 1 THEN n END, 0, 0, 0, 0, 0,
        CASE n WHEN 0 THEN 6 WHEN 1 THEN 7 ELSE 4 END, 1, sha256(int8send(n)),
        substr(sha256(int8send(n % 50)), 1, 16), convert_to(repeat('entry ', 100), 'UTF8'),
        now()
      FROM generate_series(0, 99999) AS n;
      UPDATE ledger.head SET size = 100000;
      """)
    await owner.close()
    let store = try await LedgerStore.open(configuration)
    let id = Digest(hashing: (0..<8).map { UInt8(truncatingIfNeeded: 70_000 >> (56 - 8 * $0)) })
    let page = "WHERE e.record_position = $1 AND e.position >= $2 ORDER BY e.position ASC LIMIT 100"
    let newest =
      "WHERE e.record_position = $1 AND e.event_type = 7 ORDER BY e.position DESC LIMIT 1"
    let attested =
      "WHERE e.record_position = $1 AND e.event_type BETWEEN 1 AND 5 ORDER BY e.position DESC LIMIT $2"
    let claims =
      "WHERE e.record_position = $1 AND e.event_type = 3 AND e.flags & $2 = $2 ORDER BY e.position DESC LIMIT 100"
    let looks: [(String, [PostgresValue], Int)] = [
      (page, [.int8(0), .int8(0)], 100), (page, [.int8(0), .int8(50_000)], 100),
      (page, [.int8(0), .int8(99_990)], 10), (newest, [.int8(0)], 1),
      (attested, [.int8(0), .int8(10)], 10), (claims, [.int8(0), .int4(1536)], 0),
      ("WHERE e.record_position = $1 AND e.event_id = $2", [.int8(0), .bytes(id.bytes)], 1),
      ("WHERE e.record_position = $1 AND e.fold_group = $2", [.int8(0), .int8(70_000)], 1),
      ("WHERE e.position >= $1 ORDER BY e.position LIMIT $2", [.int8(60_000), .int8(100)], 100),
    ]
    for (look, parameters, count) in looks {
      let statement = "SELECT \(StoredEvent.columns) FROM ledger.event e \(look)"
      #expect(try await store.pools.readers.query(statement, parameters).count == count, "\(look)")
      let plan = try await store.pools.readers.query(
        "EXPLAIN (ANALYZE, BUFFERS, TIMING off) \(statement)", parameters
      ).map { try $0.text(0) }
      let touched = try #require(plan.first { $0.contains("Buffers:") })
      let pages = touched.split { !$0.isNumber }.compactMap { Int($0) }.reduce(0, +)
      #expect(pages < 150, "\(look): \(plan.joined(separator: "\n"))")
      #expect(!plan.contains { $0.contains("Seq Scan") || $0.contains("Sort") }, "\(plan)")
    }
    #expect(
      try await store.log.latestEvent(record: RecordID(createdAt: 0), type: .graphSnapshot)?
        .position == 1)
    await store.close()
  }

  @Test("An append waits only briefly for a reservation that is not used")
  func announced() async throws {
    let configuration = try await migrated()
    let store = try await LedgerStore.open(configuration)
    let reservation = store.log.reserve()
    let key = KeyFile(key: SigningKey(), keyID: "k", signerID: "urn:k", signerType: .author)
    let event = try key.key.sign(
      EventBody.make(
        type: .keyRegistered,
        payload: [
          "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.key.publicKey)),
        ], signer: key.signer, subject: .registry, target: "key:\(key.signer.fingerprint.hex)",
        createdAt: .now))
    let admission = Admission.signedOnly(at: .now)
    let item = try AppendUnit.Item.make(
      event: event, admission: admission, record: .registry, referenced: nil)
    let outcome = try await store.log.append(
      AppendUnit(items: [item], evidence: [], guardPosition: nil, origin: "test"))
    #expect(outcome == .stored(positions: [0], record: .registry, isNew: true))
    reservation.end()
    reservation.end()
    let again = try await store.log.append(
      AppendUnit(items: [item], evidence: [], guardPosition: nil, origin: "test"))
    #expect(again == .stored(positions: [0], record: .registry, isNew: false))
    await store.close()
  }
}
