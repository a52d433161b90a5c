public import CanonicalJSON
import Foundation
import LedgerDomain
public import LedgerService
public import SafeHTTPClient
import Subprocess
import TestSupport
import Testing

/// The servers of `fake_services.py`: a calendar that mines, a timestamp authority, a store, an issuer.
public struct FakeServices: Sendable {
  public let directory: String
  public let url: String
  public let fetch: SafeHTTPClient

  /// What lets a ledger reach them, and nothing else inside.
  public var configuration: LedgerConfiguration.ExternalServices {
    var services = LedgerConfiguration.ExternalServices()
    services.allowedHosts = [String(url.dropFirst("https://".count))]
    services.additionalRootsFile = directory + "/root.pem"
    // Six redirects on a busy machine fit in, and what never answers does not.
    services.fetchLimits.time = .seconds(12)
    services.fetchLimits.bytes = 1 << 20
    services.calendars = [url]
    services.headerConfirmations = 1
    services.orcidIssuer = url
    services.orcidAudiences = ["APP-TEST"]
    services.ipfsGatewayURL = url
    services.softwareHeritageURL = url
    services.waybackURL = url + "/memento"
    services.s3 = S3Endpoint(
      url: url, region: "test-1", accessKey: "access", secretKey: "secret")
    services.s3Locations = [S3Location("bucket")].compactMap { $0 }
    // A calendar here changes its mind at once.
    services.calendarAnswerLife = .zero
    return services
  }

  public func post(_ path: String, _ body: [UInt8] = []) async throws -> [UInt8] {
    var request = SafeHTTPClient.Request(url + path)
    request.method = "POST"
    request.body = body
    request.maxResponseBytes = 1 << 20
    return try await fetch.fetch(request).bytes
  }

  /// Mines a block over all that waits: a line of `HEIGHT HEADERHEX`.
  public func mine() async throws -> [UInt8] { try await post("/mine") }

  /// How many requests to read have come for paths that begin so.
  public func count(_ path: String) async throws -> Int {
    Int(String(decoding: try await post("/count", Array(path.utf8)), as: UTF8.self)) ?? -1
  }

  public func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name)))
  }

  /// The issuer's key set.
  public func jwks() async throws -> [UInt8] {
    var request = SafeHTTPClient.Request(url + "/oauth/jwks")
    request.maxResponseBytes = 65_536
    return try await fetch.fetch(request).bytes
  }

  /// An id_token with these claims beside the usual ones.
  public func token(_ claims: JSONObject, _ order: JSONObject = [:]) async throws -> [UInt8] {
    var order = order
    order["claims"] = .object(claims)
    return try await post("/token", JSON.object(order).canonicalBytes())
  }
}

/// Runs a test with the outside world at its side.
public func withFakeServices(_ body: (FakeServices) async throws -> Void) async throws {
  let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
  try FileManager.default.createDirectory(
    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
  defer { try? FileManager.default.removeItem(atPath: directory) }
  let program = String(
    decoding: try Fixtures.project("Tests/LedgerTestSupport/fake_services.py"), as: UTF8.self)
  _ = try await run(
    .name("python3"), arguments: ["-c", program, directory], input: .none, output: .sequence,
    error: .discarded
  ) { execution in
    var lines = execution.standardOutput.strings().makeAsyncIterator()
    let port = try #require(try await lines.next(), "fake_services.py did not start")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let url = "https://localhost:\(port)"
    let services = FakeServices(
      directory: directory, url: url,
      fetch: SafeHTTPClient(
        allowedHosts: ["localhost"], additionalRoots: directory + "/root.pem"))
    do { try await body(services) } catch {
      try? execution.send(signal: .terminate)
      throw error
    }
    try? execution.send(signal: .terminate)
  }
}
