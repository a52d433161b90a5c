import CanonicalJSON
import DurableFiles
public import Encodings
public import Foundation
public import LedgerDomain
import ProofFormats
public import SafeHTTPClient

/// What an operator may set, with the defaults of a private ledger on one machine.
public struct LedgerConfiguration: Sendable {
  /// Any libpq URI or connection string; `nil` keeps a private PostgreSQL under `dataDirectory`.
  public var databaseURL: String?
  /// Whether a process connects with a login for each kind of work, in place of the URL's user.
  public var usesSeparateLogins = false
  /// The owner of the database's schema, who migrates it; `nil` where that is the user of `databaseURL`.
  public var databaseOwnerURL: String?
  /// Where the registry key is, and the private PostgreSQL if there is one.
  public var dataDirectory: String
  /// The name of this ledger in statements of authority, fixed when the log begins; `nil` derives one
  /// from the registry key.
  public var origin: String?
  /// The address under which people reach the service, for links; `nil` takes it from each request.
  public var publicURL: String?
  /// The file whose first line is the operator's bearer token; `nil` is `operator.token` in the data directory.
  public var operatorTokenFile: String?
  /// The registry key's file; `nil` is `registry.key` in the data directory.
  public var registryKeyFile: String?
  /// Keys trusted for receipts: fingerprint to 32 raw bytes.
  public var trustedReceiptKeys: [Digest128: [UInt8]]
  public var limits: Limits
  /// What the HTTP service takes from its clients.
  public var server = ServerLimits()

  /// Whether this process only answers: for a standby, which takes no writes.
  public var isReadOnly = false

  /// What time it is. Order is never taken from it, and a test may turn it back.
  public var clock: @Sendable () -> Timestamp = { .now }

  public var externalServices = ExternalServices()

  /// Whom the ledger asks services of itself, and whose word it takes.
  public struct ExternalServices: Sendable {
    /// Hosts that may be fetched from although they are inside: `name`, `address`, or with `:port`.
    public var allowedHosts: Set<String> = []
    /// A PEM file of roots that fetches trust beside the system's.
    public var additionalRootsFile: String?
    public var fetchLimits = SafeHTTPClient.Limits()
    /// Calendars that are asked to complete their promises, as their proofs spell them.
    public var calendars: Set<String> = [
      "https://alice.btc.calendar.opentimestamps.org",
      "https://bob.btc.calendar.opentimestamps.org",
      "https://finney.calendar.eternitywall.com", "https://btc.calendar.catallaxy.com",
    ]
    /// An Esplora service whose block headers are trusted where none is known; `nil` asks nobody.
    public var esploraURL: String?
    /// The same of Bitcoin Core's REST interface (`-rest=1`), asked where no explorer is configured.
    public var bitcoinCoreURL: String?
    /// How deep a block must lie in what the explorer or node calls its chain, itself counted, before its
    /// header is believed: the newest blocks may yet be replaced.
    public var headerConfirmations = 6
    public var orcidIssuer = "https://orcid.org"
    /// How long an issuer's fetched keys serve.
    public var issuerKeysLife: Duration = .seconds(3600)
    /// How soon a token of an unknown key may make the ledger ask its issuer again.
    public var issuerRetryInterval: Duration = .seconds(60)
    /// The client identifiers whose id_tokens are taken; without one, claims by token stay pending.
    public var orcidAudiences: [String] = []
    public var ipfsGatewayURL = "https://ipfs.io"
    public var waybackURL = "https://web.archive.org"
    public var softwareHeritageURL = "https://archive.softwareheritage.org"
    public var s3: S3Endpoint?
    /// The buckets and prefixes that may be read with the endpoint's credentials on anybody's word.
    public var s3Locations: [S3Location] = []
    /// How long an unsigned anchor may stay pending without any change before the ledger calls it failed.
    public var pendingAnchorLife: Duration = .seconds(30 * 86_400)
    /// The same of one whose proof is complete, and waits for trust in its block or authority: whoever sent it
    /// has all of it, and can send it again.
    public var completeProofLife: Duration = .seconds(7 * 86_400)
    /// The same of one whose calendars do not know what they are said to have promised.
    public var unknownPromiseLife: Duration = .seconds(86_400)
    /// How long a calendar's answer serves other proofs that rest on the same promise.
    public var calendarAnswerLife: Duration = .seconds(30)
    /// How often `serve` looks after pending anchors.
    public var anchorInterval: Duration = .seconds(60)
    /// How often `serve` fetches each stored location again.
    public var storageInterval: Duration = .seconds(86_400)
    /// How long a location that was fetched for a bare attestation counts before somebody attests it again.
    public var storageLife: Duration = .seconds(365 * 86_400)

    public init() {}
  }

  /// What one client may ask of the ledger.
  public struct Limits: Sendable {
    /// Bare actions a client may send in an hour.
    public var bareActionsPerHour = 60
    /// Keys a client may register in an hour.
    public var keyRegistrationsPerHour = 20
    /// Signed submissions a client may send in an hour, those of vouched keys not counted.
    public var submissionsPerHour = 100_000
    /// Submissions by one key that are taken in an hour.
    public var submissionsPerKeyPerHour = 10_000
    /// Bytes of evidence a client may send in an hour, those of vouched keys not counted.
    public var evidenceBytesPerHour = 256 << 20
    /// Bytes of evidence with the submissions of one key in an hour.
    public var evidenceBytesPerKeyPerHour = 128 << 20
    /// How many times as much a vouched key may send.
    public var vouchedKeyFactor = 10
    /// Proofs a client may have checked in an hour without a submission.
    public var proofChecksPerHour = 600
    /// Bundles and past states a client may read in an hour.
    public var heavyReadsPerHour = 3600
    /// Bytes of one submission, evidence in base64 included.
    public var submissionBytes = 12 << 20
    /// Bytes of an imported document.
    public var documentBytes = 4 << 20
    /// How long an answer waits for the projections to include what was submitted.
    public var projectionWait: Duration = .seconds(5)

    public init() {}
  }

  /// The key that signs checkpoints and receipts; `log.key` in the data directory unless told.
  public var logKeyFile: String?

  /// Who cosigns checkpoints.
  public var witnesses: [WitnessEndpoint] = []
  /// How often a service signs a checkpoint, where the log has grown.
  public var checkpointInterval: Duration = .seconds(5)
  /// How often a service has its newest checkpoint stamped.
  public var checkpointTimestampInterval: Duration = .seconds(86_400)
  /// Calendars that stamp checkpoints; empty stamps none.
  public var checkpointTimestampCalendars: [String] = []
  /// Timestamp authorities that stamp checkpoints.
  public var checkpointTimestampAuthorities: [String] = []

  var logKeyPath: String {
    logKeyFile ?? URL(fileURLWithPath: dataDirectory).appendingPathComponent("log.key").path
  }

  public init(dataDirectory: String) {
    self.dataDirectory = dataDirectory
    trustedReceiptKeys = Self.publishedReceiptKeys
    limits = Limits()
  }

  /// The key `pith-v1-2026-05`, which signs the receipts of published Pith Numbers.
  static let publishedReceiptKeys: [Digest128: [UInt8]] = {
    let key = Base64.decode("stVStoiQhXFxp4s2pdzPNoqVNBMojDU/fJ2db5S3CbM=") ?? []
    return [Digest(hashing: key).prefix: key]
  }()

  /// The largest number that a setting takes: sums and products of a few stay within 64 bits.
  static let maxNumber = 1_000_000_000_000

  /// Reads the `PITHLEDGER_*` variables.
  ///
  /// Errors: a `Refusal` that names the variable whose value cannot be used.
  public static func fromEnvironment(
    dataDirectory: String,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(Refusal) -> LedgerConfiguration {
    var configuration = LedgerConfiguration(dataDirectory: dataDirectory)
    func text(_ name: String) -> String? {
      environment["PITHLEDGER_" + name].flatMap { $0.isEmpty ? nil : $0 }
    }
    func number(_ name: String, _ fallback: Int) throws(Refusal) -> Int {
      guard let value = text(name) else { return fallback }
      guard let number = Int(value), (1...Self.maxNumber).contains(number) else {
        throw Refusal(
          .malformed, check: "configuration", field: "PITHLEDGER_" + name,
          "Not a whole number from 1 to \(Self.maxNumber).")
      }
      return number
    }
    configuration.databaseURL = text("DATABASE_URL")
    if let file = text("DATABASE_URL_FILE") {
      configuration.databaseURL = try Self.firstLine(
        of: file, field: "PITHLEDGER_DATABASE_URL_FILE")
    }
    configuration.databaseOwnerURL = text("DATABASE_OWNER_URL")
    if let file = text("DATABASE_OWNER_URL_FILE") {
      configuration.databaseOwnerURL = try Self.firstLine(
        of: file, field: "PITHLEDGER_DATABASE_OWNER_URL_FILE")
    }
    switch text("DATABASE_LOGINS") ?? "shared" {
    case "shared": configuration.usesSeparateLogins = false
    case "separate": configuration.usesSeparateLogins = true
    default:
      throw Refusal(
        .malformed, check: "configuration", field: "PITHLEDGER_DATABASE_LOGINS",
        "Either shared or separate.")
    }
    configuration.externalServices = try readExternalServices(text, number)
    configuration.origin = text("ORIGIN")
    configuration.publicURL = text("PUBLIC_URL").map {
      $0.hasSuffix("/") ? String($0.dropLast()) : $0
    }
    configuration.operatorTokenFile = text("OPERATOR_TOKEN_FILE")
    configuration.registryKeyFile = text("REGISTRY_KEY_FILE")
    configuration.logKeyFile = text("LOG_KEY_FILE")
    func list(_ name: String) -> [String] {
      text(name)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    }
    for item in list("WITNESSES") { configuration.witnesses.append(try WitnessEndpoint(item)) }
    configuration.checkpointInterval = .seconds(try number("CHECKPOINT_SECONDS", 5))
    configuration.checkpointTimestampInterval = .seconds(try number("STAMP_SECONDS", 86_400))
    configuration.checkpointTimestampCalendars = list("STAMP_CALENDARS")
    configuration.checkpointTimestampAuthorities = list("STAMP_AUTHORITIES")
    for name in ["STAMP_CALENDARS", "STAMP_AUTHORITIES"] {
      for item in list(name) { try checkAddress(item, "PITHLEDGER_" + name) }
    }
    try configuration.server.read(text, number)
    configuration.isReadOnly = text("READ_ONLY") == "1"
    try configuration.limits.read(number)
    if let list = text("RECEIPT_KEYS") {
      configuration.trustedReceiptKeys = [:]
      for item in list.split(separator: ",") {
        guard let key = Base64.decode(String(item)), key.count == 32 else {
          throw Refusal(
            .malformed, check: "configuration", field: "PITHLEDGER_RECEIPT_KEYS",
            "Give raw Ed25519 public keys in base64, separated by commas.")
        }
        configuration.trustedReceiptKeys[Digest(hashing: key).prefix] = key
      }
    }
    return configuration
  }

  private static func readExternalServices(
    _ text: (String) -> String?, _ number: (String, Int) throws(Refusal) -> Int
  ) throws(Refusal) -> ExternalServices {
    func list(_ name: String) -> [String]? {
      text(name)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    func days(_ name: String, _ fallback: Int) throws(Refusal) -> Duration {
      let days = try number(name, fallback)
      guard days <= 36_500 else {
        throw Refusal(
          .malformed, check: "configuration", field: "PITHLEDGER_" + name,
          "At most 36500 days.")
      }
      return .seconds(86_400 * days)
    }
    func url(_ name: String) throws(Refusal) -> String? {
      guard let text = text(name) else { return nil }
      try checkAddress(text, "PITHLEDGER_" + name)
      return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
    var services = ExternalServices()
    services.allowedHosts = Set(list("FETCH_ALLOW_HOSTS") ?? [])
    services.additionalRootsFile = text("FETCH_CA_FILE")
    services.fetchLimits.bytes = Int64(
      try number("FETCH_MAX_BYTES", Int(services.fetchLimits.bytes)))
    services.fetchLimits.time = .seconds(try number("FETCH_SECONDS", 60))
    let limits = services.fetchLimits
    services.fetchLimits.perClient = try number("FETCH_PER_CLIENT", limits.perClient)
    services.fetchLimits.perHost = try number("FETCH_PER_HOST", limits.perHost)
    services.fetchLimits.minimumRate = Int64(
      try number("FETCH_MIN_BYTES_PER_SECOND", Int(limits.minimumRate)))
    if let calendars = list("CALENDARS") {
      for calendar in calendars { try checkAddress(calendar, "PITHLEDGER_CALENDARS") }
      services.calendars = Set(calendars)
    }
    services.pendingAnchorLife = try days("PENDING_ANCHOR_DAYS", 30)
    services.esploraURL = try url("ESPLORA_URL")
    services.bitcoinCoreURL = try url("BITCOIN_CORE_URL")
    services.headerConfirmations = try number("HEADER_DEPTH", services.headerConfirmations)
    services.orcidIssuer = try url("ORCID_ISSUER") ?? services.orcidIssuer
    services.orcidAudiences = list("ORCID_AUDIENCES") ?? []
    services.ipfsGatewayURL = try url("IPFS_GATEWAY") ?? services.ipfsGatewayURL
    services.waybackURL = try url("WAYBACK_URL") ?? services.waybackURL
    services.softwareHeritageURL = try url("SOFTWARE_HERITAGE_URL") ?? services.softwareHeritageURL
    services.anchorInterval = .seconds(try number("ANCHOR_SECONDS", 60))
    services.storageInterval = .seconds(try number("STORAGE_SECONDS", 86_400))
    services.storageLife = try days("STORAGE_DAYS", 365)
    if let endpoint = try url("S3_ENDPOINT") {
      guard let key = text("S3_ACCESS_KEY"), let file = text("S3_SECRET_KEY_FILE") else {
        throw Refusal(
          .malformed, check: "configuration", field: "PITHLEDGER_S3_ENDPOINT",
          "An endpoint needs PITHLEDGER_S3_ACCESS_KEY and PITHLEDGER_S3_SECRET_KEY_FILE.")
      }
      services.s3 = S3Endpoint(
        url: endpoint, region: text("S3_REGION") ?? "us-east-1", accessKey: key,
        secretKey: try firstLine(of: file, field: "PITHLEDGER_S3_SECRET_KEY_FILE"))
    }
    for item in list("S3_LOCATIONS") ?? [] {
      guard let location = S3Location(item) else {
        throw Refusal(
          .malformed, check: "configuration", field: "PITHLEDGER_S3_LOCATIONS",
          "Buckets, or buckets with a prefix, separated by commas: papers,archive/2026.")
      }
      services.s3Locations.append(location)
    }
    return services
  }

  /// Refuses an address that could not be fetched, before anybody asks for it.
  static func checkAddress(_ text: String, _ field: String) throws(Refusal) {
    do throws(WebAddress.Fault) { _ = try WebAddress(text) } catch {
      throw Refusal(.malformed, check: "configuration", field: field, error.message)
    }
  }

  /// The operator's token, read when asked for, so that it can be changed without a restart.
  ///
  /// `nil` where no file is named and the data directory has none, as on a ledger that only answers.
  public func operatorToken() throws(Refusal) -> String? {
    if operatorTokenFile == nil, !FileManager.default.fileExists(atPath: operatorTokenPath) {
      return nil
    }
    return try Self.firstLine(of: operatorTokenPath, field: "PITHLEDGER_OPERATOR_TOKEN_FILE")
  }

  var operatorTokenPath: String {
    operatorTokenFile
      ?? URL(fileURLWithPath: dataDirectory).appendingPathComponent(OperatorToken.fileName).path
  }

  /// Makes the operator's token in the data directory, unless a setting names another file.
  func makeOperatorToken() throws(Refusal) {
    guard operatorTokenFile == nil else { return }
    try OperatorToken.make(at: operatorTokenPath)
  }

  /// The first line of a file that nobody else may read.
  static func firstLine(of file: String, field: String) throws(Refusal) -> String {
    func refusal(_ message: String) -> Refusal {
      Refusal(.malformed, check: "configuration", field: field, message)
    }
    let bytes: [UInt8]
    do throws(DurableFileError) { bytes = try SecretFile.read(file) } catch {
      throw refusal(error.message)
    }
    guard let line = bytes.split(separator: 0x0A).first else {
      throw refusal("The first line of \(file) is empty.")
    }
    return String(decoding: line, as: UTF8.self)
  }
}

extension LedgerConfiguration {
  /// Refuses a write in a read-only process.
  ///
  /// Errors: a `Refusal`, unavailable, with check `read_only`.
  func requireWriting() throws(Refusal) {
    if isReadOnly { throw Refusal.readOnly }
  }

  /// The address that links begin with: the configured one, or that of the request.
  func base(_ requested: String) -> String { publicURL ?? requested }
}

extension Refusal {
  /// The refusal of a write in a read-only process.
  static let readOnly = Refusal(
    .unavailable, check: "read_only",
    "This ledger is read-only. Submit to the ledger that takes writes.")
}

extension LedgerConfiguration.Limits {
  /// Lifts every quota, for a service whose only client measures or tests it.
  public mutating func unlimited() {
    bareActionsPerHour = LedgerConfiguration.maxNumber
    keyRegistrationsPerHour = LedgerConfiguration.maxNumber
    submissionsPerHour = LedgerConfiguration.maxNumber
    submissionsPerKeyPerHour = LedgerConfiguration.maxNumber
    evidenceBytesPerHour = LedgerConfiguration.maxNumber
    evidenceBytesPerKeyPerHour = LedgerConfiguration.maxNumber
    proofChecksPerHour = LedgerConfiguration.maxNumber
    heavyReadsPerHour = LedgerConfiguration.maxNumber
  }

  /// Reads the `PITHLEDGER_*` variables about quotas.
  fileprivate mutating func read(
    _ number: (String, Int) throws(Refusal) -> Int
  ) throws(Refusal) {
    bareActionsPerHour = try number("BARE_ACTIONS_PER_HOUR", bareActionsPerHour)
    keyRegistrationsPerHour = try number("KEY_REGISTRATIONS_PER_HOUR", keyRegistrationsPerHour)
    submissionsPerHour = try number("SUBMISSIONS_PER_HOUR", submissionsPerHour)
    submissionsPerKeyPerHour = try number(
      "SUBMISSIONS_PER_KEY_PER_HOUR", submissionsPerKeyPerHour)
    evidenceBytesPerHour = try number("EVIDENCE_BYTES_PER_HOUR", evidenceBytesPerHour)
    evidenceBytesPerKeyPerHour = try number(
      "EVIDENCE_BYTES_PER_KEY_PER_HOUR", evidenceBytesPerKeyPerHour)
    vouchedKeyFactor = try number("VOUCHED_KEY_FACTOR", vouchedKeyFactor)
    proofChecksPerHour = try number("PROOF_CHECKS_PER_HOUR", proofChecksPerHour)
    heavyReadsPerHour = try number("HEAVY_READS_PER_HOUR", heavyReadsPerHour)
  }
}
