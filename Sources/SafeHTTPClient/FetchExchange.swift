import AsyncHTTPClient
import Crypto
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// One request to one checked address.
extension SafeHTTPClient {
  func once(
    _ request: Request, _ place: Place, until deadline: ContinuousClock.Instant, isInside: Bool
  ) async throws -> Outcome {
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: configuration(for: place))
    let left = deadline - .now
    let progress = FetchProgress()
    do {
      let outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
        group.addTask {
          try await self.exchange(request, place, client, progress, isInside: isInside)
        }
        group.addTask {
          try await Task.sleep(for: left)
          throw FetchError(.tooSlow, "The answer took more than \(self.limits.time).")
        }
        group.addTask { try await self.watch(progress) }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
      }
      try? await client.shutdown()
      return outcome
    } catch {
      try? await client.shutdown()
      switch error {
      case let error as FetchError: throw error
      case is CancellationError: throw error
      default: throw FetchError(.unreachable, "No usable answer (\(type(of: error)): \(error)).")
      }
    }
  }

  private func configuration(for place: Place) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(5), read: .seconds(30)))
    configuration.httpVersion = .http1Only
    if let additionalRoots {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.additionalTrustRoots = [.file(additionalRoots)]
      configuration.tlsConfiguration = tls
    }
    // AsyncHTTPClient looks up a literal with or without brackets. For a name both keys are equal.
    configuration.dnsOverride = [place.target.host: place.address]
    configuration.dnsOverride[place.target.bare] = place.address
    return configuration
  }

  /// Throws when the answer is slower than the minimum rate. Otherwise a server that sends single bytes
  /// would occupy a slot for the whole time of a fetch.
  private nonisolated func watch(_ progress: FetchProgress) async throws -> Outcome {
    try await Task.sleep(for: limits.grace)
    var before = progress.bytes
    while true {
      try await Task.sleep(for: limits.rateWindow)
      let now = progress.bytes
      let wanted = Double(limits.minimumRate) * (limits.rateWindow / .seconds(1))
      guard Double(now - before) >= wanted else {
        throw FetchError(
          .tooSlow, "The answer brought fewer than \(limits.minimumRate) bytes a second.")
      }
      before = now
    }
  }

  private nonisolated func exchange(
    _ request: Request, _ place: Place, _ client: HTTPClient, _ progress: FetchProgress,
    isInside: Bool
  ) async throws -> Outcome {
    var outgoing = HTTPClientRequest(url: place.target.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    outgoing.headers = HTTPHeaders(request.headers)
    outgoing.headers.replaceOrAdd(name: "user-agent", value: "pithledger")
    if !request.body.isEmpty { outgoing.body = .bytes(request.body) }
    let response = try await client.execute(outgoing, timeout: .hours(1))
    let status = Int(response.status.code)
    if [301, 302, 303, 307, 308].contains(status), request.method == "GET",
      request.followsRedirects, let location = response.headers.first(name: "location")
    {
      return .redirected(try place.target.redirected(to: location))
    }
    guard request.accepted.contains(status) else {
      throw FetchError(.status, "It answered \(status).", status: status)
    }
    return .done(try await receive(response, request, place, progress, isInside: isInside))
  }

  /// Reads and hashes the body, and stores it where the request asks for that.
  private nonisolated func receive(
    _ response: HTTPClientResponse, _ request: Request, _ place: Place, _ progress: FetchProgress,
    isInside: Bool
  ) async throws -> Fetched {
    let limit = request.maxResponseBytes.map(Int64.init) ?? limits.bytes
    let head = FetchedHead(response.headers.map { ($0.name, $0.value) })
    if request.ignoresBody {
      return Fetched(
        status: Int(response.status.code), sha256: Array(SHA256().finalize()), length: 0,
        head: head, location: place.target.url, isInside: isInside)
    }
    // The message does not contain the length, because the bytes may be confidential.
    let tooLarge = FetchError(.tooLarge, "It has more than the \(limit) bytes that are fetched.")
    if let announced = head.length, announced > limit { throw tooLarge }
    var sha256 = SHA256()
    var blob = request.blobLength.map { length in
      var hash = Insecure.SHA1()
      hash.update(data: Array("blob \(length)\u{0}".utf8))
      return hash
    }
    var length: Int64 = 0
    var kept: [UInt8] = []
    for try await buffer in response.body {
      length += Int64(buffer.readableBytes)
      guard length <= limit else { throw tooLarge }
      progress.add(buffer.readableBytes)
      let chunk = Array(buffer.readableBytesView)
      sha256.update(data: chunk)
      blob?.update(data: chunk)
      if request.maxResponseBytes != nil { kept += chunk }
    }
    return Fetched(
      status: Int(response.status.code), sha256: Array(sha256.finalize()),
      gitBlobSHA1: blob.map { Array($0.finalize()) }, length: length,
      head: head, location: place.target.url, isInside: isInside, bytes: kept)
  }
}

/// The number of bytes of an answer that have arrived.
private final class FetchProgress: Sendable {
  private let count = Atomic<Int64>(0)
  var bytes: Int64 { count.load(ordering: .relaxed) }
  func add(_ more: Int) { count.wrappingAdd(Int64(more), ordering: .relaxed) }
}
