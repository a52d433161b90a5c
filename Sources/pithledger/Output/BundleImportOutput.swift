import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService

/// Prints the result of the import of a bundle: the events that were taken, and why others were not.
struct BundleImportOutput: CommandOutput {
  let result: BundleImport

  /// The number of events that a check refused.
  var refused: Int {
    result.items.filter { if case .refused = $0.outcome { true } else { false } }.count
  }

  var json: JSON {
    var added: [JSON] = []
    var known: [JSON] = []
    var left: [JSON] = []
    var refused: [JSON] = []
    for item in result.items {
      var json: JSONObject = [
        "event_id": .string("sha256:" + item.eventID.hex), "event_type": .string(item.type.name),
      ]
      switch item.outcome {
      case .added: added.append(.object(json))
      case .known: known.append(.object(json))
      case .left(let reason):
        json["reason"] = .string(reason)
        left.append(.object(json))
      case .refused(let refusal):
        json["check"] = .string(refusal.check)
        json["detail"] = .string(refusal.message)
        refused.append(.object(json))
      }
    }
    return [
      "added": .array(added), "document": result.document, "known": .array(known),
      "not_carried": .array(left), "refused": .array(refused),
    ]
  }

  var text: String {
    var counts = (added: 0, known: 0)
    var lines: [String] = []
    for item in result.items {
      let event = "\(item.type.name) sha256:\(item.eventID.hex)"
      switch item.outcome {
      case .added: counts.added += 1
      case .known: counts.known += 1
      case .left(let reason): lines.append("  not carried: \(event): \(reason)")
      case .refused(let refusal):
        lines.append("  refused: \(event): \(TerminalText.escaped(refusal.message))")
      }
    }
    return
      ([
        "\(result.document["pith_number"].line): \(counts.added) events added, \(counts.known) already there, \(lines.count) not taken"
      ] + lines).joined(separator: "\n")
  }
}
