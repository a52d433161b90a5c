import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore

/// Prints the status of a record.
struct StatusOutput: CommandOutput {
  let json: JSON

  var text: String {
    var lines = [
      "\(json["pith_number"].line) at position \(json["position"]?.integerValue ?? -1)"
    ]
    for (key, value) in json["verification_status"]?.objectValue ?? [:] {
      lines.append("  \(Self.padded(key, to: 22)) \(value.canonicalString())")
    }
    let summary = json["event_summary"]
    if let total = summary?["total"]?.integerValue {
      lines.append("  \(total) attestations")
      for (type, counts) in summary?["by_type"]?.objectValue ?? [:] {
        let standings = (counts.objectValue ?? [:]).filter { $0.key != "total" && $0.value != 0 }
          .map { "\($0.value.canonicalString()) \($0.key)" }
        lines.append("    \(Self.padded(type, to: 20)) \(standings.joined(separator: ", "))")
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func padded(_ text: String, to width: Int) -> String {
    TerminalText.escaped(text).padding(to: width)
  }
}

/// Prints the statuses of several records.
struct StatusesOutput: CommandOutput {
  let json: JSON

  private var items: [JSON] { json["statuses"]?.arrayValue ?? [] }

  /// Whether each name designates a record.
  var isComplete: Bool { items.allSatisfy { $0["error"] == nil } }

  var text: String {
    items.map { item in
      guard let error = item["error"] else { return StatusOutput(json: item).text }
      return "\(item["id"].line): \(error["detail"].line) [\(error["check"].line)]"
    }.joined(separator: "\n")
  }
}

/// Prints the numbers of a ledger after its first events, and the statuses of some records.
struct PastReplayOutput: CommandOutput {
  let past: PastProjections
  let statuses: [StatusSnapshot]

  var json: JSON {
    var members = past.json.objectValue ?? [:]
    if !statuses.isEmpty { members["statuses"] = .array(statuses.map(\.json)) }
    return .object(members)
  }

  var text: String {
    let lines =
      ["\(past.records) records after \(past.events) events"]
      + past.totals.map { "  \($0.name): \($0.value)" } + [
        "  sha256 of the rows: \(past.digest.hex)"
      ]
      + statuses.map { StatusOutput(json: $0.json).text }
    return lines.joined(separator: "\n")
  }
}

/// Prints a page of a search, one record on each line.
struct SearchOutput: CommandOutput {
  let json: JSON

  var text: String {
    let lines = (json["records"]?.arrayValue ?? []).map { item in
      [
        item["pith_number"].line, item["submitted_at"].line, item["primary_cat"].line,
        item["title"]?.stringValue == nil ? "no title" : item["title"].line,
      ].joined(separator: "  ")
    }
    return (lines + nextCursor).joined(separator: "\n")
  }
}

/// Prints an event with its standing.
struct EventOutput: CommandOutput {
  let json: JSON

  var text: String {
    let reason = json["reason"]?.stringValue == nil ? "" : " (\(json["reason"].line))"
    let vouched = json["signer_vouched"] == true ? ", vouched for" : ""
    return """
      \(json["event_type"].line) at position \(json["position"]?.integerValue ?? -1), \(json["recorded_at"].line)
        standing \(json["standing"].line)\(reason)
        about    \(json["subject_pith_number"].line) \(json["target"].line)
        signer   \(json["signer"]?["public_key_fingerprint"].line ?? "")\(vouched)
        payload  \(TerminalText.escapedJSON(json["payload"]?.canonicalString() ?? ""))
      """
  }
}

/// Prints a page of events, one event on each line.
struct EventsOutput: CommandOutput {
  let json: JSON

  /// The events of the page.
  var events: [JSON] { json["events"]?.arrayValue ?? [] }

  /// The position at which the next page begins; `nil` for the last page.
  var next: Int64? {
    json["next"]?.stringValue?.firstMatch(of: #/[?&]from=([0-9]{1,16})(?:&|$)/#)
      .flatMap { Int64($0.1) }
  }

  /// Refuses a page with events that came before, or that leads back to them.
  ///
  /// - Parameter from: the position at which the page was asked to begin.
  func requireProgress(after from: Int64?) throws(Refusal) {
    var last = (from ?? 0) - 1
    for event in events {
      let position = event["position"]?.integerValue ?? -1
      guard position > last else { throw Self.notInOrder }
      last = position
    }
    if let next, next <= max(last, from ?? 0) { throw Self.notInOrder }
  }

  private static let notInOrder = Refusal(
    .unavailable, check: "server", "The events of the answer are not in order.")

  /// An event in one line: position, time, type, standing or verdict, event id.
  static func line(_ event: JSON) -> String {
    let verdict = event["standing"] ?? event["admission"]?["verdict"]
    return [
      "\(event["position"]?.integerValue ?? -1)", event["recorded_at"].line,
      event["event_type"].line, verdict.line, event["event_id"].line,
    ].joined(separator: "  ")
  }

  var text: String {
    (events.map(Self.line) + (next.map { ["more: --from \($0)"] } ?? [])).joined(separator: "\n")
  }
}
