import CanonicalJSON
import Encodings
import FuzzDriver
import LedgerDomain

/// No submission, document or entry crashes its parser. A parsed event has one id.
@main enum FuzzSubmission {
  static func main() {
    fuzz { bytes in
      if case .signed(let event, _)? = try? SubmissionParser.parse(
        bytes, limits: JSONLimits(maxBytes: 1 << 20))
      {
        guard let again = try? SignedEvent(.object(event.json)) else {
          preconditionFailure("what was written does not parse")
        }
        precondition(again.eventID == event.eventID)
      }
      _ = try? Entry(bytes: bytes)
      if let json = try? JSON.parse(bytes) { _ = try? RecordDocument(json, trusted: [:]) }
      _ = try? RecordName(String(decoding: bytes, as: UTF8.self))
      _ = Timestamp(String(decoding: bytes, as: UTF8.self))
    }
  }
}
