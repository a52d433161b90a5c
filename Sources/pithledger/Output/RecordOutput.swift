import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService

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

/// Prints a page of events, one event on each line.
struct EventsOutput: CommandOutput {
  let json: JSON

  /// Makes the output of a page.
  ///
  /// - Throws: a `JSONError` if an entry is not JSON.
  init(_ page: EventPage, _ links: Links) throws { json = try page.json(links) }

  var text: String {
    (json["events"]?.arrayValue ?? []).map { event in
      [
        "\(event["position"]?.integerValue ?? -1)", event["recorded_at"]?.stringValue ?? "",
        event["event_type"]?.stringValue ?? "", event["admission"]?["verdict"]?.stringValue ?? "",
        event["event_id"]?.stringValue ?? "",
      ].joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
