public import Encodings
import ProofFormats

/// `author_attestation`: the signer, or the person of an identity token, is an author of the record.
public struct AuthorAttestation: EventPayload {
  /// The way in which the claim is proven. The raw value is the member `method`.
  public enum Method: String, Sendable, CaseIterable {
    /// The signature of a key.
    case keySignature = "key_signature"
    /// An identity token of ORCID (OpenID Connect).
    case orcidOIDC = "orcid_oidc"
  }

  /// The way in which the claim is proven.
  public let method: Method
  /// The author's name, as the signer states it.
  public let name: String
  /// The ORCID iD, such as `0000-0002-1825-0097`. Its check digit is valid.
  public let orcid: String
  /// The index in the record's author list, counted from 0; `nil` if the signer gives none.
  public let authorIndex: Int64?
  /// SHA-256 of the identity token. Present exactly for the method `orcid_oidc`.
  public let evidence: Digest?
  /// The event that this one replaces.
  public let supersedes: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    method = try members.choice("method", Method.allCases)
    name = try members.text("name")
    orcid = try members.text("orcid")
    authorIndex = try members.optionalInteger("author_index", 0...99_999)
    evidence = try members.optionalDigest("evidence_sha256")
    supersedes = try members.supersedes()
    guard ORCID.isValid(orcid) else {
      throw members.refusal(
        "orcid", "An ORCID iD such as 0000-0002-1825-0097, with a valid check digit.")
    }
    guard (evidence != nil) == (method == .orcidOIDC) else {
      throw members.refusal(
        "evidence_sha256", "Required for orcid_oidc, and not allowed otherwise.")
    }
  }

  var referencedEventID: Digest? { supersedes }

  /// The `signer_id` of keys that belong to this iD.
  public var signerID: String { "https://orcid.org/" + orcid }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    let claimant = KeyTimeline.identity(signerID: signerID)
    // The slot is the iD's. The group is the signer's, because all claims of a signer are counted together.
    columns.slot = Digest128(of: EventType.authorAttestation.name, orcid)
    columns.claimant = claimant
    columns.flags.insert(Self.nameFlags(source.admission))
    guard method == .orcidOIDC else {
      columns.foldGroup = FoldGroup.of(source.signer, FoldGroup.authors)
      return
    }
    columns.flags.insert(.tokenClaim)
    // A claim without a verified token has a group of its own, so that it adds nothing to the iD's group.
    columns.foldGroup =
      source.admission.verdict == .verified
      ? FoldGroup.of(identity: claimant, FoldGroup.authors)
      : FoldGroup.of(claim: source.event.eventID)
  }

  /// What admission found about the name. Entries of versions that did not compare names have no check
  /// `verified_name`.
  private static func nameFlags(_ admission: Admission) -> FoldFlags {
    var flags: FoldFlags = []
    switch admission.verdict(of: "author_name") {
    case .verified: flags.insert(.nameListed)
    case .failed: flags.insert(.nameMismatch)
    default: break
    }
    switch admission.verdict(of: "verified_name") {
    case .verified: flags.insert(.nameVerified)
    case .failed: flags.insert(.nameDiffers)
    case .pending: flags.insert(.nameUnknown)
    default: break
    }
    return flags
  }

  // MARK: Names

  /// Compares the name with the name that the issuer of the identity gave. Pending if the issuer gave none.
  func verdict(ofIssued name: String?) -> Verdict {
    guard let name else { return .pending }
    return PersonName.matches(name, self.name) ? .verified : .failed
  }

  /// Compares the name with a record's author list, at `authorIndex` if it is given. Returns
  /// `pending` if the list is not known.
  public func nameVerdict(in names: [String]?) -> Verdict {
    guard let names else { return .pending }
    if let index = authorIndex {
      return index < names.count && PersonName.matches(names[Int(index)], name)
        ? .verified : .failed
    }
    return names.contains { PersonName.matches($0, name) } ? .verified : .failed
  }
}
