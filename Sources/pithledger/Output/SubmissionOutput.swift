import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService

/// Prints the answer to a submission.
struct SubmissionOutput: CommandOutput {
  let answer: SubmissionAnswer

  var json: JSON { answer.json }

  var text: String {
    let number = answer.pithNumber.map { " on \($0)" } ?? ""
    let reason = answer.reason.map { " (\($0))" } ?? ""
    return
      "\(answer.created ? "recorded" : "already there"): \(answer.standing)\(reason)\(number)\n"
      + "  event    sha256:\(answer.eventID.hex)\n  position \(answer.position)"
  }
}
