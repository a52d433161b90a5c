import Encodings
import Foundation
import LedgerDomain
import PostgresClient
import Subprocess
import TestSupport
import Testing

@testable import LedgerSQL
@testable import LedgerStore

/// A database as `pg_dump` writes it.
enum SchemaDump {
  struct Failed: Error, CustomStringConvertible {
    let description: String
  }

  /// The schema, and with `withData` the rows too, without what differs from one run to the next.
  static func text(of uri: String, withData: Bool = false) async throws -> String {
    let result = try await run(
      .name("pg_dump"),
      arguments: Arguments(["--no-owner", withData ? "--inserts" : "--schema-only", uri]),
      output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw Failed(description: "pg_dump failed: \(result.standardError)")
    }
    let lines = result.standardOutput.split(separator: "\n", omittingEmptySubsequences: true).filter
    { line in
      !["--", "SET ", "\\restrict", "\\unrestrict", "SELECT pg_catalog.set_config"].contains {
        line.hasPrefix($0)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// The files of `sql/` and the database that they make.
@Suite("The schema", .privateServer())
struct SchemaTests {
  private static let folder = Fixtures.project.appendingPathComponent("sql")
  /// Whether the tests write the files that they otherwise compare.
  private static let isWritten =
    ProcessInfo.processInfo.environment["PITHLEDGER_WRITE_SCHEMA"] != nil

  private static func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

  private static var all: [SQLFile] {
    let schema = DatabaseSchema.current
    return schema.roles + schema.schemas + schema.constants + schema.changes.flatMap(\.files)
      + schema.definitions
  }

  private func connected<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    let result = try await body(connection)
    await connection.close()
    return result
  }

  @Test("Every file of the folder is applied, once")
  func files() throws {
    let found = try FileManager.default.subpathsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".sql") && $0.contains("/") }.map { $0.replacing(".sql", with: "") }
    #expect(Self.all.map(\.path).sorted() == found.sorted())
    let numbers = DatabaseSchema.current.changes.map(\.number)
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
  }

  @Test("A file defines the object of its name, and no object is defined twice")
  func objects() throws {
    let kinds = [
      "constants": "FUNCTION", "functions": "FUNCTION", "tables": "TABLE", "indexes": "INDEX",
      "triggers": "TRIGGER", "views": "VIEW", "schemas": "SCHEMA",
    ]
    let definition =
      /CREATE (?:OR REPLACE )?(?:UNIQUE )?(FUNCTION|TABLE|INDEX|TRIGGER|VIEW|SCHEMA) (?:IF NOT EXISTS )?(?:\w+\.)?(\w+)/
    var seen: Set<String> = []
    for file in Self.all {
      guard let kind = kinds[String(file.path.split(separator: "/")[0])] else { continue }
      let defined = file.textWithoutComments.split(separator: "\n").filter {
        $0.hasPrefix("CREATE")
      }
      .compactMap { $0.firstMatch(of: definition) }.map { "\($0.1) \($0.2)" }
      #expect(defined == ["\(kind) \(file.name)"], "\(file.path)")
      for object in defined { #expect(seen.insert(object).inserted, "\(object) is defined twice") }
    }
  }

  @Test("The revision is raised with each change of constants and definitions")
  func revision() throws {
    let schema = DatabaseSchema.current
    let line = "\(schema.revision) \(schema.definitionChecksum.hex)\n"
    if Self.isWritten {
      try line.write(to: Self.file("revision"), atomically: true, encoding: .utf8)
    }
    let recorded = try String(contentsOf: Self.file("revision"), encoding: .utf8)
    #expect(
      recorded == line,
      """
      raise `revision` in sql/DatabaseSchema.swift if a released program has this one, then run
      PITHLEDGER_WRITE_SCHEMA=1 swift test --filter SchemaTests
      """)
  }

  @Test("sql/schema.sql is the dump of a new database")
  func dump() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await Migrator(uri: uri, logger: PrivateServer.logger).migrate()
    let header =
      "-- The schema of a new database, written by a test: see README.md. Do not edit.\n"
    let text = try await header + SchemaDump.text(of: uri)
    if Self.isWritten {
      try text.write(to: Self.file("schema.sql"), atomically: true, encoding: .utf8)
    }
    let committed = try String(contentsOf: Self.file("schema.sql"), encoding: .utf8)
    let difference = text.split(separator: "\n").difference(from: committed.split(separator: "\n"))
    #expect(
      committed == text,
      "run PITHLEDGER_WRITE_SCHEMA=1 swift test --filter SchemaTests; \(difference.prefix(5))")
  }

  @Test("The constants have the names and codes of the domain")
  func constants() async throws {
    try await connected { connection in
      func names(_ function: String) async throws -> [String] {
        try await connection.query("SELECT unnest(ledger.\(function)())").map { try $0.text(0) }
      }
      func expect(_ function: String, _ name: String, _ code: Int64) async throws {
        let found = try await connection.query("SELECT ledger.\(function)('\(name)')::bigint")
        #expect(try found[0].int(0) == code, "\(name)")
      }
      let types = EventType.allCases.filter { $0 != .unknown }
      #expect(try await names("event_types") == types.map(\.name))
      for type in types {
        try await expect("event_type_code", type.name, Int64(type.rawValue))
      }
      #expect(try await names("verdicts") == Verdict.allCases.map(\.name))
      for verdict in Verdict.allCases {
        try await expect("verdict_code", verdict.name, Int64(verdict.rawValue))
      }
      #expect(try await names("signer_types") == SignerType.allCases.map(\.name))
      for type in SignerType.allCases {
        try await expect("signer_type_code", type.name, Int64(type.rawValue))
      }
      let flags: KeyValuePairs<String, FoldFlags> = [
        "name_mismatch": .nameMismatch, "content_role_counts": .contentRoleCounts,
        "token_claim": .tokenClaim, "bare": .bare, "content_addressed": .contentAddressed,
        "receipt_verified": .receiptVerified, "approved": .approved,
        "provider_statement": .providerStatement, "elsewhere": .elsewhere,
        "name_listed": .nameListed, "name_verified": .nameVerified, "name_differs": .nameDiffers,
        "name_unknown": .nameUnknown, "operator_imported": .operatorImported,
        "unsettleable": .unsettleable,
      ]
      #expect(try await names("event_flags") == flags.map(\.key))
      for (name, flag) in flags {
        try await expect("event_flag", name, Int64(flag.rawValue))
      }
      #expect(try await names("standings") == Standing.allCases.map(\.name))
      #expect(try await connection.query("SELECT ledger.registry()")[0].int(0) == -1)
      #expect(
        try await connection.query("SELECT ledger.event_type_name(99::smallint)")[0].text(0)
          == "unknown")
      for function in ["event_type_code", "verdict_code", "signer_type_code", "event_flag"] {
        await #expect(throws: PostgresError(.server, "", sqlState: "PL030"), "\(function)") {
          try await connection.query("SELECT ledger.\(function)('misspelt')")
        }
      }
    }
  }

  @Test("The planner replaces a constant by its value, so that partial indexes answer")
  func constantsInPlans() async throws {
    try await connected { connection in
      try await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
      let cases = [
        (
          "event_pending_anchor",
          "event_type = \(EventType.timestampAnchor.rawValue) AND verdict = 2"
        ),
        (
          "event_pending_claim",
          "event_type = ledger.event_type_code('author_attestation') AND verdict = ledger.verdict_code('pending')"
        ),
        ("event_storage", "event_type = \(EventType.storageAttestation.rawValue)"),
        (
          "event_by_record_and_type",
          "record_position = 5 AND event_type = \(EventType.graphSnapshot.rawValue)"
        ),
        (
          "event_by_record_and_type",
          "record_position = 5 AND event_type = \(EventType.replicationRecord.rawValue) AND position < 9"
        ),
        (
          "event_checked_claimant",
          "record_position = 5 AND claimant = '\\x00' AND event_type = ledger.event_type_code('check_recorded')"
        ),
      ]
      for (index, condition) in cases {
        let plan = try await connection.query(
          "EXPLAIN SELECT position FROM ledger.event WHERE \(condition)"
        ).map { try $0.text(0) }.joined(separator: "\n")
        #expect(plan.contains("using \(index) "), "\(plan)")
        #expect(!plan.contains("event_type_code"), "\(plan)")
      }
    }
  }

  @Test("A replay reads the events of the lookups from their index, and no others")
  func lookupPlan() async throws {
    try await connected { connection in
      try await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
      let plan = try await connection.query(
        "EXPLAIN \(LookupRebuilder.selection) AND e.position >= 5 ORDER BY e.position LIMIT 10"
      ).map { try $0.text(0) }.joined(separator: "\n")
      #expect(plan.contains("event_of_lookup") && !plan.contains("Sort"), "\(plan)")
    }
  }

  @Test("sql/README.md lists the SQLSTATEs that functions raise, and no other")
  func errorCodes() throws {
    let raised = Set(
      Self.all.flatMap { $0.text.matches(of: /ERRCODE = '(\w+)'/).map { String($0.1) } })
    let page = String(decoding: try Fixtures.project("sql/README.md"), as: UTF8.self)
    let listed = page.matches(of: /\| (PL\d\d\d) \|/).map { String($0.1) }
    #expect(Set(listed) == raised)
    #expect(listed == listed.sorted())
  }
}
