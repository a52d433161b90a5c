public import LedgerService
import LedgerStore

/// What went wrong with a request for a page.
public struct ErrorPage: Page {
  public static let template = "error"
  public let frame: PageFrame
  /// The heading.
  public let heading: String
  /// What is wrong, in the words of the problem.
  public let detail: String
  /// What the reader may do about it.
  public let advice: String
  /// What the reader looked for; empty for none.
  public let text: String
  /// The records that the name may mean.
  public let candidates: [RecordLink]
  /// Whether there are ``candidates``.
  public let hasCandidates: Bool
  /// The records with similar names.
  public let near: [RecordLink]
  /// Whether there are records in ``near``.
  public let hasNear: Bool
  /// The number of the status.
  public let status: Int
  /// The name of the check, which has a page of its own.
  public let check: String

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - status: the status of the answer.
  ///   - check: the check that failed.
  ///   - detail: what is wrong.
  ///   - text: what the reader looked for; `nil` for nothing.
  ///   - candidates: the records that an ambiguous name may mean, by Pith Number.
  ///   - near: records with similar names.
  public init(
    status: Int, check: String, detail: String, text: String?, candidates: [String],
    near: [NearMatch]
  ) {
    heading = Self.heading(status, check)
    frame = PageFrame(title: heading, summary: detail)
    self.detail = detail
    advice = Self.advice(status)
    self.text = text ?? ""
    self.candidates = candidates.map { RecordLink(number: $0) }
    hasCandidates = !candidates.isEmpty
    self.near = near.map { RecordLink($0) }
    hasNear = !near.isEmpty
    self.status = status
    self.check = check
  }

  private static func heading(_ status: Int, _ check: String) -> String {
    switch (status, check) {
    case (404, "identifier"): "No such record here"
    case (404, "event_id"): "No such event here"
    case (404, "fingerprint"): "No such key here"
    case (404, "orcid"): "Nothing is signed under this iD here"
    case (404, _): "There is no such page"
    case (400, "identifier"): "That is no name of a record"
    case (409, "identifier"): "Several records have this name"
    case (410, _): "It was erased"
    case (429, _): "Too many requests"
    case (503, _): "Not possible right now"
    case (400..<500, _): "This request cannot be answered"
    default: "Something went wrong"
    }
  }

  private static func advice(_ status: Int) -> String {
    switch status {
    case 400, 404, 409: "Check the address, search for it, or browse the records."
    case 429: "Wait a while, and load the page again."
    case 503: "Load the page again in a moment."
    case 400..<500: "Check the address."
    default: "Load the page again later."
    }
  }
}
