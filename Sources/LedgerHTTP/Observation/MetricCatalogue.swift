public import PrometheusMetrics

/// The metrics of a service. `docs/operations.md` lists them for operators.
public enum MetricCatalogue {
  /// Durations of requests and of parts of them, from half a millisecond to ten seconds.
  private static let latency = MetricDescription.Kind.durations(bounds: [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ])
  private static let batches = MetricDescription.Kind.numbers(bounds: [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000,
  ])

  /// Every metric, in the order in which they are written.
  public static let all: [MetricDescription] =
    service + http + submission + log + webhooks + database + ProcessMetrics.descriptions

  private static let service: [MetricDescription] = [
    .init("pithledger_build_info", .gauge, "1, with the version of the program."),
    .init(
      "pithledger_ready", .gauge,
      "1 if the service accepts submissions and can sign checkpoints, as /readyz says."),
    .init("pithledger_database_up", .gauge, "1 if the database answered the last question."),
    .init(
      "pithledger_tls_certificate_expiry_timestamp_seconds", .gauge,
      "When the certificate of the service expires, in Unix time."),
    .init(
      "pithledger_metrics_series_dropped_total", .counter,
      "Series that were not kept because their metric has too many."),
  ]

  private static let http: [MetricDescription] = [
    .init(
      "pithledger_http_requests_total", .counter,
      "Answered requests by route, method and class of the status."),
    .init(
      "pithledger_http_request_duration_seconds", latency,
      "Time from the head of a request until its answer is made, without event streams."),
    .init("pithledger_http_requests_in_flight", .gauge, "Requests that are being answered."),
    .init("pithledger_http_connections", .gauge, "Open connections."),
    .init("pithledger_http_connections_limit", .gauge, "The largest number of connections."),
    .init(
      "pithledger_http_connections_refused_total", .counter,
      "Connections that were refused because there were too many."),
    .init(
      "pithledger_http_requests_malformed_total", .counter,
      "Requests that were refused before their route: malformed, too large or too slow."),
    .init("pithledger_http_streams", .gauge, "Open event streams."),
    .init("pithledger_http_body_memory_bytes", .gauge, "Memory of request bodies."),
    .init(
      "pithledger_http_body_memory_limit_bytes", .gauge, "The limit of the memory of bodies."),
    .init(
      "pithledger_cache_reads_total", .counter,
      "Reads of cached answers (status, page), by whether the cache had the answer."),
  ]

  private static let submission: [MetricDescription] = [
    .init(
      "pithledger_submissions_total", .counter,
      "Submissions by type of the event (or document) and outcome."),
    .init(
      "pithledger_submission_refusals_total", .counter,
      "Refused submissions by the check that failed."),
    .init(
      "pithledger_verifications_total", .counter,
      "Checks of appended events by name and verdict."),
    .init(
      "pithledger_quota_refusals_total", .counter, "Requests over a quota, by the quota."),
    .init("pithledger_append_batch_events", batches, "Events of one append transaction."),
    .init(
      "pithledger_append_commit_seconds", latency,
      "Time of one append transaction, with its retries."),
    .init(
      "pithledger_append_queue_submissions", .gauge, "Submissions that wait for a transaction."),
    .init("pithledger_append_queue_bytes", .gauge, "Bytes of these submissions."),
    .init(
      "pithledger_append_retries_total", .counter, "Append transactions that were tried again."),
    .init(
      "pithledger_append_failures_total", .counter, "Append transactions that failed for good."),
  ]

  private static let log: [MetricDescription] = [
    .init("pithledger_log_events", .gauge, "Events in the log."),
    .init("pithledger_log_size_bytes", .gauge, "Bytes of the log's table and its indexes."),
    .init(
      "pithledger_projection_lag_events", .gauge,
      "Events of the log that the projections do not include."),
    .init(
      "pithledger_projection_lag_seconds", .gauge,
      "Age of the oldest event that the projections do not include."),
    .init("pithledger_projection_batch_events", batches, "Events of one batch of the projector."),
    .init("pithledger_projection_batch_seconds", latency, "Time of one batch of the projector."),
    .init("pithledger_projector_restarts_total", .counter, "Restarts of the projector."),
    .init("pithledger_checkpoint_events", .gauge, "Events that the newest checkpoint covers."),
    .init(
      "pithledger_checkpoint_timestamp_seconds", .gauge,
      "When the newest checkpoint was signed, in Unix time."),
    .init(
      "pithledger_job_rounds_total", .counter, "Rounds of the background jobs, by result."),
    .init(
      "pithledger_job_last_round_timestamp_seconds", .gauge,
      "When the last round of a background job ended, in Unix time."),
    .init(
      "pithledger_job_pending", .gauge,
      "Statements that a job follows: pending anchors and claims, watched locations."),
    .init(
      "pithledger_job_due", .gauge, "Locations whose check was due when the last round ended."),
  ]

  private static let webhooks: [MetricDescription] = [
    .init(
      "pithledger_webhooks", .gauge,
      "Webhooks by state: active, failing, stopped after failures, paused by the operator."),
    .init(
      "pithledger_webhook_lag_events", .gauge,
      "The largest number of events of the log that a webhook, which is not paused, has not passed."
    ),
    .init(
      "pithledger_webhook_deliveries_total", .counter,
      "Messages to webhooks by result: delivered, refused, unreachable."),
    .init(
      "pithledger_webhook_delivery_seconds", latency, "Time until the answer to a message."),
  ]

  private static let database: [MetricDescription] = [
    .init(
      "pithledger_database_pool_connections", .gauge,
      "Connections of a pool by state: idle, in_use, connecting."),
    .init(
      "pithledger_database_pool_connections_limit", .gauge,
      "The largest number of connections of a pool."),
    .init(
      "pithledger_database_pool_waiting", .gauge, "Tasks that wait for a connection of a pool."),
    .init(
      "pithledger_database_pool_wait_seconds", latency,
      "Time for which tasks waited that got no connection at once."),
  ]
}
