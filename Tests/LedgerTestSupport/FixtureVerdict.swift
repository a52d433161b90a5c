import CanonicalJSON
import TestSupport

/// What must come of a file of the fixtures that is sent for the sample's record.
public struct FixtureVerdict {
  public let file: String
  /// The check that refuses it, or how its name begins.
  public let check: String

  /// What the index advises about a malformed file; what may be merged instead of refused is kept whole.
  public static func isRefused(_ advice: String) -> Bool {
    advice.hasPrefix("reject") && !advice.contains("never drop")
  }

  public static func all(of folder: String) throws -> [FixtureVerdict] {
    let index = try JSON.parse(Fixtures.shared("\(folder)/index.json"))
    if folder == "rfc3161" {
      // Each is about another digest than the record's; what fails before that is named instead.
      let files = Set(index["cases"]?.arrayValue?.compactMap { $0["file"]?.stringValue } ?? [])
      return files.sorted().map {
        FixtureVerdict(
          file: $0, check: $0.hasPrefix("rejected") ? "rfc3161.status" : "rfc3161.imprint")
      }
    }
    let sound = (index["proofs"]?.arrayValue ?? []).compactMap { $0["file"]?.stringValue }
    let malformed = (index["malformed"]?.arrayValue ?? []).compactMap { item -> FixtureVerdict? in
      guard let file = item["file"]?.stringValue, let advice = item["recommended"]?.stringValue
      else { return nil }
      return FixtureVerdict(file: file, check: isRefused(advice) ? "ots." : "ots.digest")
    }
    return sound.map { FixtureVerdict(file: $0, check: "ots.digest") } + malformed
  }
}
