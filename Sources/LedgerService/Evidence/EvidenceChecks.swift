import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// Holds evidence against what the operator trusts, and locations against what is there.
///
/// Each check answers with a `Finding`, or throws a `Refusal` for what is provably false.
struct EvidenceChecks: Sendable {
  let store: LedgerStore
  let fetch: SafeHTTPClient
  let configuration: LedgerConfiguration
  let issuer: IssuerKeyCache
  let executor = ProofExecutor()
  let calendars: CalendarClient
  let logger: Logger

  init(store: LedgerStore, configuration: LedgerConfiguration, logger: Logger) {
    self.store = store
    self.configuration = configuration
    self.logger = logger
    let services = configuration.externalServices
    fetch = SafeHTTPClient(
      allowedHosts: services.allowedHosts, limits: services.fetchLimits,
      additionalRoots: services.additionalRootsFile)
    issuer = IssuerKeyCache(store: store, fetch: fetch, services: services)
    var pace = CalendarClient.Limits()
    pace.answerLife = services.calendarAnswerLife
    calendars = CalendarClient(fetch, pace)
  }

  /// Whether anything outside the log and the evidence's form bears on an event.
  ///
  /// - Parameter isProvider: whether the signer's own word about storage is enough.
  func bear(on event: SignedEvent, isProvider: Bool) -> Bool {
    switch event.body.payload {
    case .timestampAnchor, .anchorUpgraded: true
    case .storageAttestation(let storage): storage.kind != .file && !isProvider
    case .authorAttestation(let author): author.method == .orcidOIDC
    case .eventWithdrawn(_, _, let token): token != nil
    default: false
    }
  }

  /// What there is to find out about an event on which something outside bears, and whose form has been
  /// examined; `nil` where its evidence is missing.
  func finding(
    for event: SignedEvent, evidence: [Digest: [UInt8]], at now: Timestamp
  ) async throws -> Finding? {
    switch event.body.payload {
    case .timestampAnchor(let anchor):
      guard let bytes = evidence[anchor.evidence] else { return nil }
      return try await proof(anchor.kind, bytes, of: anchor.digest)
    case .anchorUpgraded(_, let digest):
      guard let bytes = evidence[digest] else { return nil }
      return try await proof(.opentimestamps, bytes)
    case .storageAttestation(let storage):
      return try await look(at: storage).finding(for: storage)
    case .authorAttestation, .eventWithdrawn:
      guard let digest = event.body.payload.evidence, let bytes = evidence[digest] else {
        return nil
      }
      guard try await !store.evidence.isUsed(token: digest) else { throw Self.reuse }
      return try await identity(bytes, at: now)
    default: return nil
    }
  }

  /// That a token has served already.
  static let reuse = Refusal(
    .conflict, check: "jwt.reuse", field: "payload.evidence_sha256",
    "This token has served already, and serves only one claim or withdrawal: ask for another.")

  func form<T>(_ read: () throws(ProofFormatError) -> T) throws(Refusal) -> T {
    do { return try read() } catch { throw Refusal(proof: error) }
  }

  /// What an `.ots` file says and leads to; remembered, and executed at most once at a time.
  func executed(_ bytes: [UInt8]) async throws -> ExecutedProof {
    do { return try await executor.execute(bytes) } catch let error as ProofFormatError {
      throw Refusal(proof: error)
    }
  }

  // MARK: Time

  /// Holds a proof of time against what is trusted.
  ///
  /// - Parameters:
  ///   - digest: what it must be about; `nil` where that has been checked.
  ///   - missing: what is done about headers that are not trusted yet.
  func proof(
    _ kind: Payload.TimestampAnchor.Kind, _ bytes: [UInt8], of digest: Digest? = nil,
    missing: MissingHeaders = .askedAndKept
  ) async throws -> Finding {
    switch kind {
    case .opentimestamps: try await openTimestamps(bytes, of: digest, missing: missing)
    case .rfc3161: try await token(bytes, of: digest)
    }
  }

  /// Whether the configured explorer or node is asked for a header, and whether its answer is trusted
  /// from then on.
  enum MissingHeaders {
    case left
    case asked
    case askedAndKept
  }

  /// Executes the proof's paths and holds each Bitcoin attestation against the trusted header.
  private func openTimestamps(
    _ bytes: [UInt8], of digest: Digest?, missing: MissingHeaders
  ) async throws -> Finding {
    let proof = try await executed(bytes)
    guard digest == nil || (proof.algorithm == .sha256 && proof.digest == digest?.bytes) else {
      throw Refusal(
        .invalid, check: "ots.digest", field: "evidence", "The proof is about another digest.")
    }
    var wanted: [(height: Int64, message: [UInt8])] = []
    for end in proof.ends {
      guard case .bitcoin(let height) = end.attestation, let height = Int64(exactly: height) else {
        continue
      }
      wanted.append((height, end.message))
    }
    let headers = try await self.headers(wanted.map(\.height), missing)
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
      finding.canBeSettled = try await canBeSettled(proof)
      return finding
    }
    return Finding(
      [Check("bitcoin", .verified)], .verified,
      provenAt: Timestamp(microseconds: proven * 1_000_000))
  }

  /// Whether a calendar that the ledger asks has promised to complete a proof.
  func isPromised(_ proof: ExecutedProof) -> Bool {
    proof.ends.contains {
      if case .pending(let uri) = $0.attestation {
        configuration.externalServices.calendars.contains(uri)
      } else {
        false
      }
    }
  }

  /// Whether a pending proof names a calendar that the ledger asks, or a block that may exist.
  private func canBeSettled(_ proof: ExecutedProof) async throws -> Bool {
    if isPromised(proof) { return true }
    guard let lowest = proof.heights.min() else { return false }
    return lowest <= (try await highestBlock())
  }

  /// No Bitcoin block is higher by now: from the highest trusted header, or from the first block, one block
  /// every nine minutes. The chain's own pace is ten.
  private func highestBlock() async throws -> Int64 {
    var (height, time): (Int64, Int64) = (0, 1_231_006_505)
    if let highest = try await store.trust.headerRange().heights?.upperBound,
      let bytes = try await store.trust.headers(at: [highest])[highest],
      let header = try? BitcoinHeader(bytes)
    {
      // Whatever an operator may have trusted, nothing here overflows.
      (height, time) = (min(highest, 1 << 40), header.time)
    }
    let elapsed = max(0, configuration.clock().microseconds / 1_000_000 - time)
    return height + elapsed / 540 + 144
  }

  /// Trusted headers of some heights; those that are missing from the configured explorer or node.
  private func headers(
    _ heights: [Int64], _ missing: MissingHeaders
  ) async throws -> [Int64: BitcoinHeader] {
    var headers: [Int64: BitcoinHeader] = [:]
    for (height, bytes) in try await store.trust.headers(at: heights) {
      headers[height] = try? BitcoinHeader(bytes)
    }
    guard missing != .left,
      configuration.externalServices.esploraURL ?? configuration.externalServices.bitcoinCoreURL
        != nil
    else { return headers }
    let highest = try await highestBlock()
    let missingHeights = Set(heights).filter { headers[$0] == nil && $0 <= highest }
    for height in missingHeights.sorted().prefix(4) {
      do {
        let header = try await header(at: height)
        // What contradicts a header that is trusted already is not taken from anybody.
        var neighbours = [height: header]
        for (other, bytes) in try await store.trust.headers(at: [height - 1, height + 1]) {
          neighbours[other] = try? BitcoinHeader(bytes)
        }
        try BitcoinHeader.checkLinks(neighbours)
        if missing == .askedAndKept, !configuration.isReadOnly {
          try await store.trust.addFetchedHeader(header.bytes, at: height)
        }
        headers[height] = header
      } catch {
        // Without the header the anchor waits; nothing is said about it.
        logger.warning("no header \(height) from the explorer or node: \(error)")
      }
    }
    return headers
  }

  /// The header of a height, by Esplora's API or by Bitcoin Core's REST interface, once it lies deep enough.
  private func header(at height: Int64) async throws -> BitcoinHeader {
    func bytes(_ url: String, maxResponseBytes size: Int = 200) async throws -> [UInt8] {
      var request = SafeHTTPClient.Request(url, .headers)
      request.maxResponseBytes = size
      request.followsRedirects = false
      let question = request
      return try await FetchClient.$current.withValue(nil) { try await fetch.fetch(question).bytes }
    }
    func text(_ url: String) async throws -> String {
      String(decoding: try await bytes(url).filter { $0 > 0x20 }, as: UTF8.self)
    }
    let services = configuration.externalServices
    let tip: Int64?
    let hash: String
    let address: String
    if let explorer = services.esploraURL {
      tip = Int64(try await text("\(explorer)/blocks/tip/height"))
      hash = try await text("\(explorer)/block-height/\(height)")
      address = "\(explorer)/block/\(hash)/header"
    } else {
      let node = services.bitcoinCoreURL ?? ""
      // Its difficulty is no whole number, which canonical JSON does not have.
      struct ChainInfo: Decodable { let blocks: Int64 }
      let info = try await bytes("\(node)/rest/chaininfo.json", maxResponseBytes: 65_536)
      tip = try JSONDecoder().decode(ChainInfo.self, from: Data(info)).blocks
      hash = try await text("\(node)/rest/blockhashbyheight/\(height).hex")
      address = "\(node)/rest/headers/1/\(hash).hex"
    }
    guard let tip, tip >= height, tip - height >= services.headerDepth - 1 else {
      throw ProofFormatError(
        "header.depth", "Fewer than \(services.headerDepth) blocks stand from this one on.")
    }
    guard hash.utf8.count == 64, Hex.decode(hash) != nil,
      let bytes = Hex.decode(try await text(address))
    else { throw ProofFormatError("header.form", "What was answered is no header.") }
    let header = try BitcoinHeader(bytes)
    guard Hex.encode(header.hash.reversed()) == hash else {
      throw ProofFormatError("header.hash", "Another block's header was answered.")
    }
    return header
  }

  private func token(_ bytes: [UInt8], of digest: Digest?) async throws -> Finding {
    let roots = try await store.trust.documents(.tsa).reduce(into: [UInt8]()) { $0 += $1 + [0x0A] }
    let (token, finding): ProofExecutor.CheckedToken
    do {
      (token, finding) = try await executor.check(bytes, roots: roots, imprint: digest?.bytes)
    } catch let error as ProofFormatError { throw Refusal(proof: error) }
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
  ///
  /// Errors: a `Refusal` where nobody answered, or not within the limits.
  /// - Parameter pool: whose slots it takes.
  func look(
    at storage: Payload.StorageAttestation, _ pool: FetchPool = .storage
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
      throw Refusal(code, check: error.code.rawValue, field: "payload.location", error.message)
    }
  }

  // MARK: Identity

  /// Checks an id_token's claims and signature; without an audience or the issuer's keys it waits.
  ///
  /// - Parameter now: the time that the token's own times are held against.
  func identity(_ bytes: [UInt8], at now: Timestamp) async throws -> Finding {
    let token = try form { () throws(ProofFormatError) in try IdentityToken.parse(bytes) }
    let pending = Finding([Check("token_signature", .pending)], .pending)
    let services = configuration.externalServices
    guard !services.orcidAudiences.isEmpty else { return pending }
    try form { () throws(ProofFormatError) in
      try token.checkClaims(
        .init(
          issuer: services.orcidIssuer, audiences: services.orcidAudiences,
          now: now.microseconds / 1_000_000))
    }
    guard let keys = try await issuer.keys(for: token) else { return pending }
    do {
      try await executor.limited { try await IdentityToken.checkSignature(bytes, keys: keys) }
    } catch let error as ProofFormatError {
      throw Refusal(.invalid, check: error.check, field: "evidence", error.message)
    }
    return Finding([Check("token_signature", .verified)], .verified)
  }
}

extension Refusal {
  /// That a proof's form, or what it leads to, is wrong.
  init(proof error: ProofFormatError) {
    self.init(.invalid, check: error.check, field: "evidence", offset: error.offset, error.message)
  }
}

/// An issuer's keys: those the operator trusts for work offline, and those it publishes.
actor IssuerKeyCache {
  private let store: LedgerStore
  private let fetch: SafeHTTPClient
  private let services: LedgerConfiguration.ExternalServices
  private var fetched: IssuerKeys?
  private var fetchedBytes: [UInt8] = []
  private var asked: ContinuousClock.Instant?
  private var succeeded: ContinuousClock.Instant?
  private var asking: Task<[UInt8]?, Never>?

  init(store: LedgerStore, fetch: SafeHTTPClient, services: LedgerConfiguration.ExternalServices) {
    self.store = store
    self.fetch = fetch
    self.services = services
  }

  /// Keys that may have signed a token; `nil` where they cannot be had now.
  ///
  /// Where the issuer has just answered and has no such key, its keys are returned all the same: the check
  /// that follows says so.
  ///
  /// Errors: `jwt.key`, unavailable, where the issuer's keys are fresh, lack this one, and it is too soon to
  /// ask again: it may have been added meanwhile.
  func keys(for token: IdentityToken) async throws -> IssuerKeys? {
    var trusted: IssuerKeys?
    for bytes in try await store.trust.documents(.jwks) {
      guard let keys = try? IssuerKeys(bytes) else { continue }
      trusted = trusted?.union(keys) ?? keys
    }
    if let trusted, trusted.mayHaveSigned(token) { return trusted }
    if isFresh, let fetched, fetched.mayHaveSigned(token) { return fetched }
    if asking != nil || asked.map({ ContinuousClock.now - $0 >= services.issuerPatience }) ?? true {
      await ask()
      return isFresh ? fetched : nil
    }
    guard isFresh else { return nil }
    throw Refusal(
      .unavailable, check: "jwt.key", field: "evidence",
      "The issuer's keys, asked for less than \(services.issuerPatience) ago, have none of this token's "
        + "kid: try again after that time.")
  }

  /// Changes whenever other keys may be had than before: those that the operator trusts, or those that the
  /// issuer published.
  func generation() async throws -> Digest {
    var bytes: [UInt8] = []
    for trusted in try await store.trust.documents(.jwks) {
      bytes += Digest(hashing: trusted).bytes
    }
    let fetched = isFresh ? fetchedBytes : []
    return Digest(hashing: bytes + Digest(hashing: fetched).bytes)
  }

  private var isFresh: Bool {
    succeeded.map { ContinuousClock.now - $0 < services.issuerKeysLife } ?? false
  }

  /// Asks the issuer; whoever comes meanwhile waits for the same answer.
  private func ask() async {
    let task: Task<[UInt8]?, Never>
    if let asking {
      task = asking
    } else {
      asked = .now
      var request = SafeHTTPClient.Request(services.orcidIssuer + "/oauth/jwks", .issuers)
      request.maxResponseBytes = 65_536
      request.followsRedirects = false
      let question = request
      task = Task { [fetch] in
        // Whoever sent the first token does not pay for what others wait for as well.
        try? await FetchClient.$current.withValue(nil) { try await fetch.fetch(question).bytes }
      }
      asking = task
    }
    let bytes = await task.value
    guard asking == task else { return }
    asking = nil
    if let bytes, let keys = try? IssuerKeys(bytes) {
      fetched = keys
      fetchedBytes = bytes
      succeeded = .now
    }
  }
}
