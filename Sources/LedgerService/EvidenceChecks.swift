import CanonicalJSON
import GuardedFetch
import LedgerDomain
import LedgerStore
import Logging
import ProofChecks
import ProofForms

/// Holds evidence against what the operator trusts, and locations against what is there.
///
/// Each check answers with a `Finding`, or throws a `Refusal` for what is provably false.
struct EvidenceChecks: Sendable {
  let store: LedgerStore
  let fetch: GuardedFetch
  let configuration: LedgerConfiguration
  let issuer: IssuerKeyCache
  let logger: Logger

  init(store: LedgerStore, configuration: LedgerConfiguration, logger: Logger) {
    self.store = store
    self.configuration = configuration
    self.logger = logger
    let outside = configuration.outside
    fetch = GuardedFetch(
      allowedHosts: outside.allowedHosts, limits: outside.fetchLimits,
      additionalRoots: outside.additionalRootsFile)
    issuer = IssuerKeyCache(store: store, fetch: fetch, issuer: outside.orcidIssuer)
  }

  /// What there is to find out about an event; `nil` where nothing outside the log bears on it.
  ///
  /// - Parameter isProvider: whether the signer's own word about storage is enough.
  func finding(
    for event: SignedEvent, evidence: [Digest: [UInt8]], isProvider: Bool, at now: Timestamp
  ) async throws -> Finding? {
    switch event.body.payload {
    case .timestampAnchor(let anchor):
      guard let bytes = evidence[anchor.evidence] else { return nil }
      return try await proof(anchor.kind, bytes)
    case .anchorUpgraded(_, let digest):
      guard let bytes = evidence[digest] else { return nil }
      return try await proof(.opentimestamps, bytes)
    case .storageAttestation(let storage):
      guard storage.kind != .file, !isProvider else { return nil }
      return try await self.storage(storage)
    case .authorAttestation(let author):
      guard author.method == .orcidOIDC, let digest = author.evidence, let bytes = evidence[digest]
      else { return nil }
      guard try await store.evidenceForAudit(digest) == nil else {
        throw Refusal(
          .conflict, check: "jwt.reuse", field: "payload.evidence_sha256",
          "This token has served a claim already, and serves only one: ask for another.")
      }
      return try await identity(bytes, at: now)
    default: return nil
    }
  }

  private func form<T>(_ read: () throws(ProofFormError) -> T) throws(Refusal) -> T {
    do { return try read() } catch {
      throw Refusal(
        .invalid, check: error.check, field: "evidence", offset: error.offset, error.message)
    }
  }

  // MARK: Time

  func proof(
    _ kind: Payload.TimestampAnchor.Kind, _ bytes: [UInt8]
  ) async throws -> Finding {
    switch kind {
    case .opentimestamps: try await openTimestamps(bytes)
    case .rfc3161: try await token(bytes)
    }
  }

  /// Executes the proof's paths and holds each Bitcoin attestation against the trusted header.
  private func openTimestamps(_ bytes: [UInt8]) async throws -> Finding {
    let proof = try form { () throws(ProofFormError) in try OpenTimestampsProof.parse(bytes) }
    let ends = try form { () throws(ProofFormError) in try proof.ends() }
    var wanted: [(height: Int64, message: [UInt8])] = []
    for end in ends {
      guard case .bitcoin(let height) = end.attestation, let height = Int64(exactly: height) else {
        continue
      }
      wanted.append((height, end.message))
    }
    let headers = try await self.headers(wanted.map(\.height))
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
    guard let proven else { return Finding([Check("bitcoin", .pending)], .pending) }
    return Finding(
      [Check("bitcoin", .verified)], .verified,
      provenAt: Timestamp(microseconds: proven * 1_000_000))
  }

  /// Trusted headers of some heights; those that are missing from the configured explorer, where one is.
  private func headers(_ heights: [Int64]) async throws -> [Int64: BitcoinHeader] {
    var headers: [Int64: BitcoinHeader] = [:]
    for (height, bytes) in try await store.trustedHeaders(heights) {
      headers[height] = try? BitcoinHeader(bytes)
    }
    guard let explorer = configuration.outside.esploraURL else { return headers }
    for height in Set(heights).prefix(4) where headers[height] == nil {
      do {
        let header = try await header(at: height, from: explorer)
        if !configuration.isReadOnly {
          _ = try await store.trust(headers: [(height, header.bytes)])
        }
        headers[height] = header
      } catch {
        // Without the header the anchor waits; nothing is said about it.
        logger.warning("no header \(height) from the explorer: \(error)")
      }
    }
    return headers
  }

  private func header(at height: Int64, from explorer: String) async throws -> BitcoinHeader {
    func text(_ path: String) async throws -> String {
      var request = GuardedFetch.Request(explorer + path)
      request.keeping = 200
      let answer = try await fetch.fetch(request)
      return String(decoding: answer.bytes.filter { $0 > 0x20 }, as: UTF8.self)
    }
    let hash = try await text("/block-height/\(height)")
    guard hash.utf8.count == 64, Hex.decode(hash) != nil,
      let bytes = Hex.decode(try await text("/block/\(hash)/header"))
    else { throw ProofFormError("header.form", "The explorer answered no header.") }
    let header = try BitcoinHeader(bytes)
    guard Hex.encode(header.hash.reversed()) == hash else {
      throw ProofFormError("header.hash", "The explorer answered another block's header.")
    }
    return header
  }

  private func token(_ bytes: [UInt8]) async throws -> Finding {
    let roots = try await store.trusted(.tsa).reduce(into: [UInt8]()) { $0 += $1 + [0x0A] }
    let (token, finding) = try form { () throws(ProofFormError) in
      try TimestampToken.check(bytes, roots: roots)
    }
    switch finding {
    case .untrusted: return Finding([Check("token_chain", .pending)], .pending)
    case .verified:
      guard let time = Timestamp(token.genTime) else {
        throw Refusal(
          .invalid, check: "rfc3161.gen_time", field: "evidence", "genTime is no date.")
      }
      return Finding(
        [Check("token_signature", .verified), Check("token_chain", .verified)], .verified,
        provenAt: time)
    }
  }

  // MARK: Storage

  /// Fetches what is said to be kept somewhere, and hashes it.
  func storage(_ storage: Payload.StorageAttestation) async throws -> Finding {
    let request = try StorageLocation.request(for: storage, configuration.outside, at: .now)
    let fetched: Fetched
    do { fetched = try await fetch.fetch(request) } catch let error as FetchError {
      let isGone = error.status == 404 || error.status == 410
      throw Refusal(
        error.code == .busy ? .unavailable : .invalid,
        check: isGone ? "fetch.gone" : error.code.rawValue, field: "payload.location",
        error.message)
    }
    guard fetched.sha256 == storage.content.bytes else {
      throw Refusal(
        .invalid, check: "fetch.content", field: "payload.content_sha256",
        "At the location are \(fetched.length) bytes that hash to \(Hex.encode(fetched.sha256)).")
    }
    guard fetched.length == storage.sizeBytes else {
      throw Refusal(
        .invalid, check: "fetch.size_bytes", field: "payload.size_bytes",
        "At the location are \(fetched.length) bytes.")
    }
    var checks = [Check("fetch", .verified), Check("content", .verified)]
    var verdict = Verdict.verified
    switch storage.kind {
    case .ipfs:
      switch StorageLocation.cid(of: storage.location) {
      case .raw(let digest) where digest == storage.content.bytes:
        checks.append(Check("cid", .verified))
      case .raw:
        throw Refusal(
          .invalid, check: "cid", field: "payload.location",
          "The CID names bytes of another SHA-256.")
      case .other:
        // A file in several blocks has a CID of its layout: true or not, the bytes alone do not say.
        checks.append(Check("cid", .pending))
        verdict = .pending
      }
    case .softwareHeritage:
      guard fetched.gitBlobSHA1.map(Hex.encode) == String(storage.location.dropFirst(10)) else {
        throw Refusal(
          .invalid, check: "swhid", field: "payload.location",
          "The identifier names other bytes.")
      }
      checks.append(Check("swhid", .verified))
    case .wayback:
      guard fetched.mementoDate != nil else {
        throw Refusal(
          .invalid, check: "memento", field: "payload.location",
          "What answered is no capture: it has no Memento-Datetime.")
      }
      checks.append(Check("memento", .verified))
    default: break
    }
    return Finding(checks, verdict)
  }

  // MARK: Identity

  /// Checks an id_token's claims and signature; without an audience or the issuer's keys it waits.
  private func identity(_ bytes: [UInt8], at now: Timestamp) async throws -> Finding {
    let token = try form { () throws(ProofFormError) in try IdentityToken.parse(bytes) }
    let pending = Finding([Check("token_signature", .pending)], .pending)
    let outside = configuration.outside
    guard !outside.orcidAudiences.isEmpty else { return pending }
    try form { () throws(ProofFormError) in
      try token.checkClaims(
        .init(
          issuer: outside.orcidIssuer, audiences: outside.orcidAudiences,
          now: now.microseconds / 1_000_000))
    }
    guard let keys = try await issuer.keys(for: token) else { return pending }
    do { try await IdentityToken.checkSignature(bytes, keys: keys) } catch {
      throw Refusal(.invalid, check: error.check, field: "evidence", error.message)
    }
    return Finding([Check("token_signature", .verified)], .verified)
  }

  /// Whether the signature of a token holds today; its times are its own affair.
  func signatureHolds(_ bytes: [UInt8]) async throws -> Bool? {
    guard let token = try? IdentityToken.parse(bytes),
      let keys = try await issuer.keys(for: token)
    else { return nil }
    do { try await IdentityToken.checkSignature(bytes, keys: keys) } catch { return false }
    return true
  }
}

/// An issuer's keys: those the operator trusts for work offline, and those it publishes.
actor IssuerKeyCache {
  /// How long fetched keys serve, and how soon an unknown kid may make us ask again.
  static let life: Duration = .seconds(3600)
  static let patience: Duration = .seconds(60)

  private let store: LedgerStore
  private let fetch: GuardedFetch
  private let issuer: String
  private var fetched: IssuerKeys?
  private var asked: ContinuousClock.Instant?
  private var succeeded: ContinuousClock.Instant?

  init(store: LedgerStore, fetch: GuardedFetch, issuer: String) {
    self.store = store
    self.fetch = fetch
    self.issuer = issuer
  }

  /// Keys that may have signed a token; `nil` where they cannot be had now.
  ///
  /// Where the issuer answered and has no such key, its keys are returned all the same: the check that
  /// follows says so.
  func keys(for token: IdentityToken) async throws -> IssuerKeys? {
    var trusted: IssuerKeys?
    for bytes in try await store.trusted(.jwks) {
      guard let keys = try? IssuerKeys(bytes) else { continue }
      trusted = trusted?.union(keys) ?? keys
    }
    if let trusted, trusted.mayHaveSigned(token) { return trusted }
    let now = ContinuousClock.now
    let isFresh = succeeded.map { now - $0 < Self.life } ?? false
    let isKnown = fetched?.mayHaveSigned(token) ?? false
    if !(isFresh && isKnown), asked.map({ now - $0 > Self.patience }) ?? true {
      asked = now
      var request = GuardedFetch.Request(issuer + "/oauth/jwks")
      request.keeping = 65_536
      if let answer = try? await fetch.fetch(request), let keys = try? IssuerKeys(answer.bytes) {
        fetched = keys
        succeeded = now
      }
    }
    guard let succeeded, now - succeeded < Self.life else { return nil }
    return fetched
  }
}
