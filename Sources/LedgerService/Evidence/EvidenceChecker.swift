import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// Checks evidence against the trust configuration, and attested locations against their content.
///
/// Each check returns a `Finding`, or throws a `Refusal` for evidence that is provably false.
final class EvidenceChecker: Sendable {
  let store: LedgerStore
  let fetch: SafeHTTPClient
  let headers: BlockHeaders
  let issuer: IssuerKeyCache
  let executor: ProofExecutor
  let configuration: LedgerConfiguration

  init(
    store: LedgerStore, fetch: SafeHTTPClient, headers: BlockHeaders, issuer: IssuerKeyCache,
    executor: ProofExecutor, configuration: LedgerConfiguration
  ) {
    self.store = store
    self.fetch = fetch
    self.headers = headers
    self.issuer = issuer
    self.executor = executor
    self.configuration = configuration
  }

  /// Whether the verdict on an event depends on trust configuration or an external service.
  ///
  /// - Parameter isProvider: whether the signer is a vouched storage provider, whose statements are not
  ///   fetched.
  func needsExternalCheck(_ event: SignedEvent, isProvider: Bool) -> Bool {
    switch event.body.payload {
    case .timestampAnchor, .anchorUpgraded: true
    case .storageAttestation(let storage): storage.kind != .file && !isProvider
    case .authorAttestation(let author): author.method == .orcidOIDC
    case .eventWithdrawn(let withdrawal): withdrawal.evidence != nil
    default: false
    }
  }

  /// The finding about an event that needs an external check and has passed `precheck`. `nil` if its
  /// evidence is missing.
  ///
  /// - Parameter now: the time against which the times in a token are checked.
  func finding(
    for event: SignedEvent, evidence: [Digest: [UInt8]], at now: Timestamp
  ) async throws -> Finding? {
    switch event.body.payload {
    case .timestampAnchor(let anchor):
      guard let bytes = evidence[anchor.proof] else { return nil }
      return try await proof(anchor.kind, bytes, of: anchor.digest)
    case .anchorUpgraded(let upgrade):
      guard let bytes = evidence[upgrade.proof] else { return nil }
      return try await proof(.opentimestamps, bytes)
    case .storageAttestation(let storage):
      return try await fetchStorage(storage).finding(for: storage)
    case .authorAttestation, .eventWithdrawn:
      guard let digest = event.body.payload.evidence, let bytes = evidence[digest] else {
        return nil
      }
      guard try await !store.evidence.isUsed(token: digest) else { throw Self.usedToken }
      return try await identity(bytes, at: now)
    default: return nil
    }
  }

  /// The refusal of a token that was used before.
  static let usedToken = Refusal(
    .conflict, check: "jwt.reuse", field: "payload.evidence_sha256",
    "This token was used already. A token serves one claim or withdrawal: request another.")

  /// Runs a parser and turns its error into a `Refusal`.
  func parsing<T>(_ read: () throws(ProofFormatError) -> T) throws(Refusal) -> T {
    do { return try read() } catch { throw Refusal(proof: error) }
  }

  /// The result of executing an `.ots` file. Results are cached.
  func executed(_ bytes: [UInt8]) async throws -> ExecutedProof {
    do { return try await executor.execute(bytes) } catch let error as ProofFormatError {
      throw Refusal(proof: error)
    }
  }

  // MARK: Time

  /// Checks a proof of time against the trusted headers or roots.
  ///
  /// - Parameters:
  ///   - digest: the digest that the proof must be over. `nil` if that was checked already.
  func proof(
    _ kind: TimestampAnchor.Kind, _ bytes: [UInt8], of digest: Digest? = nil,
    missing: BlockHeaders.Missing = .fetchedAndTrusted
  ) async throws -> Finding {
    switch kind {
    case .opentimestamps: try await openTimestamps(bytes, of: digest, missing: missing)
    case .rfc3161: try await token(bytes, of: digest)
    }
  }

  /// Executes the proof and compares each Bitcoin attestation with the block's header.
  private func openTimestamps(
    _ bytes: [UInt8], of digest: Digest?, missing: BlockHeaders.Missing
  ) async throws -> Finding {
    let proof = try await executed(bytes)
    guard digest == nil || (proof.algorithm == .sha256 && proof.digest == digest?.bytes) else {
      throw Refusal(
        .invalid, check: "ots.digest", field: "evidence", "The proof is over another digest.")
    }
    var wanted: [(height: Int64, message: [UInt8])] = []
    for end in proof.ends {
      guard case .bitcoin(let height) = end.attestation, let height = Int64(exactly: height) else {
        continue
      }
      wanted.append((height, end.message))
    }
    let headers = try await self.headers.headers(wanted.map(\.height), missing)
    var proven: Int64?
    for (height, message) in wanted {
      guard let header = headers[height] else { continue }
      guard header.merkleRoot == message else {
        throw Refusal(
          .invalid, check: "ots.bitcoin", field: "evidence",
          "The path leads to \(Hex.encode(message)), and the merkle root of block \(height) is "
            + "\(Hex.encode(header.merkleRoot)) (internal byte order).")
      }
      proven = min(proven ?? .max, header.time)
    }
    guard let proven else {
      var finding = Finding([Check("bitcoin", .pending)], .pending)
      let canBeSettled = try await canBeSettled(proof)
      finding.canBeSettled = canBeSettled
      finding.missing = missingPart(
        of: proof, wanted.map(\.height), canBeSettled: canBeSettled)
      return finding
    }
    return Finding(
      [Check("bitcoin", .verified)], .verified,
      provenAt: Timestamp(microseconds: proven * 1_000_000))
  }

  /// What a pending proof waits for: the header of a block, or a calendar.
  private func missingPart(
    of proof: ExecutedProof, _ heights: [Int64], canBeSettled: Bool
  ) -> String {
    if let height = heights.min() {
      guard canBeSettled else {
        return
          "Bitcoin block \(height) cannot exist yet, and the proof names no calendar in "
          + "PITHLEDGER_OTS_CALENDARS"
      }
      return
        "no header of Bitcoin block \(height) is trusted here: `pithledger trust headers add` adds it, or "
        + "PITHLEDGER_ESPLORA_URL or PITHLEDGER_BITCOIN_CORE_URL names where it is fetched"
    }
    let calendars = proof.ends.compactMap { end -> String? in
      if case .pending(let uri) = end.attestation { uri } else { nil }
    }
    if let asked = calendars.first(where: configuration.externalServices.calendars.contains) {
      return
        "the calendar \(asked) has not put it into a block yet: `pithledger anchors upgrade` asks it"
    }
    guard let first = calendars.first else {
      return "the proof names no calendar and no block of Bitcoin"
    }
    return
      "the proof names no calendar in PITHLEDGER_OTS_CALENDARS: complete what waits for "
      + "\(first) elsewhere and send it again"
  }

  /// Whether a proof has a pending attestation of a configured calendar.
  func isAwaitingCalendar(_ proof: ExecutedProof) -> Bool {
    proof.ends.contains {
      if case .pending(let uri) = $0.attestation {
        configuration.externalServices.calendars.contains(uri)
      } else {
        false
      }
    }
  }

  /// Whether a pending proof names a configured calendar, or a block that may exist.
  private func canBeSettled(_ proof: ExecutedProof) async throws -> Bool {
    if isAwaitingCalendar(proof) { return true }
    guard let lowest = proof.heights.min() else { return false }
    return lowest <= (try await headers.maxHeight())
  }

  private func token(_ bytes: [UInt8], of digest: Digest?) async throws -> Finding {
    let roots = try await store.trust.documents(.tsa).reduce(into: [UInt8]()) { $0 += $1 + [0x0A] }
    let (token, finding): ProofExecutor.CheckedToken
    do {
      (token, finding) = try await executor.check(bytes, roots: roots, imprint: digest?.bytes)
    } catch let error as ProofFormatError { throw Refusal(proof: error) }
    switch finding {
    case .untrusted(let certificate):
      var pending = Finding([Check("token_chain", .pending)], .pending)
      pending.missing =
        "the token's chain ends at no trusted root, and this certificate is missing: \(certificate): "
        + "`pithledger trust tsa add` trusts its root"
      return pending
    case .verified:
      guard let time = Timestamp(token.genTime) else {
        throw Refusal(
          .invalid, check: "rfc3161.gen_time", field: "evidence", "genTime is not a date.")
      }
      return Finding(
        [Check("token_signature", .verified), Check("token_chain", .verified)], .verified,
        provenAt: time)
    }
  }

  // MARK: Storage

  /// Fetches an attested location and hashes its content.
  ///
  /// - Parameter pool: the pool whose slot the fetch takes.
  ///
  /// Errors: a `Refusal` if the fetch fails or exceeds a limit.
  func fetchStorage(
    _ storage: StorageAttestation, _ pool: FetchPool = .storage
  ) async throws -> FetchReport {
    let now = configuration.clock()
    var request = try StorageLocation.request(for: storage, configuration.externalServices, at: now)
    request.pool = pool
    do {
      let fetched = try await fetch.fetch(request)
      return FetchReport(fetched, at: now, isPrivate: fetched.isInside || storage.isSigned)
    } catch let error as FetchError {
      if let status = error.status { return FetchReport(status: status, at: now) }
      let code: Refusal.Code =
        switch error.code {
        case .busy: .unavailable
        case .clientLimit: .tooMany
        default: .invalid
        }
      throw Refusal(
        code, check: error.code.rawValue, field: "payload.location", error.message,
        retryAfter: code == .invalid ? nil : 1)
    }
  }

  // MARK: Identity

  /// Checks the claims and the signature of an id_token. Pending without a configured audience or the
  /// issuer's keys.
  ///
  /// - Parameter now: the time against which the token's times are checked.
  func identity(_ bytes: [UInt8], at now: Timestamp) async throws -> Finding {
    let token = try parsing { () throws(ProofFormatError) in try IdentityToken.parse(bytes) }
    var pending = Finding([Check("token_signature", .pending)], .pending)
    let services = configuration.externalServices
    guard !services.orcidAudiences.isEmpty else {
      pending.missing =
        "no audience is configured, for which tokens are accepted: set PITHLEDGER_ORCID_AUDIENCES"
      return pending
    }
    try parsing { () throws(ProofFormatError) in
      try token.checkClaims(
        .init(
          issuer: services.orcidIssuer, audiences: services.orcidAudiences,
          now: now.microseconds / 1_000_000))
    }
    guard let keys = try await issuer.keys(for: token) else {
      pending.missing =
        "the keys of \(services.orcidIssuer) (PITHLEDGER_ORCID_ISSUER) cannot be fetched, and no trusted key set "
        + "has the token's key: `pithledger trust jwks add` adds one"
      return pending
    }
    do {
      try await executor.limited { try await IdentityToken.checkSignature(bytes, keys: keys) }
    } catch let error as ProofFormatError {
      throw Refusal(.invalid, check: error.check, field: "evidence", error.message)
    }
    return Finding([Check("token_signature", .verified)], .verified)
  }
}
