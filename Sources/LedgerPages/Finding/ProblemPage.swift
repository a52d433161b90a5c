/// What a check means, and what to do when it fails.
public struct ProblemPage: Page {
  public static let template = "problem"
  public let frame: PageFrame
  /// The name of the check.
  public let check: String
  /// The heading.
  public let title: String
  /// What the check means.
  public let meaning: String
  /// What to do.
  public let remedy: String
  /// The status codes of answers that name the check.
  public let statuses: [Int]
  /// Whether there are ``statuses``.
  public let isAnswered: Bool

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - check: the name of the check.
  ///   - title: what is wrong, in a few words.
  ///   - meaning: what the check requires.
  ///   - remedy: what corrects the problem.
  ///   - statuses: the status codes of answers that name the check; empty if only commands name it.
  ///   - canonicalURL: the address of the page.
  public init(
    check: String, title: String, meaning: String, remedy: String, statuses: [Int],
    canonicalURL: String
  ) {
    frame = PageFrame(title: title, summary: meaning, canonicalURL: canonicalURL)
    self.check = check
    self.title = title
    self.meaning = meaning
    self.remedy = remedy
    self.statuses = statuses
    isAnswered = !statuses.isEmpty
  }
}
