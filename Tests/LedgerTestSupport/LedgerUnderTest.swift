public import CanonicalJSON
import EmbeddedPostgres
public import Encodings
import Foundation
public import HTTPTypes
import Hummingbird
public import HummingbirdTesting
public import LedgerDomain
import LedgerHTTP
public import LedgerService
import LedgerStore
import NIOCore
public import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A ledger on a separate database that contains the sample record.
public struct LedgerUnderTest: Sendable {
  /// The open ledger.
  public let ledger: Ledger
  /// The URI of the database, as its owner.
  public let uri: String
  /// The Pith Number of the sample record.
  public static let number = Fixtures.sampleNumber

  /// Wraps an open ledger.
  public init(ledger: Ledger, uri: String) {
    self.ledger = ledger
    self.uri = uri
  }

  /// Opens another ledger on the same database.
  public func another(runProjector: Bool = true) async throws -> Ledger {
    try await Ledger.open(
      ledger.configuration, runProjector: runProjector, logger: PrivateServer.logger)
  }

  /// Runs a closure with a connection of the database's owner.
  public func owner<R: Sendable>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
    try await PostgresConnection.withConnection(PostgresConfiguration(uri: uri), body)
  }

  /// Generates and registers a key.
  ///
  /// - Parameters:
  ///   - vouched: the role of a vouch by the registry. `nil` appends no vouch.
  ///   - named: the person's name in the vouch.
  public func key(
    _ name: String, _ signerID: String? = nil, _ type: SignerType = .author,
    vouched: SignerType? = nil, named: String? = nil
  ) async throws -> KeyFile {
    let key = KeyFile(
      key: SigningKey(), keyID: name, signerID: signerID ?? "urn:\(name)", signerType: type)
    _ = try await ledger.keyAdministrator.register(key)
    if let vouched {
      _ = try await ledger.keyAdministrator.vouch(key.signer.fingerprint, as: vouched, name: named)
    }
    return key
  }

  /// Signs and submits an event about the sample record.
  public func submit(
    _ type: EventType, _ payload: JSONObject, by key: KeyFile, target: String = "record",
    evidence: [[UInt8]] = []
  ) async throws -> SubmissionAnswer {
    try await ledger.signingSubmitter.submit(
      type: type, payload: payload, record: Self.number, target: target, evidence: evidence,
      key: key)
  }

  /// Signs and submits a citation of the sample record.
  public func cite(
    _ citing: String, by key: KeyFile, supersedes: Digest? = nil, relation: String = "cites"
  )
    async throws -> SubmissionAnswer
  {
    var payload: JSONObject = ["citing_doi": .string(citing), "relation": .string(relation)]
    payload["supersedes"] = supersedes.map { .string("sha256:" + $0.hex) }
    return try await submit(.citationSignature, payload, by: key)
  }

  /// A signed citation of the sample record as a line of an import.
  public func citation(_ citing: String, by key: KeyFile) throws -> [UInt8] {
    let number = try #require(PithNumber(Self.number))
    let body = try EventBody.make(
      type: .citationSignature,
      payload: ["citing_doi": .string(citing), "relation": "cites"], signer: key.signer,
      subject: .record(number), target: "record", createdAt: .now)
    return JSON.object(try key.key.sign(body).json).canonicalBytes()
  }

  /// Adds a bare record. Returns its Pith Number.
  ///
  /// - Parameter source: the identifier of its source, which distinguishes it from others.
  public func bareRecord(_ source: String = "bare-1") async throws -> String {
    let digest = JSON.string(String(repeating: "a", count: 64))
    let record: JSON = [
      "canonical_record": [
        "metadata": [
          "abstract_canon_sha256": digest, "cross_cats_sorted": [], "license": .null,
          "primary_cat": "cs.DL", "submitted_at": "2025-01-01T00:00:00Z",
          "title_canon_sha256": digest,
        ],
        "schema_version": "1.0",
        "source": ["id": .string(source), "kind": "other", "version": 1],
      ]
    ]
    let answer = try await ledger.documentImporter.importDocument(
      record.canonicalBytes(), client: .shell, operatorAuthorised: false)
    return try #require(answer.pithNumber).description
  }

  /// The status and the summary of the sample record after all events so far.
  public func state() async throws -> (status: JSON, summary: JSON) {
    let size = try await ledger.health().size
    let json = try await ledger.records.status(Self.number, atLeast: size.end.previous).json
    return (json["verification_status"] ?? .null, json["event_summary"] ?? .null)
  }

  /// Expects that a replay gives the live projections.
  public func replayAgrees() async throws {
    let report = try await ledger.replay(check: true) { _ in }
    #expect(report.drift.isEmpty, "\(report.drift)")
  }

  /// Runs a test against the HTTP service on a socket.
  public func serving(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let server = try LedgerServer(ledger: ledger)
    try await server.network(host: "127.0.0.1", port: 0)
      .test(.live) { client in try await body(client) }
  }

  /// The result of a command.
  public struct ShellAnswer {
    /// The exit code; -1 after a signal.
    public let status: Int
    /// The standard output.
    public let output: String
    /// The standard error.
    public let errors: String
  }

  /// Runs the program `pithledger` with `--json` on this ledger.
  ///
  /// - Parameter settings: environment variables without the prefix `PITHLEDGER_`.
  public func pithledger(
    _ arguments: [String], settings: [String: String] = [:]
  ) async throws -> ShellAnswer {
    var environment: [Subprocess.Environment.Key: String?] = ["PITHLEDGER_DATABASE_URL": uri]
    for (name, value) in settings {
      environment[Subprocess.Environment.Key(stringLiteral: "PITHLEDGER_" + name)] = value
    }
    let result = try await run(
      .path(FilePath(TestProgram.path)),
      arguments: Arguments(
        arguments + ["--json", "--data-dir", ledger.configuration.dataDirectory]),
      environment: .inherit.updating(environment),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    var status = -1
    if case .exited(let code) = result.terminationStatus { status = Int(code) }
    return ShellAnswer(
      status: status, output: result.standardOutput, errors: result.standardError)
  }
}

extension TestResponse {
  /// The body parsed as JSON.
  public func json() throws -> JSON { try JSON.parse(Array(body.readableBytesView)) }
}

extension HTTPFields {
  /// Header fields of a JSON request.
  public static let json: HTTPFields = [.contentType: "application/json"]
  /// Header fields of a request with arbitrary bytes.
  public static let bytes: HTTPFields = [.contentType: "application/octet-stream"]
}

/// Runs a closure with the path of a temporary file that contains these bytes.
///
/// - Parameter name: the end of the file's name.
public func withFile<R>(
  _ bytes: [UInt8], named name: String = "bin", _ body: (String) async throws -> R
) async throws -> R {
  let path = "/tmp/plt-\(UUID().uuidString.prefix(8)).\(name)"
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

/// Runs a test with a ledger and its HTTP service on a socket.
public func withService(
  _ body: @escaping @Sendable (LedgerUnderTest, any TestClientProtocol) async throws -> Void
) async throws {
  try await withLedger { test in
    try await test.serving { client in try await body(test, client) }
  }
}

/// Runs a test with a new ledger, and closes it afterwards.
///
/// - Parameters:
///   - sample: whether the sample record is imported.
///   - configure: changes the configuration before the ledger is opened.
public func withLedger(
  sample: Bool = true, runProjector: Bool = true,
  configure: (inout LedgerConfiguration) -> Void = { _ in },
  _ body: (LedgerUnderTest) async throws -> Void
) async throws {
  let running = try PrivateServer.running()
  let uri = try await running.database()
  let directory = running.directory + "/ledger-\(UUID())"
  var configuration = LedgerConfiguration(dataDirectory: directory)
  configuration.databaseURL = uri
  // A test's client connects before the test fills the log, which takes long on a busy machine.
  configuration.server.headerTimeout = .seconds(120)
  configuration.server.idleTimeout = .seconds(120)
  configure(&configuration)
  _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
  let ledger = try await Ledger.open(
    configuration, runProjector: runProjector, logger: PrivateServer.logger)
  do {
    if sample {
      _ = try await ledger.documentImporter.importDocument(
        Fixtures.project(Fixtures.sample), client: .shell, operatorAuthorised: true)
    }
    try await body(LedgerUnderTest(ledger: ledger, uri: uri))
    await ledger.close()
  } catch {
    await ledger.close()
    throw error
  }
}

extension LedgerUnderTest {
  /// A pending proof of time over the digest of a record, from calendars.
  public func requestProof(_ record: String, calendars: [String]) async throws -> [UInt8] {
    let digest = try await ledger.records.resolve(record).record.canonicalSHA256
    return try await ledger.timestampRequester.requestProof(over: digest, calendars: calendars)
  }

  /// A token over the digest of a record, from a timestamp authority.
  public func requestToken(_ record: String, authority: String) async throws -> [UInt8] {
    let digest = try await ledger.records.resolve(record).record.canonicalSHA256
    return try await ledger.timestampRequester.requestToken(over: digest, authority: authority)
  }
}

/// The program `pithledger` of the current build.
public enum TestProgram {
  /// The path of the program.
  public static let path = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("pithledger").path
}

/// A sequence of lines that are in memory.
public struct Lines: AsyncSequence, Sendable {
  /// The lines.
  public let lines: [[UInt8]]
  /// Creates a sequence.
  public init(_ lines: [[UInt8]]) { self.lines = lines }

  /// The iterator of the lines.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var iterator: EnumeratedSequence<[[UInt8]]>.Iterator
    /// The next line.
    public mutating func next() async -> NumberedLine? {
      iterator.next().map { NumberedLine(number: $0 + 1, bytes: $1) }
    }
  }

  /// Creates an iterator.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(iterator: lines.enumerated().makeIterator())
  }
}
