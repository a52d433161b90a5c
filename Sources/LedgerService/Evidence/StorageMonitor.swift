import Encodings
import LedgerDomain
import LedgerStore
import Logging
import SafeHTTPClient
import TransparencyLog

/// The state of the storage monitor: when each attested location is fetched again.
public struct StorageSchedule: Sendable {
  fileprivate struct Place {
    let position: Position
    var next: Timestamp
    /// Failed fetches in a row.
    var failures = 0
  }

  fileprivate var places: [Digest: Place] = [:]
  /// The events below this position have been read.
  fileprivate var scanned: Position = .first

  /// An empty schedule. The first check reads the whole log.
  public init() {}

  /// How many locations are watched.
  var count: Int { places.count }

  /// How many locations are due at a time.
  func due(at time: Timestamp) -> Int { places.values.count { $0.next <= time } }
}

/// Reads the events of the log.
protocol EventSource: Sendable {
  /// The number of events.
  func size() async throws -> TreeSize
  /// Events by position, from a position on.
  func events(from: Position, limit: Int) async throws -> [StoredEvent]
}

extension EventLog: EventSource {}

/// Reads the storage attestations of the log.
protocol StorageAttestationSource: Sendable {
  /// Storage attestations by position, from a position on.
  func storageAttestations(from: Position, limit: Int) async throws -> [StoredEvent]
}

extension AttestationReader: StorageAttestationSource {}

/// Reads the standing of attestations, and their records.
protocol StatementSource: Sendable {
  /// The standing of an attestation. `nil` if the event is in no group.
  func statement(of stored: StoredEvent) async throws -> GroupFold.Statement?
  /// The record that an event is about. `nil` for the registry.
  func record(of event: SignedEvent) async throws -> ResolvedRecord?
}

extension EvidenceReader: StatementSource {}

/// Fetches attested locations.
protocol StorageFetcher: Sendable {
  /// Fetches a location and hashes its content.
  ///
  /// Errors: a `Refusal` if the fetch fails or exceeds a limit.
  func fetchStorage(_ storage: StorageAttestation, _ pool: FetchPool) async throws -> FetchReport
}

extension EvidenceChecker: StorageFetcher {}

/// Appends the results of the ledger's own checks.
protocol CheckWriter: Sendable {
  /// Appends a `check_recorded` event.
  func record(
    _ verdict: Verdict, _ reason: String, about target: StoredEvent, of record: ResolvedRecord?,
    finding: Finding?, report: [UInt8]?) async throws
}

extension CheckRecorder: CheckWriter {}

/// Fetches attested locations again at intervals and records changes.
public final class StorageMonitor: Sendable {
  /// How many failed fetches in a row make a location gone.
  static let maxFailures = 3
  /// How many locations are fetched at the same time.
  static let maxConcurrent = 8

  let log: any EventSource
  let attestations: any StorageAttestationSource
  let statements: any StatementSource
  let fetcher: any StorageFetcher
  let recorder: any CheckWriter
  let configuration: LedgerConfiguration
  let logger: Logger

  init(
    log: any EventSource, attestations: any StorageAttestationSource,
    statements: any StatementSource, fetcher: any StorageFetcher, recorder: any CheckWriter,
    configuration: LedgerConfiguration, logger: Logger
  ) {
    self.log = log
    self.attestations = attestations
    self.statements = statements
    self.fetcher = fetcher
    self.recorder = recorder
    self.configuration = configuration
    self.logger = logger
  }

  private var now: Timestamp { configuration.clock() }

  /// Fetches the locations that are due, and records changes.
  ///
  /// Each location has a separate time within the interval, derived from the attestation's id. It does
  /// not depend on the start of the service, and distributes locations that were attested together.
  ///
  /// Errors: database errors. Failed fetches are results and are not thrown.
  public func checkDue(_ schedule: inout StorageSchedule) async throws {
    try await addNewPlaces(&schedule)
    let due = schedule.places.filter { $0.value.next <= now }.sorted {
      $0.value.next < $1.value.next
    }
    try await withThrowingTaskGroup(of: (Digest, StorageOutcome).self) { group in
      var running = 0
      func note(_ result: (Digest, StorageOutcome)) {
        switch result.1 {
        case .checked(let failures):
          schedule.places[result.0]?.failures = failures
          schedule.places[result.0]?.next = self.nextCheck(of: result.0, after: self.now)
        case .postponed: schedule.places[result.0]?.next = self.now.adding(seconds: 60)
        case .ended: schedule.places[result.0] = nil
        }
      }
      for (id, place) in due {
        if running == Self.maxConcurrent, let result = try await group.next() {
          note(result)
          running -= 1
        }
        running += 1
        group.addTask { (id, try await self.check(place)) }
      }
      for try await result in group { note(result) }
    }
  }

  private func addNewPlaces(_ schedule: inout StorageSchedule) async throws {
    let end = try await log.size().end
    while true {
      let batch = try await attestations.storageAttestations(
        from: schedule.scanned, limit: 500)
      for stored in batch {
        schedule.places[stored.eventID] = StorageSchedule.Place(
          position: stored.position, next: nextCheck(of: stored.eventID, after: now))
        schedule.scanned = stored.position.next
      }
      if batch.count < 500 { break }
    }
    schedule.scanned = max(schedule.scanned, end)
  }

  /// The first of an attestation's check times after a time. There is one in each interval.
  private func nextCheck(of id: Digest, after time: Timestamp) -> Timestamp {
    let interval = max(1, Int64(configuration.externalServices.storageInterval / .microseconds(1)))
    let phase =
      Int64(bitPattern: UInt64(id.bytes.prefix(7).reduce(0) { $0 << 8 | UInt64($1) })) % interval
    let since = time.microseconds - phase
    return Timestamp(microseconds: phase + (since / interval + 1) * interval)
  }

  private enum StorageOutcome: Sendable {
    /// The location was fetched, or the fetch failed `failures` times in a row.
    case checked(failures: Int)
    /// The fetch could not be made now, for a reason that does not concern the location. It is tried
    /// again after a minute.
    case postponed
    /// The location needs no further check.
    case ended
  }

  private func check(_ place: StorageSchedule.Place) async throws -> StorageOutcome {
    do {
      guard let stored = try await log.events(from: place.position, limit: 1).first,
        stored.position == place.position
      else { return .ended }
      return try await check(stored, failures: place.failures)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      logger.warning("the storage at position \(place.position) was not checked: \(error)")
      return .postponed
    }
  }

  private func check(_ stored: StoredEvent, failures: Int) async throws -> StorageOutcome {
    let event = try Entry(bytes: stored.entry).event
    guard case .storageAttestation(let storage) = event.body.payload, storage.kind != .file,
      let record = try await statements.record(of: event),
      let standing = try await statements.statement(of: stored), standing.isLive,
      !standing.event.flags.contains(.providerStatement),
      storage.expiresAt.map({ $0 > now }) ?? true
    else { return .ended }
    // An equivocating statement may count again when the other one is withdrawn.
    if standing.isEquivocating { return .checked(failures: failures) }
    let observation = try await observe(storage, stored.position, failures: failures)
    guard case .verdict(let verdict, let reason, let report) = observation.result else {
      return observation.outcome
    }
    if verdict != standing.verdict {
      try await recorder.record(
        verdict, reason, about: stored, of: record, finding: nil, report: report)
    }
    return observation.outcome
  }

  /// The result of one fetch of a location.
  private struct Observation {
    enum Result {
      case verdict(Verdict, String, report: [UInt8]?)
      case undecided
    }
    let result: Result
    let outcome: StorageOutcome
  }

  private func observe(
    _ storage: StorageAttestation, _ position: Position, failures: Int
  ) async throws -> Observation {
    var report: FetchReport?
    do {
      let fetched = try await fetcher.fetchStorage(storage, .storageRecheck)
      report = fetched
      return Observation(
        result: .verdict(
          try fetched.finding(for: storage).verdict, "fetched again: the bytes are as attested",
          report: fetched.bytes(for: storage)),
        outcome: .checked(failures: 0))
    } catch let refusal as Refusal {
      return interpret(refusal, report?.bytes(for: storage), position, failures: failures)
    }
  }

  private func interpret(
    _ refusal: Refusal, _ report: [UInt8]?, _ position: Position, failures: Int
  ) -> Observation {
    func decided(_ verdict: Verdict, _ reason: String, failures: Int = 0) -> Observation {
      Observation(
        result: .verdict(verdict, reason, report: report), outcome: .checked(failures: failures))
    }
    func undecided(_ outcome: StorageOutcome) -> Observation {
      Observation(result: .undecided, outcome: outcome)
    }
    switch StorageFailure(check: refusal.check) {
    case .otherContent: return decided(.changed, refusal.message)
    case .gone: return decided(.gone, refusal.message)
    case .invalidLocation:
      // Earlier versions accepted such locations. They can never be fetched.
      return decided(.failed, "the location cannot be fetched: \(refusal.message)")
    case .busy: return undecided(.postponed)
    case .configuration:
      logger.warning(
        "the storage at position \(position) can no longer be checked: \(refusal.message)")
      return undecided(.checked(failures: failures))
    case .unreachable:
      // A single network failure does not show that the copy is gone.
      let failures = failures + 1
      guard failures >= Self.maxFailures else { return undecided(.checked(failures: failures)) }
      return decided(
        .gone, "out of reach \(failures) times in a row: \(refusal.message)", failures: failures)
    }
  }
}

/// The meaning of a refused fetch for the attested location.
enum StorageFailure: Sendable, Equatable {
  /// The location has other content.
  case otherContent
  case gone
  /// No ledger can fetch the location.
  case invalidLocation
  /// All slots for fetches are taken.
  case busy
  /// This ledger is not configured to fetch the location.
  case configuration
  /// Any other failure, such as a network error.
  case unreachable

  /// - Parameter check: the check that a `Refusal` names.
  init(check: String) {
    self =
      switch check {
      case "fetch.content", "fetch.size_bytes", "swhid", "cid", "memento", "fetch.size":
        .otherContent
      case "fetch.gone": .gone
      case "fetch.address", "location": .invalidLocation
      case "fetch.busy": .busy
      case "fetch.configuration", "fetch.s3_location": .configuration
      default: .unreachable
      }
  }
}
