import LedgerDomain

/// How many unsigned anchors one client may leave pending at one record.
///
/// A record holds few of them, and one client must not take all the places.
actor PendingAnchorLimits {
  static let perClient = 4
  static let window: Duration = .seconds(86_400)
  /// Clients and records that are remembered at most; beyond, the oldest are forgotten.
  static let capacity = 50_000

  private struct Key: Hashable {
    let client: ClientID
    let record: Int64
  }

  private var times: [Key: [ContinuousClock.Instant]] = [:]

  /// Refuses where the client's anchors of the last day fill its places.
  func check(_ client: ClientID, _ record: Int64) throws(Refusal) {
    guard client != .shell else { return }
    let now = ContinuousClock.now
    let recent = times[Key(client: client, record: record), default: []]
      .count { $0.duration(to: now) < Self.window }
    guard recent >= Self.perClient else { return }
    throw Refusal(
      .tooMany, check: "pending_anchors",
      "This client has sent \(recent) unsigned anchors for this record in a day that were pending: sign the "
        + "next with a registered key, or wait until it is settled and send the complete proof.")
  }

  /// Takes note of an anchor that was taken, and is pending.
  func note(_ client: ClientID, _ record: Int64) {
    guard client != .shell else { return }
    let now = ContinuousClock.now
    if times.count >= Self.capacity {
      times = times.filter { ($0.value.last?.duration(to: now) ?? Self.window) < Self.window }
      if times.count >= Self.capacity { times.removeAll() }
    }
    let key = Key(client: client, record: record)
    times[key] = times[key, default: []].filter { $0.duration(to: now) < Self.window } + [now]
  }
}
