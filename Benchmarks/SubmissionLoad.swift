import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService

/// Makes submissions with valid signatures, which were not submitted before.
struct SubmissionLoad {
  private let keys: [KeyFile]
  /// The number of records that the submissions name.
  let records: Int

  /// Creates keys and registers them by a bulk import, because registrations over HTTP have an hourly quota.
  init(http: HTTPBench, records: Int) throws {
    self.records = records
    keys = (0..<64).map { index in
      KeyFile(
        key: SigningKey(), keyID: "b\(index)", signerID: "urn:b:\(index)", signerType: .author)
    }
    var lines: [UInt8] = []
    for key in keys {
      let payload: JSONObject = [
        "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.key.publicKey)),
      ]
      let body = try EventBody.make(
        type: .keyRegistered, payload: payload, signer: key.signer, subject: .registry,
        target: "key:\(key.signer.fingerprint.hex)", createdAt: .now)
      lines += JSON.object(try key.key.sign(body).json).canonicalBytes() + [0x0A]
    }
    let file = http.directory + "/keys.ndjson"
    try Data(lines).write(to: URL(fileURLWithPath: file))
    let importer = http.program(["import", file])
    importer.standardOutput = FileHandle.nullDevice
    try importer.run()
    importer.waitUntilExit()
    guard importer.terminationStatus == 0 else {
      throw BenchError(description: "the keys of the submissions were not registered")
    }
  }

  /// The same keys for a log with more records.
  private init(keys: [KeyFile], records: Int) {
    self.keys = keys
    self.records = records
  }

  func with(records: Int) -> SubmissionLoad { SubmissionLoad(keys: keys, records: records) }

  /// Signed citations. Those of another series are other ones.
  func events(_ count: Int, series: Int) async throws -> [[UInt8]] {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return try await withThrowingTaskGroup(of: [(Int, [UInt8])].self) { group in
      for core in 0..<cores {
        group.addTask {
          try stride(from: core, to: count, by: cores).map { ($0, try event($0, series)) }
        }
      }
      var made = [[UInt8]](repeating: [], count: count)
      for try await part in group { for (index, event) in part { made[index] = event } }
      return made
    }
  }

  private func event(_ index: Int, _ series: Int) throws -> [UInt8] {
    let key = keys[index % keys.count]
    let record = Workload.record(series * 100_000 + index, of: records)
    let payload: JSONObject = [
      "citing_doi": .string("10.2000/\(series)-\(index)"), "relation": "cites",
    ]
    let body = try EventBody.make(
      type: .citationSignature, payload: payload, signer: key.signer,
      subject: .record(try Workload.canonical(record).pithNumber), target: "record",
      createdAt: .now)
    return JSON.object(try key.key.sign(body).json).canonicalBytes()
  }

  /// The requests that submit such events over HTTP.
  func requests(_ count: Int, series: Int) async throws -> [[UInt8]] {
    try await events(count, series: series).map { HTTPBench.request("POST", "/api/events", $0) }
  }

  /// Submits over HTTP on 32 connections. More is prepared than is submitted in this time.
  func submit(port: Int, series: Int, seconds: Double) async throws -> LoadResult {
    Self.submit(
      try await requests(Int(seconds * 8000), series: series), port: port, seconds: seconds)
  }

  private static func submit(_ requests: [[UInt8]], port: Int, seconds: Double) -> LoadResult {
    let result = load(port: port, connections: 32, seconds: seconds) {
      $0 < requests.count ? requests[$0] : nil
    }
    if result.failures > 0 { say("\(result.failures) submissions failed") }
    return result
  }

  /// Submits on a thread of its own, so that the caller can measure something else meanwhile.
  static func submitOnThread(
    _ requests: [[UInt8]], port: Int, seconds: Double
  ) async -> LoadResult {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: submit(requests, port: port, seconds: seconds))
      }
    }
  }
}
