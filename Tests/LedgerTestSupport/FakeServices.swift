public import CanonicalJSON
import Foundation
import LedgerDomain
public import LedgerService
public import SafeHTTPClient
import Subprocess
import TestSupport
import Testing

/// The servers of `fake_services.py`: a calendar with a block chain, a timestamp authority, a store, and
/// an issuer.
public struct FakeServices: Sendable {
  /// The directory of the servers' keys and certificates.
  public let directory: String
  /// The address of the servers.
  public let url: String
  /// A client that may fetch from the servers.
  public let fetch: SafeHTTPClient

  /// Settings with which a ledger uses these servers and no other private address.
  public var configuration: LedgerConfiguration.ExternalServices {
    var services = LedgerConfiguration.ExternalServices()
    services.allowedHosts = [String(url.dropFirst("https://".count))]
    services.additionalRootsFile = directory + "/root.pem"
    // Twelve seconds are enough for six redirects on a busy machine, and short for a server that never
    // answers.
    services.fetchLimits.time = .seconds(12)
    services.fetchLimits.bytes = 1 << 20
    services.calendars = [url]
    services.headerConfirmations = 1
    services.orcidIssuer = url
    services.orcidAudiences = ["APP-TEST"]
    services.orcidClientID = "APP-TEST"
    services.ipfsGatewayURL = url
    services.softwareHeritageURL = url
    services.waybackURL = url + "/memento"
    services.s3 = S3Endpoint(
      url: url, region: "test-1", accessKey: "access", secretKey: "secret")
    services.s3Locations = [S3Location("bucket")].compactMap { $0 }
    // Tests change the answers of the calendar, so answers are not reused.
    services.calendarAnswerLife = .zero
    return services
  }

  /// Sends a POST request. Returns the body of the answer.
  public func post(_ path: String, _ body: [UInt8] = []) async throws -> [UInt8] {
    var request = SafeHTTPClient.Request(url + path)
    request.method = "POST"
    request.body = body
    request.maxResponseBytes = 1 << 20
    return try await fetch.fetch(request).bytes
  }

  /// Mines a block with all waiting commitments. Returns a line of `HEIGHT HEADERHEX`.
  public func mine() async throws -> [UInt8] { try await post("/mine") }

  /// The number of read requests for paths that begin with a prefix.
  public func count(_ path: String) async throws -> Int {
    Int(String(decoding: try await post("/count", Array(path.utf8)), as: UTF8.self)) ?? -1
  }

  /// The bytes of a file in the servers' directory.
  public func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name)))
  }

  /// Fetches the issuer's key set.
  public func jwks() async throws -> [UInt8] {
    var request = SafeHTTPClient.Request(url + "/oauth/jwks")
    request.maxResponseBytes = 65_536
    return try await fetch.fetch(request).bytes
  }

  /// Requests an id_token with these claims in addition to the default ones.
  public func token(_ claims: JSONObject, _ order: JSONObject = [:]) async throws -> [UInt8] {
    var order = order
    order["claims"] = .object(claims)
    return try await post("/token", JSON.object(order).canonicalBytes())
  }
}

/// Runs a test with the fake services. They are stopped afterwards.
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
