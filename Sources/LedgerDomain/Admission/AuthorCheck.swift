import Encodings
import ProofFormats

/// Checks `author_attestation`.
struct AuthorCheck {
  let authority: SignerAuthority
  let evidence: EvidenceForm
  let record: RecordFacts
  let finding: Finding?

  /// Checks the identity token or the signer, and compares the name. A name that differs does not
  /// refuse the claim, unless the token itself gives another name.
  func check(_ payload: AuthorAttestation, _ admission: inout Admission) throws(Refusal) {
    let signer = authority.signer.fingerprint
    if payload.method == .orcidOIDC {
      let issued = try checkToken(payload)
      admission.checks.append(Check("token_form", .verified))
      admission.apply(finding, orPending: "token_signature")
      admission.checks.append(Check("verified_name", payload.verdict(ofIssued: issued)))
    } else if authority.isRegistry {
      throw Refusal(
        .forbidden, .authority, "signer", "The registry key cannot sign author attestations.")
    } else if authority.isVouched {
      let bound = authority.timeline.boundName(signer, at: authority.position)
      admission.checks.append(Check("verified_name", payload.verdict(ofIssued: bound)))
    }
    admission.checks.append(Check("author_name", payload.nameVerdict(in: record.authorNames)))
  }

  /// Checks that a token is about this record, iD and name. Returns the name in the token.
  private func checkToken(_ payload: AuthorAttestation) throws(Refusal) -> String? {
    guard let digest = payload.evidence else {
      throw Refusal(.evidence, "payload.evidence_sha256", "The identity token's SHA-256.")
    }
    let token = try evidence.identityToken(
      digest, for: record.pithNumber,
      key: authority.isRegistry ? nil : authority.signer.fingerprint)
    guard token.subject == payload.orcid else {
      throw Refusal(.tokenSubject, "payload.orcid", "The token is for another iD.")
    }
    if let name = token.name, !PersonName.matches(name, payload.name) {
      throw Refusal(.tokenName, "payload.name", "The token gives another name.")
    }
    return token.name
  }
}
