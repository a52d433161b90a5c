import Encodings
import LedgerDomain
import LedgerStore
import ProofFormats

/// Vouches for the key of an author claim whose identity token was requested with that key's nonce.
struct TokenVoucher: Sendable {
  /// How many keys of one iD can be vouched for by token. The statements of all of them are in one fold
  /// group.
  static let maxKeysPerIdentity = 32

  let store: LedgerStore
  let timeline: TimelineCache
  let signing: SigningSubmitter
  let origin: String

  /// Vouches for the signer's key if the event is such a claim and its token is valid.
  ///
  /// A repeated submission of the claim adds a vouch that a crash left out.
  func vouch(for event: SignedEvent, _ evidence: [Digest: [UInt8]], position: Position) async throws
  {
    guard try await hasVerifiedToken(event, at: position) else { return }
    try await vouchVerified(event, evidence)
  }

  /// The same for a claim whose token has just been verified.
  func vouchVerified(_ event: SignedEvent, _ evidence: [Digest: [UInt8]]) async throws {
    guard case .authorAttestation(let author) = event.body.payload,
      author.method == .orcidOIDC, event.body.signer.signerID == author.signerID,
      let digest = author.evidence, let bytes = evidence[digest],
      let token = try? IdentityToken.parse(bytes), case .record(let number) = event.body.subject,
      token.nonce == IdentityNonce.of(number, event.body.signer.fingerprint)
    else { return }
    let keys = try await timeline.current()
    let key = event.body.signer.fingerprint
    let isKnown = keys.timeline.isVouched(key, at: keys.next, as: .author, name: token.name)
    let others = keys.timeline.keys(of: KeyTimeline.identity(signerID: author.signerID))
    guard !isKnown, others.contains(key) || others.count < Self.maxKeysPerIdentity else { return }
    do {
      _ = try await signing.vouch(
        key, as: .author, method: "orcid_oidc", name: token.name, origin: origin)
    } catch let refusal as Refusal where refusal == KeyAdministrator.vouchedAlready {
      // A concurrent submission with the same token was faster.
    }
  }

  /// Whether the admission of an event verified its token.
  private func hasVerifiedToken(_ event: SignedEvent, at position: Position) async throws -> Bool {
    guard case .authorAttestation(let author) = event.body.payload, author.method == .orcidOIDC,
      let stored = try await store.log.events(from: position, limit: 1).first
    else { return false }
    return try Entry(bytes: stored.entry).admission.checks
      .contains(Check("token_signature", .verified))
  }
}
