import CoreMetrics
import LedgerDomain
import LedgerStore
import Synchronization

/// Counters of one metric, by the values of its labels.
///
/// The values come from the program's own names: types of events, checks, verdicts, quotas. At most
/// ``maxCounters`` are made; what has further values is not counted.
final class LabelledCounter: Sendable {
  static let maxCounters = 500

  private let name: String
  private let labels: [String]
  private let factory: any MetricsFactory
  private let counters = Mutex<[[String]: Counter]>([:])

  init(_ name: String, labels: [String], _ factory: any MetricsFactory) {
    self.name = name
    self.labels = labels
    self.factory = factory
  }

  /// The counter of some values, in the order of the labels.
  func counter(_ values: String...) -> Counter? {
    counters.withLock { counters in
      if let known = counters[values] { return known }
      guard counters.count < Self.maxCounters else { return nil }
      let made = Counter(
        label: name, dimensions: Array(zip(labels, values)), factory: factory)
      counters[values] = made
      return made
    }
  }
}

/// What the components of a service record.
final class ServiceMetrics: Sendable {
  private let submissions: LabelledCounter
  private let refusals: LabelledCounter
  private let verifications: LabelledCounter
  private let quotas: LabelledCounter
  private let rounds: LabelledCounter
  private let deliveries: LabelledCounter
  private let deliveryTime: CoreMetrics.Timer

  init(_ factory: any MetricsFactory) {
    submissions = LabelledCounter(
      "pithledger_submissions_total", labels: ["type", "outcome"], factory)
    refusals = LabelledCounter(
      "pithledger_submission_refusals_total", labels: ["check"], factory)
    verifications = LabelledCounter(
      "pithledger_verifications_total", labels: ["check", "verdict"], factory)
    quotas = LabelledCounter("pithledger_quota_refusals_total", labels: ["quota"], factory)
    deliveries = LabelledCounter(
      "pithledger_webhook_deliveries_total", labels: ["result"], factory)
    deliveryTime = CoreMetrics.Timer(label: "pithledger_webhook_delivery_seconds", factory: factory)
    rounds = LabelledCounter("pithledger_job_rounds_total", labels: ["task", "result"], factory)
  }

  /// Counts a submission by its outcome, and a refusal by its check.
  func counting(
    _ type: String, _ submit: () async throws -> SubmissionAnswer
  ) async throws -> SubmissionAnswer {
    do {
      let answer = try await submit()
      submissions.counter(type, answer.created ? "created" : "existing")?.increment()
      return answer
    } catch let refusal as Refusal {
      submissions.counter(type, "refused")?.increment()
      refusals.counter(refusal.check)?.increment()
      throw refusal
    } catch let error where !(error is CancellationError) {
      submissions.counter(type, "failed")?.increment()
      throw error
    }
  }

  /// Counts the checks of an event that was appended.
  func count(_ checks: [Check]) {
    for check in checks { verifications.counter(check.name, check.verdict.name)?.increment() }
  }

  /// The counter of the refusals of a quota, from zero.
  func quota(_ check: String) -> Counter? { quotas.counter(check) }

  /// Counts a message to a webhook.
  func countDelivery(_ result: String, took time: Duration) {
    deliveries.counter(result)?.increment()
    deliveryTime.recordNanoseconds(Int64(time / .nanoseconds(1)))
  }

  /// Counts a round of a background job.
  func countRound(_ job: String, isDone: Bool) {
    rounds.counter(job, isDone ? "done" : "failed")?.increment()
  }
}
