import LedgerService

/// The sign-in with ORCID that a form offers: OpenID Connect, implicit flow.
struct SignIn: Sendable {
  let isOffered: Bool
  /// The client that the issuer knows this ledger as.
  let client: String
  /// The issuer's page on which people sign in.
  let authorize: String
  let label: String
  let note: String
  /// Whether the sign-in can also prove whose the signing key is.
  let bindsKey: Bool

  /// No sign-in.
  static let none = SignIn(
    isOffered: false, client: "", authorize: "", label: "", note: "", bindsKey: false)

  private init(
    isOffered: Bool, client: String, authorize: String, label: String, note: String, bindsKey: Bool
  ) {
    self.isOffered = isOffered
    self.client = client
    self.authorize = authorize
    self.label = label
    self.note = note
    self.bindsKey = bindsKey
  }

  /// The sign-in that the configuration allows: none without a client.
  init(_ services: LedgerConfiguration.ExternalServices, label: String, bindsKey: Bool) {
    guard let client = services.orcidClientID else {
      self = .none
      return
    }
    self.init(
      isOffered: true, client: client, authorize: services.orcidIssuer + "/oauth/authorize",
      label: label,
      note:
        "You leave this page for ORCID. ORCID tells your browser your iD and your name, and nobody else. "
        + "Nothing is sent to the ledger before you have seen it.",
      bindsKey: bindsKey)
  }
}
