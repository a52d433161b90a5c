import CanonicalJSON
import Foundation
import GuardedFetch
import LedgerDomain
import LedgerService
import Subprocess
import TestSupport
import Testing

/// The servers of `outside.py`: a calendar that mines, a timestamp authority, a store, an issuer.
struct OutsideWorld: Sendable {
  let directory: String
  let url: String
  let fetch: GuardedFetch

  /// What lets a ledger reach them, and nothing else inside.
  var configuration: LedgerConfiguration.Outside {
    var outside = LedgerConfiguration.Outside()
    outside.allowedHosts = [String(url.dropFirst("https://".count))]
    outside.additionalRootsFile = directory + "/root.pem"
    // Six redirects on a busy machine fit in, and what never answers does not.
    outside.fetchLimits.time = .seconds(12)
    outside.fetchLimits.bytes = 1 << 20
    outside.calendars = [url]
    outside.headerDepth = 1
    outside.orcidIssuer = url
    outside.orcidAudiences = ["APP-TEST"]
    outside.ipfsGatewayURL = url
    outside.softwareHeritageURL = url
    outside.waybackURL = url + "/memento"
    outside.s3 = S3Endpoint(
      url: url, region: "test-1", accessKey: "access", secretKey: "secret")
    outside.s3Locations = [S3Location("bucket")].compactMap { $0 }
    // A calendar here changes its mind at once.
    outside.calendarAnswerLife = .zero
    return outside
  }

  func post(_ path: String, _ body: [UInt8] = []) async throws -> [UInt8] {
    var request = GuardedFetch.Request(url + path)
    request.method = "POST"
    request.body = body
    request.keeping = 1 << 20
    return try await fetch.fetch(request).bytes
  }

  /// Mines a block over all that waits: a line of `HEIGHT HEADERHEX`.
  func mine() async throws -> [UInt8] { try await post("/mine") }

  /// How many requests to read have come for paths that begin so.
  func count(_ path: String) async throws -> Int {
    Int(String(decoding: try await post("/count", Array(path.utf8)), as: UTF8.self)) ?? -1
  }

  func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name)))
  }

  /// The issuer's key set.
  func jwks() async throws -> [UInt8] {
    var request = GuardedFetch.Request(url + "/oauth/jwks")
    request.keeping = 65_536
    return try await fetch.fetch(request).bytes
  }

  /// An id_token with these claims beside the usual ones.
  func token(_ claims: JSONObject, _ order: JSONObject = [:]) async throws -> [UInt8] {
    var order = order
    order["claims"] = .object(claims)
    return try await post("/token", JSON.object(order).canonicalBytes())
  }
}

/// Runs a test with the outside world at its side.
func withOutside(_ body: (OutsideWorld) async throws -> Void) async throws {
  let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
  try FileManager.default.createDirectory(
    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
  defer { try? FileManager.default.removeItem(atPath: directory) }
  let program = String(
    decoding: try Fixtures.project("Tests/IntegrationTests/outside.py"), as: UTF8.self)
  _ = try await run(
    .name("python3"), arguments: ["-c", program, directory], input: .none, output: .sequence,
    error: .discarded
  ) { execution in
    var lines = execution.standardOutput.strings().makeAsyncIterator()
    let port = try #require(try await lines.next(), "outside.py did not start")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let url = "https://localhost:\(port)"
    let outside = OutsideWorld(
      directory: directory, url: url,
      fetch: GuardedFetch(
        allowedHosts: ["localhost"], additionalRoots: directory + "/root.pem"))
    do { try await body(outside) } catch {
      try? execution.send(signal: .terminate)
      throw error
    }
    try? execution.send(signal: .terminate)
  }
}
