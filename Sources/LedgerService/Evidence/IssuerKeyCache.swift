import Encodings
import LedgerDomain
import LedgerStore
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// The keys of the identity issuer: those that the operator trusts, and those that the issuer publishes.
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

  /// Keys that may have signed a token. `nil` if they are not available now.
  ///
  /// If the issuer has just answered without such a key, its keys are returned; the signature check
  /// then fails.
  ///
  /// Errors: `jwt.key`, unavailable, if the issuer's keys are fresh, lack this one, and it is too soon
  /// to ask again: the issuer may have added the key since.
  func keys(for token: IdentityToken) async throws -> IssuerKeys? {
    var trusted: IssuerKeys?
    for bytes in try await store.trust.documents(.jwks) {
      guard let keys = try? IssuerKeys(bytes) else { continue }
      trusted = trusted?.union(keys) ?? keys
    }
    if let trusted, trusted.mayHaveSigned(token) { return trusted }
    if isFresh, let fetched, fetched.mayHaveSigned(token) { return fetched }
    if asking != nil
      || asked.map({ ContinuousClock.now - $0 >= services.issuerRetryInterval }) ?? true
    {
      await ask()
      return isFresh ? fetched : nil
    }
    guard isFresh else { return nil }
    let left = services.issuerRetryInterval - (asked.map { ContinuousClock.now - $0 } ?? .zero)
    throw Refusal(
      .unavailable, check: "jwt.key", field: "evidence",
      "The keys that were fetched from \(services.orcidIssuer) have none with this token's kid, and are not "
        + "fetched again yet.", retryAfter: Int(clamping: max(1, left.components.seconds + 1)))
  }

  /// A digest that changes when the available keys change.
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

  /// Fetches the issuer's keys. Concurrent calls share one request.
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
        // Several submissions wait for this request, so no client's limit counts it.
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
