import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore

/// What the signer of a statement can still do about it: take it back, or replace it.
public struct StatementActions: Sendable {
  /// The form that withdraws the statement.
  let withdrawHref: String
  /// The form for the statement that takes its place; `nil` for a statement that the ledger signed for somebody.
  let replaceHref: String?

  /// The actions on an event; `nil` if nothing can be done about it.
  ///
  /// Errors: a `Refusal` if the entry is not well-formed.
  public init?(_ detail: EventDetail) throws {
    // An event of a type that this version does not know cannot be parsed.
    guard detail.event.type.isAttestation else { return nil }
    let body = try Entry(bytes: detail.event.entry).event.body
    guard case .record(let number) = body.subject,
      !["withdrawn", "superseded"].contains(detail.standing)
    else { return nil }
    // Of what the registry signs, a claim by an identity token alone can be taken back by somebody else than the operator.
    let isRegistrys = body.signer.signerType == .registry
    if isRegistrys, body.type != .authorAttestation { return nil }
    let form = "/pith/\(number.suffix)/attest"
    let id = "sha256:\(detail.event.eventID.hex)"
    withdrawHref = "\(form)/withdraw?event=\(id)"
    let kind: ActionPage.Kind? =
      switch body.type {
      case .authorAttestation: .author
      case .citationSignature: .citation
      case .replicationRecord: .replication
      default: nil
      }
    replaceHref =
      isRegistrys
      ? nil : kind.map { "\(form)/\($0.rawValue)?supersedes=\(id)" }
  }
}
