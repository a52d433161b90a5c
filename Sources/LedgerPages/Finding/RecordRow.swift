import LedgerDomain
public import LedgerService
public import LedgerStore
import RecordFormats

/// A record as a row of a list. The template `record_row` shows it.
public struct RecordRow: Sendable {
  /// The title, or the name of the source where no title is known.
  public let title: String
  /// What is to be said about the title; `nil` for one that has the digest in the record.
  public let titleNote: String?
  /// The authors as the document lists them; `nil` if it lists none.
  public let authors: String?
  /// The Pith Number, short.
  public let number: String
  /// The page of the record.
  public let href: String
  /// The name at the source, such as `arXiv:2401.00001v2`.
  public let source: String
  /// The categories, with links to their records.
  public let categories: [TextLink]
  /// When the source got the paper.
  public let submitted: TimeWords
  /// What is verified.
  public let badges: [Badge]

  /// The largest number of characters of an author list.
  private static let maxAuthors = 300

  /// Makes a row.
  public init(_ item: RecordSearchPage.Item) {
    let record = item.record
    source = Self.source(record)
    title = record.title.map { PlainText.oneLine($0) } ?? source
    titleNote =
      switch record.titleVerified {
      case true?: nil
      case false?: "The record has the digest of another title than this one."
      case nil: "No document with the title is stored here."
      }
    authors = record.authors.map { PlainText.oneLine($0, limit: Self.maxAuthors) }
    number = record.record.pithNumber.short
    href = Links().page(record.record.pithNumber)
    categories = record.categories.prefix(8).map {
      TextLink($0, Links.address("/records", [("category", $0)]))
    }
    submitted = TimeWords(record.place.submittedAt)
    badges = Self.badges(item.status.verificationStatus)
  }

  private static func source(_ record: FoundRecord) -> String {
    let version = record.sourceVersion > 0 ? "v\(record.sourceVersion)" : ""
    return switch record.sourceKind {
    case "arxiv": "arXiv:\(record.sourceID)\(version)"
    case "doi": "doi:\(record.sourceID)"
    default: "\(record.sourceKind):\(record.sourceID)"
    }
  }

  /// What is verified about a record, the strongest first; one badge at least.
  static func badges(_ status: VerificationStatus) -> [Badge] {
    var badges: [Badge] = []
    if status.strongAuthorClaims > 0 { badges.append(Badge("author confirmed", .good)) }
    if status.strongAuthorClaims == 0, status.weakAuthorClaims > 0 {
      badges.append(Badge("authorship claimed, not proven", .wait))
    }
    if status.externallyAnchored { badges.append(Badge("proof of time", .good)) }
    if status.storageVerified { badges.append(Badge("stored copy checked", .good)) }
    if status.replicationRecords > 0 {
      badges.append(
        Badge(
          NumberWords.count(
            status.replicationRecords, "approved replication report", "approved replication reports"
          ),
          .good))
    }
    if status.citationSignatures > 0 {
      badges.append(
        Badge(
          NumberWords.count(status.citationSignatures, "signed citation", "signed citations"), .good
        ))
    }
    if status.pithReceipt { badges.append(Badge("Pith receipt", .good)) }
    return badges.isEmpty ? [Badge("no statement counts yet", .none)] : badges
  }
}

/// A record that is suggested for a name.
public struct RecordLink: Sendable {
  /// The title, or the Pith Number where no title is known.
  public let title: String
  /// The Pith Number.
  public let number: String
  /// The page of the record.
  public let href: String
  /// Why it is suggested; `nil` if that is plain.
  public let why: String?

  /// Makes a link.
  public init(_ record: TitledRecord, why: String? = nil) {
    title = record.title.map { PlainText.oneLine($0) } ?? record.record.pithNumber.short
    number = record.record.pithNumber.description
    href = Links().page(record.record.pithNumber)
    self.why = why
  }

  /// Makes a link to a record of which only the Pith Number is known.
  public init(number: String) {
    title = number
    self.number = number
    href = "/pith/\(number.split(separator: ":").last ?? "")"
    why = nil
  }

  /// Makes a link to a record that is like what a reader asked for.
  public init(_ match: NearMatch) {
    let why =
      switch match.reason {
      case .beginning(let count):
        "Its Pith Number begins with the same \(count) characters."
      case .lookAlike:
        "Its Pith Number is the same with characters that look alike, such as 0 and O."
      case .arxiv: "It has the same arXiv id, written in another way or in another version."
      case .doi: "It has the same DOI."
      case .words: "Its title or its authors have these words."
      }
    self.init(match.record, why: why)
  }
}
