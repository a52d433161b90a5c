import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService
import RecordFormats

/// Prints a page of replication records, one on each line: position, record, standing, outcome and event.
struct ReplicationsOutput: CommandOutput {
  let json: JSON

  /// Makes the output of a page.
  ///
  /// - Throws: a `JSONError` if an entry is not JSON.
  init(_ page: ReplicationPage, _ links: Links) throws { json = try page.json(links) }

  var text: String {
    var lines = (json["replications"]?.arrayValue ?? []).map { item in
      [
        "\(item["position"]?.integerValue ?? -1)", item["subject_pith_number"]?.stringValue ?? "",
        item["standing"]?.stringValue ?? "", item["payload"]?["outcome"]?.stringValue ?? "",
        item["event_id"]?.stringValue ?? "",
      ].joined(separator: "  ")
    }
    if let cursor = json["cursor"]?.stringValue { lines.append("more: --cursor \(cursor)") }
    return lines.isEmpty ? "no replication record" : lines.joined(separator: "\n")
  }
}
