import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import PostgresClient
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Citations that are signed beforehand, by a key that the ledger has.
struct FaultLoad {
  let key: KeyFile
  let lines: [[UInt8]]
}

/// The answers of a bulk submission: positions of acknowledged events, and the number of refusals.
struct SentLoad {
  /// Positions of acknowledged events, by event id.
  var acknowledged: [String: Position] = [:]
  var refused = 0
}

/// The findings after a fault.
struct FaultFindings {
  var cited = 0
  var lost = 0
  var gaps = 0
  var duplicates = 0
  var drift = 0
}

/// The processes of PostgreSQL that are killed.
enum FaultVictim: String, CaseIterable { case postmaster, allOfPostgres, oneBackend }

/// The shared functions of the fault suites: they send a load, and inspect the ledger after the fault.
protocol FaultScenario {}

extension FaultScenario {
  func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    do { try await body(directory) } catch {
      try? FileManager.default.removeItem(atPath: directory)
      throw error
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  func open(_ directory: String) async throws -> Ledger {
    try await Ledger.open(
      LedgerConfiguration(dataDirectory: directory), logger: PrivateServer.logger)
  }

  /// Citations that are signed beforehand, by a key that the ledger has.
  func makeLoad(_ ledger: Ledger, count: Int) async throws -> FaultLoad {
    _ = try await ledger.documentImporter.importDocument(
      Fixtures.project(Fixtures.sample), client: .shell, operatorAuthorised: true)
    let key = KeyFile(key: SigningKey(), keyID: "k", signerID: "urn:load", signerType: .author)
    _ = try await ledger.keyAdministrator.register(key)
    guard let pith = PithNumber(Fixtures.sampleNumber) else {
      throw Refusal(.invalid, check: "test", "")
    }
    let lines = try (0..<count).map { index in
      let event = try key.key.sign(
        EventBody.make(
          type: .citationSignature,
          payload: ["citing_doi": .string("10.1000/\(index)"), "relation": "cites"],
          signer: key.signer, subject: .record(pith), target: "record", createdAt: .now))
      return JSON.object(event.json).canonicalBytes()
    }
    return FaultLoad(key: key, lines: lines)
  }

  /// Sends a load, and calls back after each acknowledgement.
  func send(
    _ load: FaultLoad, to ledger: Ledger,
    after: (SubmissionAnswer, Int) async throws -> Void = { _, _ in }
  ) async throws -> SentLoad {
    var sent = SentLoad()
    for try await answer in ledger.bulkSubmitter.submit(
      Lines(load.lines), .events, client: .shell, operatorAuthorised: true)
    {
      switch answer.result {
      case .success(let answer):
        sent.acknowledged["sha256:" + answer.eventID.hex] = answer.position
        try await after(answer, sent.acknowledged.count)
      case .failure: sent.refused += 1
      }
    }
    return sent
  }

  /// Sends a load again, which stores only missing events, and inspects the ledger.
  func complete(
    _ load: FaultLoad, in ledger: Ledger, acknowledged: [String: Position]
  ) async throws -> FaultFindings {
    let again = try await send(load, to: ledger)
    #expect(again.refused == 0 && again.acknowledged.count == load.lines.count)
    let found = try await inspect(
      ledger, acknowledged: acknowledged.merging(again.acknowledged) { first, _ in first })
    #expect(found.cited == load.lines.count)
    return found
  }

  /// Appends a line to the log file of a fault campaign, if one is configured.
  func note(
    _ fault: String, kills: Int = 1, acknowledged: Int, _ found: FaultFindings
  ) throws {
    guard let path = ProcessInfo.processInfo.environment["PITHLEDGER_CHAOS_LOG"] else { return }
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    let numbers = [kills, acknowledged, found.lost, found.gaps, found.duplicates, found.drift]
    let line = ([fault] + numbers.map(String.init)).joined(separator: "\t")
    try handle.write(contentsOf: Data((line + "\n").utf8))
    try handle.close()
  }

  /// Expects no gap, no duplicate, all acknowledged events at their positions, and projections that equal
  /// a replay.
  func inspect(_ ledger: Ledger, acknowledged: [String: Position]) async throws -> FaultFindings {
    var found = FaultFindings()
    var ids: [String: Position] = [:]
    var next = Position.first
    while true {
      let events =
        try await ledger.events.page(from: next, limit: 1000).json()["events"]?.arrayValue ?? []
      if events.isEmpty { break }
      for event in events {
        let position = Position(rawValue: event["position"]?.integerValue ?? -1)
        if position != next { found.gaps += 1 }
        if ids.updateValue(position, forKey: event["event_id"]?.stringValue ?? "") != nil {
          found.duplicates += 1
        }
        next = position.next
      }
    }
    let size = try await ledger.health().size
    if next != size.end { found.gaps += 1 }
    found.lost = acknowledged.count { ids[$0.key] != $0.value }
    let status = try await ledger.records.status(
      Fixtures.sampleNumber, atLeast: next.previous
    ).json
    found.cited = Int(status["verification_status"]?["citation_signatures"]?.integerValue ?? -1)
    let report = try await ledger.replay(check: true) { _ in }
    found.drift = report.drift.count
    #expect(found.gaps == 0 && found.duplicates == 0 && found.lost == 0 && found.drift == 0)
    return found
  }

  /// The process ids of the postmaster of a data directory and of its children.
  func processes(_ directory: String) throws -> (postmaster: Int32, children: [Int32]) {
    let text = try String(
      contentsOfFile: directory + "/postgres/data/postmaster.pid", encoding: .utf8)
    let postmaster = try #require(text.split(separator: "\n").first.flatMap { Int32($0) })
    var children: [Int32] = []
    for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let pid = Int32(entry),
        let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let parent = stat.split(separator: ")").last?.split(separator: " ").dropFirst().first
      else { continue }
      if Int32(parent) == postmaster { children.append(pid) }
    }
    return (postmaster, children)
  }

  func kill(_ victim: FaultVictim, _ directory: String) throws {
    let (postmaster, children) = try processes(directory)
    let pids: [Int32] =
      switch victim {
      case .postmaster: [postmaster]
      case .allOfPostgres: [postmaster] + children
      case .oneBackend:
        children.filter { pid in
          let line = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
          return line?.contains("[local]") ?? false
        }.prefix(1).map { $0 }
      }
    #expect(!pids.isEmpty)
    for pid in pids { _ = Foundation.kill(pid, SIGKILL) }
  }
}
