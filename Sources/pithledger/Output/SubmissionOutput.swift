import CanonicalJSON

/// Prints the answer to a submission.
struct SubmissionOutput: CommandOutput {
  let json: JSON

  var text: String {
    let number =
      json["pith_number"]?.stringValue == nil ? "" : " on \(json["pith_number"].line)"
    let reason = json["reason"]?.stringValue == nil ? "" : " (\(json["reason"].line))"
    let word = json["created"] == true ? "recorded" : "already there"
    return "\(word): \(json["standing"].line)\(reason)\(number)\n"
      + "  event    \(json["event_id"].line)\n  position \(json["position"]?.integerValue ?? -1)"
  }
}
