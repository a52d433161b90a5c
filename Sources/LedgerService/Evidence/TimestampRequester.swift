public import Encodings
import LedgerDomain
import ProofFormats
import SafeHTTPClient

/// Requests proofs of time from OpenTimestamps calendars and RFC 3161 authorities.
public struct TimestampRequester: Sendable {
  let calendars: CalendarClient
  let fetch: SafeHTTPClient

  init(calendars: CalendarClient, fetch: SafeHTTPClient) {
    self.calendars = calendars
    self.fetch = fetch
  }

  /// Makes a requester without a ledger, with the connections and limits that the settings name.
  public init(_ configuration: LedgerConfiguration) {
    let services = configuration.externalServices
    fetch = SafeHTTPClient(
      allowedHosts: services.allowedHosts, limits: services.fetchLimits,
      additionalRoots: services.additionalRootsFile)
    calendars = CalendarClient(fetch, answerLife: services.calendarAnswerLife)
  }

  /// Requests a pending proof over a digest from calendars.
  ///
  /// Each calendar receives a digest with a separate nonce, so that it cannot identify the digest.
  /// Calendars that do not answer are left out.
  ///
  /// - Parameters:
  ///   - stamped: the digest.
  ///   - names: the addresses of the calendars.
  ///
  /// - Returns: a pending `.ots` proof.
  ///
  /// Errors: a `Refusal` with check `calendar` if no calendar answers.
  public func requestProof(
    over stamped: Digest, calendars names: [String]
  ) async throws -> [UInt8] {
    let digest = stamped.bytes
    var items: [OpenTimestampsProof.Item] = []
    var failures: [String] = []
    for name in names {
      let calendar = name.hasSuffix("/") ? String(name.dropLast()) : name
      let nonce = (0..<16).map { _ in UInt8.random(in: 0...255) }
      let commitment = Digest(hashing: digest + nonce).bytes
      do {
        let tree = try await calendars.stamp(commitment, by: calendar)
        items.append(
          .operation(
            .append(nonce),
            OpenTimestampsProof.Node(items: [.operation(.hash(.sha256), tree)])))
      } catch is CancellationError {
        throw CancellationError()
      } catch { failures.append("\(calendar): \(error)") }
    }
    guard !items.isEmpty else {
      throw Refusal(
        .unavailable, check: "calendar",
        "No calendar answered: \(failures.joined(separator: "; ")).")
    }
    return OpenTimestampsProof(
      algorithm: .sha256, digest: digest, root: OpenTimestampsProof.Node(items: items)
    ).serialised()
  }

  /// Requests a token over a digest from a timestamp authority (RFC 3161, section 3.4).
  ///
  /// - Parameters:
  ///   - digest: the digest.
  ///   - url: the address of the authority.
  ///
  /// - Returns: the authority's response as DER.
  ///
  /// Errors: a `Refusal` if the authority gives no valid response.
  public func requestToken(over digest: Digest, authority url: String) async throws -> [UInt8] {
    // The first byte makes the integer positive and of full length, so that DER encodes it unchanged.
    let nonce = [UInt8.random(in: 0x40...0x7F)] + (0..<7).map { _ in UInt8.random(in: 0...255) }
    var request = SafeHTTPClient.Request(url, .authorities)
    request.method = "POST"
    request.headers = [("content-type", "application/timestamp-query")]
    request.body = TimestampToken.request(imprint: digest.bytes, nonce: nonce)
    request.maxResponseBytes = 65_536
    let answer: Fetched
    do { answer = try await fetch.fetch(request) } catch let error as FetchError {
      throw Refusal(.unavailable, check: error.code.rawValue, field: "tsa", error.message)
    }
    do {
      _ = try TimestampToken.parse(answer.bytes, .init(imprint: digest.bytes, nonce: nonce))
    } catch {
      throw Refusal(
        .invalid, check: error.check, field: "tsa", offset: error.offset, error.message)
    }
    return answer.bytes
  }
}
