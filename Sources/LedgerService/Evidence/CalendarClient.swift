import Encodings
import LedgerDomain
import ProofFormats
import SafeHTTPClient

/// Speaks to OpenTimestamps calendars: one request at a time to each, at a limited rate, and after failures
/// with growing patience.
///
/// Public calendars are run by volunteers. What strangers submit here must not become a flood there.
actor CalendarClient {
  struct Limits: Sendable {
    /// Requests a second to one calendar, in the long run.
    var perSecond: Double = 4
    /// Requests at once after a pause.
    var burst: Double = 8
    /// Requests that wait for one calendar at most.
    var waiting = 32
    /// How long a calendar is left alone after one failure; doubled after each further one.
    var firstPause: Duration = .seconds(5)
    var longestPause: Duration = .seconds(3600)
    /// How long an answer serves other proofs with the same promise.
    var answerLife: Duration = .seconds(30)
    init() {}
  }

  /// What a calendar says of a commitment.
  enum Answer: Sendable {
    /// The tree that continues from it.
    case complete([UInt8])
    /// It waits for its block.
    case waiting
    /// The calendar has never seen it (`Not found`), and so never will complete it.
    case unknown
  }

  private struct Calendar {
    var isBusy = false
    var queue: [CheckedContinuation<Void, Never>] = []
    var tokens: Double
    var filled: ContinuousClock.Instant
    var failures = 0
    var restsUntil: ContinuousClock.Instant
  }

  private struct Promise: Hashable {
    let calendar: String
    let commitment: [UInt8]
  }

  private let fetch: SafeHTTPClient
  private let limits: Limits
  private var calendars: [String: Calendar] = [:]
  private var answers: [Promise: (answer: Answer, at: ContinuousClock.Instant)] = [:]

  init(_ fetch: SafeHTTPClient, _ limits: Limits = Limits(), answerLife: Duration? = nil) {
    var limits = limits
    if let answerLife { limits.answerLife = answerLife }
    self.fetch = fetch
    self.limits = limits
  }

  /// Asks a calendar what became of its promise.
  ///
  /// Errors: a `FetchError`; `fetch.busy` where the calendar is left alone for now.
  func timestamp(of commitment: [UInt8], by calendar: String) async throws -> Answer {
    let promise = Promise(calendar: calendar, commitment: commitment)
    if let known = answers[promise], known.at.duration(to: .now) < limits.answerLife {
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
    if answers.count < 512 { answers[promise] = (answer, .now) }
    return answer
  }

  /// Has a calendar stamp a digest, and answers the tree that begins at it.
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
    try checkRest(name)
    try await takeToken(name)
    do {
      // What strangers sent is asked for by the ledger itself: no client's quota counts it.
      let fetched = try await FetchClient.$current.withValue(nil) { try await fetch.fetch(request) }
      calendars[name]?.failures = 0
      return fetched
    } catch {
      if !(error is CancellationError) { noteFailure(name) }
      throw error
    }
  }

  private func checkRest(_ name: String) throws {
    guard let rest = calendars[name]?.restsUntil, rest > .now else { return }
    throw FetchError(
      .busy, "The calendar \(name) has failed, and is left alone for \(rest - .now).")
  }

  private func noteFailure(_ name: String) {
    guard var calendar = calendars[name] else { return }
    calendar.failures += 1
    let pause = limits.firstPause * Double(1 << min(calendar.failures - 1, 16))
    calendar.restsUntil = .now + min(pause, limits.longestPause)
    calendars[name] = calendar
  }

  private func enter(_ name: String) async throws {
    var calendar =
      calendars[name]
      ?? Calendar(tokens: limits.burst, filled: .now, restsUntil: .now)
    guard calendar.isBusy else {
      calendar.isBusy = true
      calendars[name] = calendar
      return
    }
    guard calendar.queue.count < limits.waiting else {
      throw FetchError(.busy, "Too many requests wait for the calendar \(name) already.")
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

  /// Waits until the calendar may be asked again. Only whoever has entered calls this.
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
