import Encodings
import LedgerDomain
import ProofFormats
import SafeHTTPClient

/// A client of OpenTimestamps calendars. Sends one request at a time to each, at a limited rate, and
/// pauses after failures.
///
/// Public calendars are run by volunteers. Submissions to this ledger must not become a load on them.
actor CalendarClient {
  struct Limits: Sendable {
    /// Requests to one calendar in a second, on average.
    var perSecond: Double = 4
    /// Requests that may follow each other at once after a pause.
    var burst: Double = 8
    /// The largest number of requests that wait for one calendar.
    var waiting = 32
    /// How long an answer is used for other proofs with the same pending attestation.
    var answerLife: Duration = .seconds(30)
    init() {}
  }

  /// A calendar's answer about a commitment.
  enum Answer: Sendable {
    /// The tree that continues from it.
    case complete([UInt8])
    /// The calendar waits for a block.
    case waiting
    /// The calendar does not know it (`Not found`) and will never complete it.
    case unknown
  }

  private struct Calendar {
    var isBusy = false
    var queue: [CheckedContinuation<Void, Never>] = []
    var tokens: Double
    var filled: ContinuousClock.Instant
    var backoff = CalendarBackoff()
  }

  private struct PendingAttestation: Hashable {
    let calendar: String
    let commitment: [UInt8]
  }

  private let fetch: SafeHTTPClient
  private let limits: Limits
  private var calendars: [String: Calendar] = [:]
  private var answers: [PendingAttestation: (answer: Answer, at: ContinuousClock.Instant)] = [:]

  init(_ fetch: SafeHTTPClient, _ limits: Limits = Limits(), answerLife: Duration? = nil) {
    var limits = limits
    if let answerLife { limits.answerLife = answerLife }
    self.fetch = fetch
    self.limits = limits
  }

  /// Asks a calendar to complete a pending attestation.
  ///
  /// Errors: a `FetchError`, with code `busy` during the pause after a failure.
  func timestamp(of commitment: [UInt8], by calendar: String) async throws -> Answer {
    let attestation = PendingAttestation(calendar: calendar, commitment: commitment)
    if let known = answers[attestation], known.at.duration(to: .now) < limits.answerLife {
      return known.answer
    }
    var request = SafeHTTPClient.Request(
      "\(calendar)/timestamp/\(Hex.encode(commitment))", .calendars)
    request.headers = [("accept", "application/vnd.opentimestamps.v1")]
    request.maxResponseBytes = 10_000
    request.accepted = [200, 404]
    let fetched = try await ask(calendar, request)
    let answer: Answer =
      if fetched.status == 200 {
        .complete(fetched.bytes)
      } else {
        fetched.bytes.starts(with: Array("Not found".utf8)) ? .unknown : .waiting
      }
    if answers.count >= 512 {
      answers = answers.filter { $0.value.at.duration(to: .now) < limits.answerLife }
    }
    if answers.count < 512 { answers[attestation] = (answer, .now) }
    return answer
  }

  /// Asks a calendar to timestamp a digest. Returns the tree that begins at the digest.
  func stamp(_ digest: [UInt8], by calendar: String) async throws -> OpenTimestampsProof.Node {
    var request = SafeHTTPClient.Request(calendar + "/digest", .calendars)
    request.method = "POST"
    request.headers = [("accept", "application/vnd.opentimestamps.v1")]
    request.body = digest
    request.maxResponseBytes = 10_000
    let fetched = try await ask(calendar, request)
    return try OpenTimestampsProof.parseTree(fetched.bytes, messageLength: digest.count)
  }

  // MARK: Pace

  private func ask(_ name: String, _ request: SafeHTTPClient.Request) async throws -> Fetched {
    try await enter(name)
    defer { leave(name) }
    try checkBackoff(name)
    try await takeToken(name)
    do {
      // The answer serves several submissions, so no client's limit counts the request.
      let fetched = try await FetchClient.$current.withValue(nil) { try await fetch.fetch(request) }
      calendars[name]?.backoff.noteSuccess()
      return fetched
    } catch {
      if !(error is CancellationError) { calendars[name]?.backoff.noteFailure(at: .now) }
      throw error
    }
  }

  private func checkBackoff(_ name: String) throws {
    guard let pause = calendars[name]?.backoff.remaining(at: .now) else { return }
    throw FetchError(.busy, "The calendar \(name) failed and is not asked for \(pause).")
  }

  private func enter(_ name: String) async throws {
    var calendar =
      calendars[name]
      ?? Calendar(tokens: limits.burst, filled: .now)
    guard calendar.isBusy else {
      calendar.isBusy = true
      calendars[name] = calendar
      return
    }
    guard calendar.queue.count < limits.waiting else {
      throw FetchError(.busy, "Too many requests wait for the calendar \(name).")
    }
    await withCheckedContinuation { calendars[name]?.queue.append($0) }
  }

  private func leave(_ name: String) {
    guard var calendar = calendars[name] else { return }
    if calendar.queue.isEmpty {
      calendar.isBusy = false
      calendars[name] = calendar
    } else {
      let next = calendar.queue.removeFirst()
      calendars[name] = calendar
      next.resume()
    }
  }

  /// Waits until the rate allows another request. Called only between `enter` and `leave`.
  private func takeToken(_ name: String) async throws {
    guard var calendar = calendars[name] else { return }
    let now = ContinuousClock.now
    let refill = calendar.filled.duration(to: now) / .seconds(1) * limits.perSecond
    calendar.tokens = min(limits.burst, calendar.tokens + refill) - 1
    calendar.filled = now
    calendars[name] = calendar
    guard calendar.tokens < 0 else { return }
    try await Task.sleep(for: .seconds(-calendar.tokens / limits.perSecond))
  }
}
