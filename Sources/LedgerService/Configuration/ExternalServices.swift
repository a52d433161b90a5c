import Foundation
public import SafeHTTPClient

extension LedgerConfiguration {
  /// The external services that the ledger uses, and the limits of the trust in them
  /// (`docs/configuration.md`).
  public struct ExternalServices: Sendable {
    // MARK: Fetching

    /// Hosts that may be fetched from although their addresses are private: `name`, `address`, or with
    /// `:port`.
    public var allowedHosts: Set<String> = []
    /// A PEM file of root certificates that are trusted beside the system's.
    public var additionalRootsFile: String?
    /// The limits of one fetch, and of simultaneous fetches.
    public var fetchLimits = SafeHTTPClient.Limits()

    /// Hosts that webhooks may have although their addresses are private, or although they have no TLS: `name`,
    /// `address`, or with `:port`.
    public var webhookAllowedHosts: Set<String> = []

    // MARK: Proofs of time

    /// Calendars that may complete pending proofs, spelled as in these proofs.
    public var calendars: Set<String> = [
      "https://alice.btc.calendar.opentimestamps.org",
      "https://bob.btc.calendar.opentimestamps.org",
      "https://finney.calendar.eternitywall.com", "https://btc.calendar.catallaxy.com",
    ]
    /// How long a calendar's answer is used for other proofs with the same commitment.
    public var calendarAnswerLife: Duration = .seconds(30)
    /// The address of an Esplora service. Its block header is trusted for a height without a trusted
    /// header. `nil` uses none.
    public var esploraURL: String?
    /// The address of Bitcoin Core's REST interface (`-rest=1`). Used if ``esploraURL`` is `nil`. `nil`
    /// uses none.
    public var bitcoinCoreURL: String?
    /// How many confirmations a block needs, itself included, before its header is trusted.
    public var headerConfirmations = 6
    /// How long an unsigned anchor may stay pending without any change before it fails.
    public var pendingAnchorLife: Duration = .seconds(30 * 86_400)
    /// The same limit for an anchor whose proof is complete and whose block or authority is not trusted.
    public var completeProofLife: Duration = .seconds(7 * 86_400)
    /// The same limit for an anchor whose calendars do not know its commitment.
    public var unknownAttestationLife: Duration = .seconds(86_400)
    /// The pause between two rounds of the jobs that follow anchors and claims.
    public var anchorInterval: Duration = .seconds(60)

    // MARK: Identity

    /// The issuer of accepted id_tokens, as in their `iss` claim. Its keys are fetched from `/oauth/jwks`
    /// below this address.
    public var orcidIssuer = "https://orcid.org"
    /// The client identifiers whose id_tokens are accepted. Without one, claims by token stay pending.
    public var orcidAudiences: [String] = []
    /// The client identifier with which the pages sign people in at the issuer. It is one of the accepted ones.
    /// `nil` offers no sign-in.
    public var orcidClientID: String?
    /// How long the issuer's fetched keys are used.
    public var issuerKeysLife: Duration = .seconds(3600)
    /// The shortest pause between two fetches of the issuer's keys because of an unknown key.
    public var issuerRetryInterval: Duration = .seconds(60)

    // MARK: Storage

    /// The IPFS gateway that `ipfs` locations are fetched from, without a slash at its end.
    public var ipfsGatewayURL = "https://ipfs.io"
    /// The web archive that `wayback` locations are fetched from, without a slash at its end.
    public var waybackURL = "https://web.archive.org"
    /// The Software Heritage archive that `software_heritage` locations are fetched from, without a slash
    /// at its end.
    public var softwareHeritageURL = "https://archive.softwareheritage.org"
    /// The S3-compatible store that `s3` locations are read from. `nil` reads none.
    public var s3: S3Endpoint?
    /// The buckets and prefixes that are read with the endpoint's credentials for every client. Other
    /// keys are refused.
    public var s3Locations: [S3Location] = []
    /// How often each stored location is fetched again.
    public var storageInterval: Duration = .seconds(86_400)
    /// How long a bare storage attestation is valid after its fetch.
    public var storageLife: Duration = .seconds(365 * 86_400)

    /// The defaults.
    public init() {}
  }
}
