import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore

/// A form for a statement about a record, which the browser signs or which proves itself.
public struct ActionPage: Page {
  public static let template = "action"
  public var frame: PageFrame
  let heading: String
  let explanation: String
  let formHeading: String
  /// The title of the paper, or its Pith Number.
  let paper: String
  let number: String
  let recordHref: String
  let type: String
  /// The address that the statement is sent to.
  let post: String
  /// The SHA-256 of the canonical record.
  let sha256: String
  /// The largest submission in bytes.
  let limit: String
  let words: String
  /// The statement that is withdrawn.
  let withdrawn: EventRow?
  /// The event id of that statement, and the key that signed it; empty otherwise.
  let event: String
  let signer: String
  /// Why there is no form; `nil` if there is one.
  let obstacle: String?
  let canAct: Bool
  let isSigned: Bool
  let hasSubmit: Bool
  let fields: [FormField]
  let signIn: SignIn
  let command: String
  let commandNote: String

  /// The kinds of statements that have a form, by the last part of the form's address.
  public enum Kind: String, Sendable, CaseIterable {
    case timestamp, storage, author, citation, replication, withdraw
  }

  /// Makes the page of one of the five attestations.
  ///
  /// - Parameters:
  ///   - kind: the attestation.
  ///   - facts: what the page shows of the record.
  ///   - configuration: the settings, of which a form depends on some.
  ///   - earlier: the statement that the new one replaces, whose payload fills the form; `nil` for none.
  ///   - supersedes: its event id, as the reader gave it.
  ///   - target: the part of the record that is chosen first.
  ///
  /// Errors: a `Refusal` if an entry is not well-formed.
  public init(
    _ kind: Kind, _ facts: ActionFacts, _ configuration: LedgerConfiguration,
    earlier: EventDetail? = nil, supersedes: String = "", target: String = "record"
  ) throws {
    let payload = try earlier.map { try Entry(bytes: $0.event.entry).event.body }
    let prefill = ActionForm.Prefill(
      payload: payload?.payloadJSON ?? [:], supersedes: supersedes,
      target: payload?.target.text ?? target)
    let form: ActionForm
    switch kind {
    case .timestamp: form = .timestamp(facts)
    case .storage: form = .storage(facts)
    case .author: form = .author(facts, prefill)
    case .citation: form = .citation(facts, prefill)
    case .replication, .withdraw: form = .replication(facts, prefill)
    }
    let obstacle =
      kind == .replication && facts.claims.isEmpty
      ? "This ledger knows no claims of this paper: its record has no snapshot of them. A replication names the claims that it is about."
      : nil
    self.init(
      form, facts, configuration, obstacle: obstacle,
      signIn: kind == .author
        ? SignIn(configuration.externalServices, label: "Prove it with ORCID", bindsKey: true)
        : .none)
  }

  /// Makes the page that withdraws a statement.
  ///
  /// Errors: a `Refusal` if the entry is not well-formed.
  public init(
    withdrawing detail: EventDetail, _ facts: ActionFacts, _ configuration: LedgerConfiguration
  ) throws {
    let body = try Entry(bytes: detail.event.entry).event.body
    let isBare = body.signer.signerType == .registry
    var isByToken = false
    if case .authorAttestation(let claim) = body.payload { isByToken = claim.method == .orcidOIDC }
    let signIn =
      isBare && isByToken
      ? SignIn(
        configuration.externalServices, label: "Withdraw it with ORCID", bindsKey: false)
      : SignIn.none
    self.init(
      .withdrawal(of: detail, facts, isSigned: !isBare), facts, configuration,
      obstacle: Self.obstacle(
        detail, body, isBare: isBare, canSignIn: signIn.isOffered, isByToken: isByToken),
      signIn: signIn, withdrawn: try EventRow(detail),
      event: "sha256:\(detail.event.eventID.hex)", signer: isBare ? "" : body.signer.fingerprint.hex
    )
  }

  private static func obstacle(
    _ detail: EventDetail, _ body: EventBody, isBare: Bool, canSignIn: Bool, isByToken: Bool
  ) -> String? {
    if !body.type.isAttestation { return "Only statements about a paper can be withdrawn." }
    if detail.standing == "withdrawn" { return "This statement is withdrawn already." }
    if isBare && !isByToken {
      return
        "The ledger signed this statement, because its evidence proves it. Only the operator can withdraw it, with the command below."
    }
    return isBare && !canSignIn
      ? "This claim was made by a sign-in with ORCID, which this ledger does not offer now. A new identity token can be sent from the shell."
      : nil
  }

  private init(
    _ form: ActionForm, _ facts: ActionFacts, _ configuration: LedgerConfiguration,
    obstacle: String?, signIn: SignIn, withdrawn: EventRow? = nil, event: String = "",
    signer: String = ""
  ) {
    let number = facts.record.pithNumber
    let paper = facts.title ?? number.description
    var frame = PageFrame(
      title: "\(form.heading): \(paper)", summary: "A form for a signed statement about \(paper).")
    if obstacle == nil { frame.scripts = [form.script] }
    self.frame = frame
    heading = form.heading
    explanation = form.explanation
    formHeading = form.formHeading
    self.paper = paper
    self.number = number.description
    recordHref = "/pith/\(number.suffix)"
    type = form.type.name
    post = "/pith/\(number.suffix)/action/\(form.type.name)"
    sha256 = facts.record.canonicalSHA256.hex
    limit = String(configuration.limits.submissionBytes)
    words = BrowserWords.json(form.type)
    self.withdrawn = withdrawn
    self.event = event
    self.signer = signer
    self.obstacle = obstacle
    canAct = obstacle == nil
    isSigned = form.isSigned
    hasSubmit = form.isSigned || form.type != .eventWithdrawn
    fields = form.fields
    self.signIn = signIn
    command = form.command
    commandNote = form.commandNote
  }
}

extension ActionForm {
  /// The form that withdraws a statement.
  fileprivate static func withdrawal(
    of detail: EventDetail, _ facts: ActionFacts, isSigned: Bool
  ) -> ActionForm {
    let key = isSigned ? " --key you.key" : ""
    return ActionForm(
      type: .eventWithdrawn, heading: "Withdraw a statement",
      explanation:
        "A statement that is withdrawn no longer counts. It stays in the log with the withdrawal and its reason, and cannot be revived.",
      formHeading: "The withdrawal",
      fields: [
        .init(
          "reason", "Reason", .line(maxLength: 500), help: "It is public and permanent.",
          member: "reason", isRequired: true)
      ],
      isSigned: isSigned, script: "attest-withdraw.js",
      command:
        "pithledger withdraw \(facts.record.pithNumber.suffix) sha256:\(detail.event.eventID.hex) --reason 'Your reason'\(key)",
      commandNote: isSigned
        ? "The key is the one that signed the statement."
        : "Without a key, the operator withdraws on the machine of the ledger. With --token FILE, a new identity token of the same iD withdraws a claim."
    )
  }
}
