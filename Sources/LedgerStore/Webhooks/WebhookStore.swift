public import LedgerDomain
import PostgresClient

/// The subscriptions to events of the log, and how far each is.
///
/// A webhook is delivered by one process at a time: the one that holds it. A process that died holds it until its time is
/// over, by the clock of the database.
public struct WebhookStore: Sendable {
  private let settler: DatabasePool
  private let administrator: DatabasePool

  init(settler: DatabasePool, administrator: DatabasePool) {
    self.settler = settler
    self.administrator = administrator
  }

  // MARK: Subscriptions

  /// Adds a subscription. Returns `false` if there are as many already as there may be.
  public func add(_ webhook: Webhook, most: Int) async throws -> Bool {
    try await !administrator.query(
      """
      INSERT INTO ledger.webhook (id, url, event_types, pith_number, signer, target, batch_size, next_position,
        created_at)
      SELECT $1, $2, $3::text[], $4::text, $5::text, $6::text, $7, $8, $9
      WHERE (SELECT count(*) FROM ledger.webhook o WHERE o.id <> $1) < $10
      ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING id
      """,
      [
        .text(webhook.id), .text(webhook.url),
        webhook.types.isEmpty ? .null : .textArray(webhook.types.map(\.name)),
        .optional(webhook.pithNumber), .optional(webhook.signer), .optional(webhook.target),
        .int4(Int32(clamping: webhook.batchSize)), .position(webhook.next),
        .timestamp(webhook.created.microseconds), .int8(Int64(most)),
      ]
    ).isEmpty
  }

  /// All subscriptions, in the order in which they were made.
  public func all() async throws -> [Webhook] {
    try await administrator.query(
      "SELECT \(Webhook.columns) FROM ledger.webhook w ORDER BY w.created_at, w.id"
    ).map { try Webhook($0) }
  }

  /// One subscription; `nil` if there is none with this identifier.
  public func webhook(_ id: String) async throws -> Webhook? {
    try await administrator.query(
      "SELECT \(Webhook.columns) FROM ledger.webhook w WHERE w.id = $1", [.text(id)]
    ).first.map { try Webhook($0) }
  }

  /// Removes a subscription. Returns `false` if there is none.
  public func remove(_ id: String) async throws -> Bool {
    let rows = try await administrator.pipeline([
      PostgresStatement("DELETE FROM ledger.webhook w WHERE w.id = $1 RETURNING w.id", [.text(id)])
    ])
    return !rows[0].isEmpty
  }

  /// Pauses a subscription on the operator's command. Returns it; `nil` if there is none.
  public func pause(_ id: String) async throws -> Webhook? {
    try await change(id, "pause = 'operator'")
  }

  /// Makes a subscription active again, with no failures. Returns it; `nil` if there is none.
  public func resume(_ id: String) async throws -> Webhook? {
    try await change(
      id,
      "pause = NULL, failures = 0, failing_since = NULL, next_attempt_at = NULL, last_error = NULL")
  }

  /// Begins the next generation of the secret.
  ///
  /// - Parameters:
  ///   - id: the identifier of the webhook.
  ///   - generation: the present one. A repeated call with it has no further effect.
  ///   - time: when the next generation begins.
  public func rotate(
    _ id: String, from generation: Int64, at time: Timestamp
  ) async throws -> Webhook? {
    _ = try await administrator.query(
      """
      UPDATE ledger.webhook w SET generation = w.generation + 1, rotated_at = $3
      WHERE w.id = $1 AND w.generation = $2
      """, [.text(id), .int8(generation), .timestamp(time.microseconds)])
    return try await webhook(id)
  }

  private func change(_ id: String, _ columns: String) async throws -> Webhook? {
    try await administrator.query(
      "UPDATE ledger.webhook w SET \(columns) WHERE w.id = $1 RETURNING \(Webhook.columns)",
      [.text(id)]
    ).first.map { try Webhook($0) }
  }

  // MARK: Delivery

  /// Takes the webhooks that have events to deliver, are due, and are held by no other process.
  ///
  /// - Parameters:
  ///   - holder: the name of this process.
  ///   - busy: webhooks that this process is delivering already.
  ///   - seconds: how long the process holds them.
  ///   - now: the present time.
  public func claim(
    _ holder: String, except busy: some Sequence<String>, seconds: Int64, now: Timestamp
  ) async throws -> [Webhook] {
    try await settler.query(
      """
      UPDATE ledger.webhook w SET holder = $1, held_until = clock_timestamp() + $2 * interval '1 second'
      WHERE w.pause IS NULL AND w.next_position < (SELECT h.size FROM ledger.head h)
        AND (w.next_attempt_at IS NULL OR w.next_attempt_at <= $3) AND NOT w.id = ANY ($4)
        AND (w.held_until IS NULL OR w.held_until < clock_timestamp() OR w.holder = $1)
      RETURNING \(Webhook.columns)
      """,
      [.text(holder), .int8(seconds), .timestamp(now.microseconds), .textArray(Array(busy))]
    ).map { try Webhook($0) }
  }

  /// Notes the end of the batch that is sent next, so that a repetition sends the same batch.
  ///
  /// - Returns: `nil` if the process does not hold the webhook any more.
  public func begin(
    _ id: String, _ holder: String, batchEnd: Position, seconds: Int64
  ) async throws -> Webhook? {
    try await held(id, holder, seconds, "batch_end = $4", [.position(batchEnd)])
  }

  /// Moves a webhook to a position behind events that it does not want.
  ///
  /// - Returns: `nil` if the process does not hold the webhook any more.
  public func skip(
    _ id: String, _ holder: String, to next: Position, seconds: Int64
  ) async throws -> Webhook? {
    try await held(
      id, holder, seconds, "next_position = greatest(w.next_position, $4), batch_end = NULL",
      [.position(next)])
  }

  /// Moves a webhook to a position behind events that were delivered.
  ///
  /// - Returns: `nil` if the process does not hold the webhook any more.
  public func advance(
    _ id: String, _ holder: String, to next: Position, at time: Timestamp, seconds: Int64
  ) async throws -> Webhook? {
    try await held(
      id, holder, seconds,
      """
      next_position = greatest(w.next_position, $4), batch_end = NULL, failures = 0, failing_since = NULL,
        next_attempt_at = NULL, last_error = NULL, last_attempt_at = $5, delivered_at = $5
      """, [.position(next), .timestamp(time.microseconds)])
  }

  private func held(
    _ id: String, _ holder: String, _ seconds: Int64, _ columns: String,
    _ values: [PostgresValue]
  ) async throws -> Webhook? {
    try await settler.query(
      """
      UPDATE ledger.webhook w SET \(columns), held_until = clock_timestamp() + $3 * interval '1 second'
      WHERE w.id = $1 AND w.holder = $2 RETURNING \(Webhook.columns)
      """, [.text(id), .text(holder), .int8(seconds)] + values
    ).first.map { try Webhook($0) }
  }

  /// Notes a failed attempt, and gives the webhook back.
  ///
  /// - Returns: `false` if the process does not hold the webhook any more.
  public func fail(
    _ id: String, _ holder: String, _ failure: WebhookFailure
  ) async throws -> Bool {
    try await !settler.query(
      """
      UPDATE ledger.webhook w SET failures = $3, failing_since = coalesce(w.failing_since, $4), last_attempt_at = $4,
        next_attempt_at = $5, last_error = $6, pause = coalesce(w.pause, $7), held_until = NULL
      WHERE w.id = $1 AND w.holder = $2 RETURNING w.id
      """,
      [
        .text(id), .text(holder), .int4(Int32(clamping: failure.failures)),
        .timestamp(failure.at.microseconds), .timestamp(failure.nextAttempt.microseconds),
        .text(failure.error), .optional(failure.pause?.rawValue),
      ]
    ).isEmpty
  }

  /// Gives a webhook back, so that any process may take it.
  public func release(_ id: String, _ holder: String) async throws {
    _ = try await settler.query(
      "UPDATE ledger.webhook w SET held_until = NULL WHERE w.id = $1 AND w.holder = $2",
      [.text(id), .text(holder)])
  }

  /// Counts the webhooks by state.
  public func counts() async throws -> WebhookCounts {
    let row = try await settler.query(
      """
      SELECT count(*) FILTER (WHERE w.pause IS NULL AND w.failures = 0),
        count(*) FILTER (WHERE w.pause IS NULL AND w.failures > 0),
        count(*) FILTER (WHERE w.pause IN ('gone', 'failing')), count(*) FILTER (WHERE w.pause = 'operator'),
        coalesce(max((SELECT h.size FROM ledger.head h) - w.next_position) FILTER (WHERE w.pause IS NULL), 0)
      FROM ledger.webhook w
      """)[0]
    return WebhookCounts(
      active: try row.int(0), failing: try row.int(1), stopped: try row.int(2),
      paused: try row.int(3), lag: try row.int(4))
  }
}

extension PostgresValue {
  /// A text, or NULL.
  fileprivate static func optional(_ text: String?) -> PostgresValue {
    text.map { .text($0) } ?? .null
  }
}
