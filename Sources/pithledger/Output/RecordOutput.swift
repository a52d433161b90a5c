import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import RecordFormats

/// Prints the status of a record.
struct StatusOutput: CommandOutput {
  let status: StatusSnapshot

  var json: JSON { status.json }

  var text: String {
    var lines = ["\(status.pithNumber) at position \(status.position)"]
    for (key, value) in status.verificationStatus.json {
      lines.append("  \(Self.padded(key, to: 22)) \(value.canonicalString())")
    }
    if let total = status.eventSummary["total"]?.integerValue {
      lines.append("  \(total) attestations")
      for (type, counts) in status.eventSummary["by_type"]?.objectValue ?? [:] {
        let standings = (counts.objectValue ?? [:]).filter { $0.key != "total" && $0.value != 0 }
          .map { "\($0.value.canonicalString()) \($0.key)" }
        lines.append("    \(Self.padded(type, to: 20)) \(standings.joined(separator: ", "))")
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func padded(_ text: String, to length: Int) -> String {
    text.padding(toLength: length, withPad: " ", startingAt: 0)
  }
}

/// Prints the statuses of several records.
struct StatusesOutput: CommandOutput {
  let statuses: [(name: String, status: Result<StatusSnapshot, Refusal>)]

  /// Whether each name designates a record.
  var isComplete: Bool { statuses.allSatisfy { (try? $0.status.get()) != nil } }

  var json: JSON { statuses.json }

  var text: String {
    statuses.map { item in
      switch item.status {
      case .success(let status): StatusOutput(status: status).text
      case .failure(let refusal): "\(item.name): \(refusal)"
      }
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
      + statuses.map { StatusOutput(status: $0).text }
    return lines.joined(separator: "\n")
  }
}

/// Prints a page of a search, one record on each line.
struct SearchOutput: CommandOutput {
  let page: RecordSearchPage
  let links: Links

  var json: JSON { page.json(links) }

  var text: String {
    let lines = page.records.map { item in
      [
        item.record.record.pithNumber.description, item.record.place.submittedAt.description,
        item.record.categories.first ?? "", item.record.title ?? "no title",
      ].joined(separator: "  ")
    }
    return (lines + (page.next.map { ["more: --cursor \($0)"] } ?? [])).joined(separator: "\n")
  }
}

/// Prints an event with its standing.
struct EventOutput: CommandOutput {
  let event: EventDetail
  let json: JSON

  /// Makes the output of an event.
  ///
  /// - Throws: a `JSONError` if the entry is not JSON.
  init(_ event: EventDetail) throws {
    self.event = event
    json = try event.json()
  }

  var text: String {
    let reason = event.reason.map { " (\($0))" } ?? ""
    let vouched = event.isSignerVouched ? ", vouched for" : ""
    return """
      \(event.event.type.name) at position \(event.event.position), \(event.event.recordedAt)
        standing \(event.standing)\(reason)
        about    \(json["subject_pith_number"]?.stringValue ?? "") \(json["target"]?.stringValue ?? "")
        signer   \(json["signer"]?["public_key_fingerprint"]?.stringValue ?? "")\(vouched)
        payload  \(json["payload"]?.canonicalString() ?? "")
      """
  }
}

/// Prints a page of events, one event on each line.
struct EventsOutput: CommandOutput {
  let json: JSON
  private let next: Position?

  /// Makes the output of a page.
  ///
  /// - Throws: a `JSONError` if an entry is not JSON.
  init(_ page: EventPage, _ links: Links) throws {
    json = try page.json(links)
    next = page.next
  }

  var text: String {
    let lines = (json["events"]?.arrayValue ?? []).map { event in
      let verdict = event["standing"] ?? event["admission"]?["verdict"]
      return [
        "\(event["position"]?.integerValue ?? -1)", event["recorded_at"]?.stringValue ?? "",
        event["event_type"]?.stringValue ?? "", verdict?.stringValue ?? "",
        event["event_id"]?.stringValue ?? "",
      ].joined(separator: "  ")
    }
    return (lines + (next.map { ["more: --from \($0)"] } ?? [])).joined(separator: "\n")
  }
}
