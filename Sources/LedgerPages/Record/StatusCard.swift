import LedgerDomain
import LedgerService
import RecordFormats

/// One part of a record's verification status: what holds, why, and what would improve it.
struct StatusCard: Sendable {
  /// What the part is about.
  let name: String
  let badge: Badge
  /// Why the badge says so.
  let reason: String
  /// The next step to improve it; `nil` if there is none to take.
  var next: Step?

  /// A step that a reader can take.
  struct Step: Sendable {
    let text: String
    /// The page where the step is taken; `nil` if it is not taken on a page.
    let href: String?
  }
}

/// The parts of a record's verification status, in the order in which a reader asks for them.
struct StatusCards {
  let status: VerificationStatus
  /// The numbers of statements by type and standing; empty for a record without attestations.
  let counts: StatementCounts
  /// The number of citations by a vouched key; `nil` for a status of the past.
  let vouchedCitations: Int?
  /// The earliest time that a proof proves, among those that the page shows.
  let provenBy: TimeWords?
  /// Until when a stored copy counts; `nil` if it counts without end, or none counts.
  let storedUntil: TimeWords?
  /// The page of the record.
  let page: String

  var all: [StatusCard] {
    [identity, receipt, authors, time, storage, citations, replications, graph]
  }

  private func step(_ text: String, _ form: String? = nil) -> StatusCard.Step {
    StatusCard.Step(text: text, href: form.map { "\(page)/attest/\($0)" })
  }

  private var identity: StatusCard {
    status.contentAddressed
      ? StatusCard(
        name: "Identifier", badge: Badge("confirmed", .good),
        reason: "The canonical record hashes to this Pith Number.")
      : StatusCard(
        name: "Identifier", badge: Badge("not confirmed", .bad),
        reason: "No entry confirms that the canonical record hashes to this Pith Number.")
  }

  private var receipt: StatusCard {
    status.pithReceipt
      ? StatusCard(
        name: "Receipt", badge: Badge("valid", .good),
        reason: "A key that the operator trusts for receipts signed the hash of this record.")
      : StatusCard(
        name: "Receipt", badge: Badge("none", .none),
        reason: "No receipt of a trusted key is known here.",
        next: step("The operator imports the document of the record with its receipt."))
  }

  private var authors: StatusCard {
    let (strong, weak) = (Int(status.strongAuthorClaims), Int(status.weakAuthorClaims))
    let form = step("Are you an author? Claim it.", "author")
    if strong > 0 {
      return StatusCard(
        name: "Authors", badge: Badge("\(strong) confirmed", .good),
        reason:
          "\(Words.count(strong, "person")) signed as an author under a name in the author list."
          + " ORCID or the operator confirms the iD."
          + (weak > 0 ? " \(Words.count(weak, "weak claim")) stand beside that." : ""), next: form)
    }
    if weak > 0 {
      return StatusCard(
        name: "Authors", badge: Badge(Words.count(weak, "weak claim"), .wait),
        reason: "Somebody claims to be an author. The iD or the name is not confirmed.", next: form)
    }
    return StatusCard(
      name: "Authors", badge: Badge("no claim", .none), reason: "No author has signed here.",
      next: form)
  }

  private var time: StatusCard {
    if status.externallyAnchored {
      let by = provenBy.map { " by \($0.day)" } ?? ""
      return StatusCard(
        name: "Time", badge: Badge("proven", .good),
        reason: "A checked proof shows that the hash of this record existed\(by).",
        next: step("Add another proof of time.", "timestamp"))
    }
    let pending = counts[.timestampAnchor, .pending]
    let form = step("Submit a proof of time.", "timestamp")
    return pending > 0
      ? StatusCard(
        name: "Time", badge: Badge(Words.count(pending, "proof") + " pending", .wait),
        reason:
          "The proofs are well formed, and their ends are not checked yet. They prove no time.",
        next: form)
      : StatusCard(
        name: "Time", badge: Badge("no proof", .none),
        reason: "Nothing proves when the hash of this record existed.", next: form)
  }

  private var storage: StatusCard {
    if status.storageVerified {
      let until = storedUntil.map { " This counts until \($0.day)." } ?? ""
      return StatusCard(
        name: "Storage", badge: Badge("copy verified", .good),
        reason:
          "The ledger hashed a copy itself, or a vouched provider signed that it keeps one.\(until)",
        next: step("Name another copy.", "storage"))
    }
    return StatusCard(
      name: "Storage", badge: Badge("no verified copy", .none),
      reason: "No copy counts at the moment: none was found, or the check of it has expired.",
      next: step("Name a copy, or upload a file.", "storage"))
  }

  private var citations: StatusCard {
    let signed = Int(status.citationSignatures)
    let form = step("Does your paper cite this one? Sign it.", "citation")
    guard signed > 0 else {
      return StatusCard(
        name: "Citations", badge: Badge("none signed", .none),
        reason: "Nobody has signed that a paper cites this one.", next: form)
    }
    let vouched =
      switch vouchedCitations {
      case nil: ""
      case 0?:
        " None of them is by a key that the operator vouched for, so who signed is not confirmed."
      case let vouched?: " \(vouched) of them by a key that the operator vouched for."
      }
    return StatusCard(
      name: "Citations", badge: Badge("\(signed) signed", vouchedCitations == 0 ? .wait : .good),
      reason: "\(Words.count(signed, "citation")) with a valid signature.\(vouched)", next: form)
  }

  private var replications: StatusCard {
    let (approved, pending) = (
      Int(status.replicationRecords), counts[.replicationRecord, .pending]
    )
    let waits = pending > 0 ? " \(Words.count(pending, "report")) for a moderator to decide." : ""
    let form = step("Did you try to replicate a claim? Report it.", "replication")
    if approved > 0 {
      return StatusCard(
        name: "Replications", badge: Badge("\(approved) approved", .good),
        reason:
          "A moderator approved \(Words.count(approved, "report")), whatever the outcome.\(waits)",
        next: form)
    }
    return StatusCard(
      name: "Replications",
      badge: pending > 0 ? Badge("\(pending) undecided", .wait) : Badge("none", .none),
      reason: "No report of a replication is approved.\(waits)", next: form)
  }

  private var graph: StatusCard {
    guard status.graphSnapshot else {
      return StatusCard(
        name: "Claims and references", badge: Badge("not known", .none),
        reason: "No snapshot of the paper's claims and references was recorded.",
        next: step("The operator imports the document of the record."))
    }
    let references =
      status.referencesResolved
      ? "It says that each reference was matched to a work."
      : "It does not say that each reference was matched to a work."
    let formal = status.formalLinksPresent ? " It lists formal evidence." : ""
    return StatusCard(
      name: "Claims and references",
      badge: status.referencesResolved
        ? Badge("references matched", .good) : Badge("snapshot recorded", .wait),
      reason: "The source gave a snapshot of claims and references. \(references)\(formal)")
  }
}
