import EmbeddedPostgres
import Foundation
import TestSupport
import Testing

@testable import PostgresClient

@Suite("The client against a server", .privateServer())
struct ConnectionTests {
  private func connect(
    _ change: (inout PostgresConfiguration) -> Void = { _ in }
  ) async throws -> PostgresConnection {
    var configuration = PostgresConfiguration(uri: try PrivateServer.running().server.uri)
    change(&configuration)
    return try await PostgresConnection.connect(configuration)
  }

  @Test("Every type is sent and received in binary")
  func types() async throws {
    let connection = try await connect()
    let all = (0...255).map { UInt8($0) }
    let row = try await connection.query(
      "SELECT $1::bool, $2::int2, $3::int4, $4::int8, $5::text, $6::bytea, $7::timestamptz, $8::int8",
      [
        .bool(true), .int2(.min), .int4(.max), .int8(.min), .text("é\u{1F600}'\\"), .bytes(all),
        .timestamp(1_700_000_000_123_456), .null,
      ])[0]
    #expect(try row.bool(0))
    #expect(try row.int(1) == Int64(Int16.min) && row.int(2) == Int64(Int32.max))
    #expect(try row.int(3) == .min && row.text(4) == "é\u{1F600}'\\" && row.bytes(5) == all)
    #expect(try row.timestamp(6) == 1_700_000_000_123_456 && row.isNull(7))
    #expect(throws: PostgresError(.decoding, "")) { try row.int(4) }
    #expect(throws: PostgresError(.decoding, "")) { try row.int(7) }
    #expect(throws: PostgresError(.decoding, "")) { try row.int(8) }
    let arrays = try await connection.query(
      """
      SELECT $1::int4[], $2::int8[], $3::text[], array_length($4::bytea[], 1), ($4::bytea[])[2] IS NULL,
        $5::timestamptz[] = ARRAY['infinity'::timestamptz, '1970-01-01T00:00:01Z'], $6::bool[] = '{t,NULL}',
        $7::int2[] = '{-1,7}'
      """,
      [
        .int4Array([1, -2]), .int8Array([]), .textArray(["a,b", "\"{}"]),
        .bytesArray([[0, 255], nil]), .timestampArray([.max, 1_000_000]), .boolArray([true, nil]),
        .int2Array([-1, 7]),
      ])[0]
    #expect(try arrays.int4Array(0) == [1, -2] && arrays.int8Array(1) == [])
    #expect(try arrays.textArray(2) == ["a,b", "\"{}"] && arrays.int(3) == 2)
    for column in 4...7 { #expect(try arrays.bool(column), "column \(column)") }
    await connection.close()
  }

  @Test("Errors have the SQLSTATE, and the connection continues")
  func errors() async throws {
    let connection = try await connect()
    await #expect(throws: PostgresError(.server, "", sqlState: "22012")) {
      try await connection.query("SELECT 1 / $1::int", [.int4(0)])
    }
    await #expect(throws: PostgresError(.server, "", sqlState: "42601")) {
      try await connection.execute("SELEC")
    }
    #expect(try await connection.query("SELECT 7")[0].int(0) == 7)
    do {
      try await connection.execute(
        "CREATE TEMP TABLE t (secret text CONSTRAINT c CHECK (secret = ''))")
      _ = try await connection.query("INSERT INTO t VALUES ($1)", [.text("hunter2")])
      Issue.record("the constraint did not hold")
    } catch let error as PostgresError {
      #expect(error.constraint == "c" && error.sqlState == "23514")
      #expect(!"\(error)".contains("hunter2"), "values never reach a log line")
    }
    await connection.close()
  }

  @Test("Statements are prepared once, and no more are kept than the limit")
  func prepared() async throws {
    let connection = try await connect()
    for index in 0..<300 { _ = try await connection.query("SELECT \(index) + $1::int", [.int4(1)]) }
    for _ in 0..<5 { _ = try await connection.query("SELECT 299 + $1::int", [.int4(1)]) }
    let count = try await connection.query("SELECT count(*) FROM pg_prepared_statements")[0].int(0)
    #expect(count <= Int64(PreparedStatements.limit))
    // The columns of the table change while a statement on it is prepared.
    try await connection.execute("CREATE TEMP TABLE moving (a int); INSERT INTO moving VALUES (1)")
    #expect(try await connection.query("SELECT * FROM moving")[0].count == 1)
    try await connection.execute("ALTER TABLE moving ADD b int DEFAULT 2")
    #expect(try await connection.query("SELECT * FROM moving")[0].count == 2)
    await connection.close()
  }

  @Test("A pipeline larger than any buffer does not hang, and keeps the order of answers")
  func pipeline() async throws {
    let connection = try await connect()
    let big = [UInt8](repeating: 7, count: 3 << 20)
    let answers = try await connection.pipeline(
      (0..<12).map { PostgresStatement("SELECT $1::bytea, $2::int", [.bytes(big), .int4($0)]) })
    #expect(try answers.map { try $0[0].int(1) } == Array(0..<12))
    #expect(try answers.allSatisfy { try $0[0].bytes(0).count == big.count })
    await #expect(throws: PostgresError(.server, "", sqlState: "22012")) {
      try await connection.pipeline([
        PostgresStatement("CREATE TABLE never (a int)"), PostgresStatement("SELECT 1/0"),
        PostgresStatement("SELECT 1"),
      ])
    }
    let there = try await connection.query("SELECT to_regclass('never') IS NOT NULL")[0].bool(0)
    #expect(!there, "what stood before the error is undone")
    await connection.close()
  }

  @Test("COPY in and out carries a million values in bounded memory")
  func copy() async throws {
    let connection = try await connect()
    try await connection.execute("CREATE TEMP TABLE c (n bigint, t text, b bytea)")
    let rows = 200_000
    let chunks = AsyncThrowingStream<[UInt8], any Error> { continuation in
      var writer = BinaryCopyWriter()
      for index in 0..<rows {
        writer.append([
          .int8(Int64(index)), index % 3 == 0 ? .null : .text("é\(index)"),
          .bytes([UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 50)),
        ])
        if writer.count > 60_000 { continuation.yield(writer.take()) }
      }
      continuation.yield(writer.finish())
      continuation.finish()
    }
    #expect(try await connection.copyIn("COPY c FROM STDIN (FORMAT binary)", chunks) == rows)
    var cursor = BinaryCopyCursor()
    var sum: Int64 = 0
    var nulls = 0
    var ends = 0
    try await connection.copyMessages(
      "COPY (SELECT n, t FROM c ORDER BY n) TO STDOUT (FORMAT binary)"
    ) { message in
      guard try cursor.begin(message) != nil else {
        ends += 1
        return
      }
      let index = try #require(try cursor.int8(in: message))
      sum += index
      if let text = try cursor.bytes(in: message) {
        #expect(text == Array("é\(index)".utf8))
      } else {
        nulls += 1
      }
    }
    #expect(ends == 1 && sum == Int64(rows * (rows - 1) / 2) && nulls == (rows + 2) / 3)
    // A missing column or one of another width is an error and does not trap.
    for sql in ["SELECT 1::integer", "SELECT"] {
      await #expect(throws: PostgresError(.decoding, "")) {
        var cursor = BinaryCopyCursor()
        try await connection.copyMessages("COPY (\(sql)) TO STDOUT (FORMAT binary)") { message in
          _ = try cursor.begin(message)
          _ = try cursor.int8(in: message)
        }
      }
    }

    struct GaveUp: Error {}
    let broken = AsyncThrowingStream<[UInt8], any Error> { continuation in
      var writer = BinaryCopyWriter()
      writer.append([.int8(-1), .null, .null])
      continuation.yield(writer.take())
      continuation.finish(throwing: GaveUp())
    }
    await #expect(throws: GaveUp.self) {
      try await connection.copyIn("COPY c FROM STDIN (FORMAT binary)", broken)
    }
    await #expect(throws: GaveUp.self) {
      try await connection.copyOut("COPY c TO STDOUT (FORMAT binary)") { _ in throw GaveUp() }
    }
    #expect(try await connection.query("SELECT count(*) FROM c")[0].int(0) == Int64(rows))
    await connection.close()
  }

  @Test("A copy that waits for the server ends when its task is cancelled")
  func cancelledCopy() async throws {
    let connection = try await connect()
    let start = ContinuousClock.now
    let copying = Task {
      // The first row is sent at once, the second after a minute.
      try await connection.copyOut(
        "COPY (SELECT pg_sleep(n * 60) FROM generate_series(0, 1) n) TO STDOUT"
      ) { _ in }
    }
    try await Task.sleep(for: .milliseconds(300))
    copying.cancel()
    await #expect(throws: PostgresError.self) { try await copying.value }
    #expect(ContinuousClock.now - start < .seconds(20))
    #expect(try await connection.query("SELECT 1")[0].int(0) == 1)
    await connection.close()
  }

  @Test("A notification wakes its listener, and no notification ends the wait in time")
  func listen() async throws {
    let listener = try await connect()
    let sender = try await connect()
    try await listener.listen("news")
    #expect(try await listener.nextNotification(timeout: .milliseconds(20)) == nil)
    async let heard = listener.nextNotification(timeout: .seconds(20))
    _ = try await sender.query("SELECT pg_notify('news', 'hello')")
    let notification = try await heard
    #expect(notification?.channel == "news" && notification?.payload == "hello")
    let waiting = Task { try await listener.nextNotification(timeout: .seconds(60)) }
    try await Task.sleep(for: .milliseconds(50))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    await listener.close()
    await sender.close()
  }

  @Test("Cancelling a task cancels its statement on the server")
  func cancellation() async throws {
    let connection = try await connect()
    let start = ContinuousClock.now
    let slow = Task { try await connection.query("SELECT pg_sleep(60)") }
    try await Task.sleep(for: .milliseconds(100))
    slow.cancel()
    await #expect(throws: PostgresError(.cancelled, "", sqlState: "57014")) { try await slow.value }
    #expect(ContinuousClock.now - start < .seconds(30))
    #expect(try await connection.query("SELECT 1")[0].int(0) == 1)
    await connection.close()
  }

  @Test("A slow statement times out on the server, a silent server in the client")
  func timeouts() async throws {
    let limited = try await connect { $0.statementTimeout = .milliseconds(50) }
    await #expect(throws: PostgresError(.timedOut, "", sqlState: "57014")) {
      try await limited.query("SELECT pg_sleep(60)")
    }
    #expect(await limited.isUsable)
    await limited.close()
    let impatient = try await connect { $0.silenceTimeout = .milliseconds(100) }
    await #expect(throws: PostgresError(.timedOut, "")) {
      try await impatient.query("SELECT pg_sleep(60)")
    }
    #expect(await !impatient.isUsable)
    await #expect(throws: PostgresError(.connectionLost, "")) {
      try await impatient.query("SELECT 1")
    }
  }

  @Test("Waiting for the server blocks no thread of the concurrency runtime")
  func waiting() async throws {
    var connections: [PostgresConnection] = []
    for _ in 0..<24 { connections.append(try await connect()) }
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for connection in connections {
        group.addTask { _ = try await connection.query("SELECT pg_sleep(1)") }
      }
      try await group.waitForAll()
    }
    // If each query blocked a thread, the queries would take this many seconds.
    #expect(
      ContinuousClock.now - start
        < .seconds(1 + 24 / ProcessInfo.processInfo.activeProcessorCount / 2))
    for connection in connections { await connection.close() }
  }

  @Test("Tasks on all threads can use one connection at the same time")
  func askedFromEverywhere() async throws {
    let connection = try await connect()
    let answers = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<2000 { group.addTask { await connection.isUsable } }
      return await group.reduce(into: [Bool]()) { $0.append($1) }
    }
    #expect(answers.count == 2000 && answers.allSatisfy { $0 })
    await connection.close()
  }

  @Test("A transaction that throws is rolled back, and the connection is usable")
  func transactions() async throws {
    let connection = try await connect()
    try await connection.execute("CREATE TEMP TABLE t (a int)")
    struct Stop: Error {}
    await #expect(throws: Stop.self) {
      try await connection.transaction { connection in
        try await connection.execute("INSERT INTO t VALUES (1)")
        throw Stop()
      }
    }
    #expect(try await connection.query("SELECT count(*) FROM t")[0].int(0) == 0)
    #expect(connection.isIdle)
    await connection.close()
  }

  @Test("A pool replaces backends that are killed, and refuses when it is full")
  func pool() async throws {
    let uri = try PrivateServer.running().server.uri
    let pool = PostgresPool(
      PostgresConfiguration(uri: uri, applicationName: "pooled"), size: 2, maxWaiting: 1,
      acquireTimeout: .seconds(2), logger: PrivateServer.logger)
    let killer = try await connect()
    await #expect(throws: PostgresError(.connectionLost, "")) {
      try await pool.withConnection { connection in
        _ = try await killer.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pooled'"
        )
        _ = try await connection.query("SELECT pg_sleep(1)")
      }
    }
    #expect(try await pool.query("SELECT 1")[0].int(0) == 1)
    try await pool.withConnection { _ in
      try await pool.withConnection { _ in
        _ = await #expect(throws: PostgresError(.timedOut, "")) {
          try await pool.query("SELECT 1")
        }
      }
    }
    await pool.close()
    await #expect(throws: PostgresError(.poolClosed, "")) { try await pool.query("SELECT 1") }
    await killer.close()
  }

  @Test("Several hosts in a URI reach libpq: the one that answers is taken")
  func hosts() async throws {
    let uri = try PrivateServer.running().server.uri
    let there = try #require(uri.firstMatch(of: /host=([^&]*)/)).1
    let both = uri.replacing("host=\(there)", with: "host=%2Fnowhere,\(there)")
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(uri: both + "&target_session_attrs=read-write"))
    #expect(try await connection.query("SELECT NOT pg_is_in_recovery()")[0].bool(0))
    await connection.close()
    await #expect(throws: PostgresError(.connectionFailed, "")) {
      try await PostgresConnection.connect(
        PostgresConfiguration(uri: uri + "&target_session_attrs=standby"))
    }
  }
}
