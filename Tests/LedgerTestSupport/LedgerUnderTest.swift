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

/// A ledger on a database of its own, with the sample record in it.
public struct LedgerUnderTest: Sendable {
  public let ledger: Ledger
  public let uri: String
  public static let number = Fixtures.sampleNumber

  public init(ledger: Ledger, uri: String) {
    self.ledger = ledger
    self.uri = uri
  }

  /// Opens another ledger on the same database.
  public func another(runProjector: Bool = true) async throws -> Ledger {
    try await Ledger.open(
      ledger.configuration, runProjector: runProjector, logger: PrivateServer.logger)
  }

  /// The database as its owner sees it.
  public func owner<R: Sendable>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    do {
      let result = try await body(connection)
      await connection.close()
      return result
    } catch {
      await connection.close()
      throw error
    }
  }

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

  public func submit(
    _ type: EventType, _ payload: JSONObject, by key: KeyFile, target: String = "record",
    evidence: [[UInt8]] = []
  ) async throws -> SubmissionAnswer {
    try await ledger.signingSubmitter.submit(
      type: type, payload: payload, record: Self.number, target: target, evidence: evidence,
      key: key)
  }

  public func cite(
    _ citing: String, by key: KeyFile, supersedes: Digest? = nil, relation: String = "cites"
  )
    async throws -> SubmissionAnswer
  {
    var payload: JSONObject = ["citing_doi": .string(citing), "relation": .string(relation)]
    payload["supersedes"] = supersedes.map { .string("sha256:" + $0.hex) }
    return try await submit(.citationSignature, payload, by: key)
  }

  /// The status and the summary as of everything that was appended so far.
  public func state() async throws -> (status: JSON, summary: JSON) {
    let size = try await ledger.health().size
    let json = try await ledger.records.status(Self.number, atLeast: size - 1)
    return (json["verification_status"] ?? .null, json["event_summary"] ?? .null)
  }

  public func replayAgrees() async throws {
    let report = try await ledger.replay(check: true) { _ in }
    #expect(report.drift.isEmpty, "\(report.drift)")
  }

  /// Runs a test against the service on a socket.
  public func serving(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let server = LedgerServer(ledger: ledger)
    try await server.network(host: "127.0.0.1", port: 0)
      .test(.live) { client in try await body(client) }
  }

  public struct ShellAnswer {
    public let status: Int
    public let output: String
    public let errors: String
  }

  /// Runs a command of the shell, as a program, on this ledger.
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
  public func json() throws -> JSON { try JSON.parse(Array(body.readableBytesView)) }
}

extension HTTPFields {
  public static let json: HTTPFields = [.contentType: "application/json"]
  public static let bytes: HTTPFields = [.contentType: "application/octet-stream"]
}

/// Runs something with a file of these bytes.
public func withFile<R>(_ bytes: [UInt8], _ body: (String) async throws -> R) async throws -> R {
  let path = "/tmp/plt-\(UUID().uuidString.prefix(8)).bin"
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

/// Runs a test with a ledger and the service on a socket.
public func withService(
  _ body: @escaping @Sendable (LedgerUnderTest, any TestClientProtocol) async throws -> Void
) async throws {
  try await withLedger { test in
    try await test.serving { client in try await body(test, client) }
  }
}

/// Runs a test with a ledger, closed afterwards whatever happens.
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

/// The program `pithledger` that this build made.
public enum TestProgram {
  public static let path = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("pithledger").path
}

/// Lines that are there already.
public struct Lines: AsyncSequence, Sendable {
  public let lines: [[UInt8]]
  public init(_ lines: [[UInt8]]) { self.lines = lines }

  public struct AsyncIterator: AsyncIteratorProtocol {
    var iterator: IndexingIterator<[[UInt8]]>
    public mutating func next() async -> [UInt8]? { iterator.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(iterator: lines.makeIterator()) }
}
