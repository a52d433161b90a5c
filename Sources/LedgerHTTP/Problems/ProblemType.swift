/// A type of problem: what a check means, and what to do when it fails.
///
/// The tables beside this file have every check that an answer or a command names. The page of a type, the titles of
/// problem documents and `scripts/docs` use them. Specification: errors.md, section Checks.
struct ProblemType: Sendable {
  /// The name of the check.
  let check: String
  /// The status codes of HTTP answers that name the check. Empty if only commands name it.
  let statuses: [Int]
  /// What is wrong, in a few words.
  let title: String
  /// What the check means.
  let meaning: String
  /// What to do when it fails.
  let remedy: String
  /// Whether the problem ends by itself, so that the same request may succeed later.
  let endsByItself: Bool

  init(
    _ check: String, _ statuses: [Int], _ title: String, _ meaning: String, _ remedy: String,
    endsByItself: Bool = true
  ) {
    self.check = check
    self.statuses = statuses
    self.title = title
    self.meaning = meaning
    self.remedy = remedy
    self.endsByItself = endsByItself
  }

  /// Every type.
  static let all: [ProblemType] =
    RequestProblems.all + ServiceProblems.all + SubmissionProblems.all + KeyProblems.all
    + EvidenceProblems.all + TokenProblems.all + ProofProblems.all + LogProblems.all

  private static let byCheck = Dictionary(uniqueKeysWithValues: all.map { ($0.check, $0) })

  /// The type of a check; `nil` for an unknown one.
  static func of(_ check: String) -> ProblemType? { byCheck[check] }
}
