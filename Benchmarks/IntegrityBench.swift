import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerVerifier
import PostgresClient
import TransparencyLog

/// (g) Measures what verifies every signature of a log: `fsck`, `audit`, `verify log` and `import log`.
/// Each alternates with verifying the same signatures alone on all cores.
struct IntegrityBench {
  let bench: Bench
  let directory: String

  /// A log in which all signatures are valid.
  private struct SignedLog {
    let ledger: Ledger
    let size: Int64
    let key: KeyFile
    let events: [SignedEvent]
  }

  /// The commands: the name of the measurement, and the name for a person.
  private static let commands = [
    ("fsck", "fsck"), ("audit", "audit"), ("verify-log", "verify log"),
    ("import-log", "import log"),
  ]

  func run() async throws {
    let log = try await signedLog()
    let folder = directory + "/exported"
    _ = try await log.ledger.logExporter.exportLog(to: folder)
    var rates: [String: Rates] = [:]
    for round in 0..<bench.rounds {
      try await add("fsck", log, &rates) {
        let faults = try await log.ledger.logChecker.check().faults
        if !faults.isEmpty { say("(g) fsck found what is not there: \(faults)") }
      }
      try await add("audit", log, &rates) {
        let findings = try await log.ledger.auditor.audit(nil).findings
        if !findings.isEmpty { say("(g) audit found what is not there: \(findings)") }
      }
      let keys = try await log.ledger.checkpoints.verifierKey().map { [try NoteVerifierKey($0)] }
      try await add("verify-log", log, &rates) {
        _ = try await LogDirectory.verify(folder, by: keys ?? [], containing: [])
      }
      let imported = "\(bench.signedDatabase)_import\(round)"
      let target = try await emptyLedger(imported)
      try await add("import-log", log, &rates) {
        _ = try await LogImporter(target, logger: bench.logger).importLog(from: folder)
      }
      try await execute("DROP DATABASE \(imported) WITH (FORCE)")
    }
    await log.ledger.close()
    for (name, label) in Self.commands {
      let measured = rates[name] ?? Rates()
      try bench.report(
        name, "(g) \(label)", at: log.size, measured.ours, "the signatures alone, on all cores",
        measured.theirs)
    }
  }

  /// Measures a command, and then the signatures alone.
  private func add(
    _ name: String, _ log: SignedLog, _ rates: inout [String: Rates],
    _ command: () async throws -> Void
  ) async throws {
    let took = try await Bench.seconds(command)
    rates[name, default: Rates()].ours.append(Double(log.size) / took)
    rates[name, default: Rates()].theirs.append(
      Double(log.events.count)
        / (try await Bench.seconds { await Self.verify(log.events, by: log.key.key.publicKey) }))
  }

  private func signedLog() async throws -> SignedLog {
    let configuration = try await emptyLedger(bench.signedDatabase)
    let ledger = try await Ledger.open(configuration, logger: bench.logger)
    let canonical = try Workload.canonical(0)
    _ = try await ledger.documentImporter.importDocument(
      JSON.object(["canonical_record": .object(canonical.json)]).canonicalBytes(), client: .shell,
      operatorAuthorised: true)
    let key = KeyFile(
      key: SigningKey(), keyID: "bench", signerID: "urn:bench", signerType: .author)
    _ = try await ledger.keyAdministrator.register(key)
    try await bench.inParallel(max(1000, bench.events / 20)) { number in
      _ = try await ledger.signingSubmitter.submit(
        type: .citationSignature,
        payload: ["citing_doi": .string("10.1/\(number)"), "relation": "cites"],
        record: canonical.pithNumber.description, key: key)
    }
    _ = try await ledger.checkpoints.issue().cosigned
    let reader = try await LedgerStore.open(
      StoreConfiguration(uri: bench.databaseURI(bench.signedDatabase), logger: bench.logger))
    let size = try await reader.log.size().stored
    let events = try await reader.log.entries(from: 0, limit: Int(size)).map {
      try Entry(bytes: $0).event
    }
    await reader.close()
    return SignedLog(
      ledger: ledger, size: size, key: key,
      events: events.filter { $0.body.signer.fingerprint == key.signer.fingerprint })
  }

  /// The configuration of a ledger with an empty log in a new database.
  private func emptyLedger(_ database: String) async throws -> LedgerConfiguration {
    try await execute("CREATE DATABASE \(database)")
    var configuration = LedgerConfiguration(dataDirectory: "\(directory)/\(database)")
    configuration.databaseURL = bench.databaseURI(database)
    _ = try await Ledger.migrate(configuration, logger: bench.logger)
    return configuration
  }

  private func execute(_ sql: String) async throws {
    let connection = try await bench.connect()
    try await connection.execute(sql)
    await connection.close()
  }

  /// Verifies signatures on all cores.
  private static func verify(_ events: [SignedEvent], by publicKey: [UInt8]) async {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let valid = await withTaskGroup(of: Int.self) { group in
      for core in 0..<cores {
        group.addTask {
          stride(from: core, to: events.count, by: cores).count {
            events[$0].isSigned(by: publicKey)
          }
        }
      }
      return await group.reduce(0, +)
    }
    if valid != events.count { say("(g) \(events.count - valid) signatures are invalid") }
  }
}
