import CanonicalJSON

/// Prints a page of replication records, one on each line: position, record, standing, outcome and event.
struct ReplicationsOutput: CommandOutput {
  let json: JSON

  var text: String {
    let lines = (json["replications"]?.arrayValue ?? []).map { item in
      [
        "\(item["position"]?.integerValue ?? -1)", item["subject_pith_number"].line,
        item["standing"].line, item["payload"]?["outcome"].line ?? "", item["event_id"].line,
      ].joined(separator: "  ")
    }
    let all = lines + nextCursor
    return all.isEmpty ? "no replication record" : all.joined(separator: "\n")
  }
}
