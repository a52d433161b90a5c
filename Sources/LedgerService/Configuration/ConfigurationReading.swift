import Encodings
public import LedgerDomain
import SafeHTTPClient

extension LedgerConfiguration {
  /// Reads the settings from their values. `docs/configuration.md` lists them.
  ///
  /// Errors: the first `Refusal` about a name or a value that cannot be used. It names the place at which the
  /// value was given.
  public init(_ values: SettingValues) throws(Refusal) {
    if let fault = values.faults.first { throw fault }
    let reader = SettingsReader(values: values)
    self.init(dataDirectory: values.dataDirectory)
    try readDatabase(reader)
    readIdentity(reader)
    try readTransparency(reader)
    try readReceiptKeys(reader)
    try externalServices.read(reader)
    try server.read(reader)
    try limits.read(reader)
    logging.read(reader)
    remoteURL = try reader.address("SERVER")
    remoteToken = try reader.firstLine(ofFile: "SERVER_TOKEN_FILE")
    listenHost = reader.text("HOST") ?? listenHost
    listenPort = UInt16(clamping: try reader.number("PORT", default: Int(listenPort)))
  }

  /// Reads the settings from environment variables alone.
  ///
  /// Errors: a `Refusal` that names the variable that cannot be used.
  public static func fromEnvironment(
    dataDirectory: String, environment: [String: String]
  ) throws(Refusal) -> LedgerConfiguration {
    var configuration = try LedgerConfiguration(
      SettingValues(environment: environment, isFileRead: false))
    configuration.dataDirectory = dataDirectory
    return configuration
  }

  private mutating func readDatabase(_ reader: SettingsReader) throws(Refusal) {
    databaseURL = try reader.text("DATABASE_URL", orFirstLineOf: "DATABASE_URL_FILE")
    databaseOwnerURL = try reader.text(
      "DATABASE_OWNER_URL", orFirstLineOf: "DATABASE_OWNER_URL_FILE")
    usesSeparateLogins = reader.text("DATABASE_LOGINS") == "separate"
    isReadOnly = reader.flag("READ_ONLY")
  }

  /// The names, addresses and key files of the ledger itself.
  private mutating func readIdentity(_ reader: SettingsReader) {
    origin = reader.text("ORIGIN")
    publicURL = reader.text("PUBLIC_URL").map(SettingsReader.withoutFinalSlash)
    operatorTokenFile = reader.text("OPERATOR_TOKEN_FILE")
    registryKeyFile = reader.text("REGISTRY_KEY_FILE")
    logKeyFile = reader.text("LOG_KEY_FILE")
  }

  private mutating func readTransparency(_ reader: SettingsReader) throws(Refusal) {
    for item in reader.list("WITNESSES") ?? [] { witnesses.append(try WitnessEndpoint(item)) }
    checkpointInterval = try reader.seconds(
      "CHECKPOINT_INTERVAL_SECONDS", default: checkpointInterval)
    checkpointTimestampInterval = try reader.seconds(
      "CHECKPOINT_TIMESTAMP_INTERVAL_SECONDS", default: checkpointTimestampInterval)
    checkpointTimestampCalendars = try reader.addresses("CHECKPOINT_TIMESTAMP_CALENDARS") ?? []
    checkpointTimestampAuthorities = try reader.addresses("CHECKPOINT_TIMESTAMP_AUTHORITIES") ?? []
  }

  private mutating func readReceiptKeys(_ reader: SettingsReader) throws(Refusal) {
    guard let list = reader.text("RECEIPT_KEYS") else { return }
    trustedReceiptKeys = [:]
    for item in list.split(separator: ",") {
      guard let key = Base64.decode(String(item)), key.count == 32 else {
        throw reader.refusal(
          "RECEIPT_KEYS", "Give raw Ed25519 public keys in base64, separated by commas.")
      }
      trustedReceiptKeys[Digest(hashing: key).prefix] = key
    }
  }
}

extension LedgerConfiguration.ExternalServices {
  fileprivate mutating func read(_ reader: SettingsReader) throws(Refusal) {
    try readFetching(reader)
    try readTime(reader)
    try readStorage(reader)
    orcidIssuer = try reader.address("ORCID_ISSUER") ?? orcidIssuer
    orcidAudiences = reader.list("ORCID_AUDIENCES") ?? []
    orcidClientID = reader.text("ORCID_CLIENT_ID")
    if let orcidClientID, !orcidAudiences.contains(orcidClientID) {
      orcidAudiences.append(orcidClientID)
    }
  }

  private mutating func readFetching(_ reader: SettingsReader) throws(Refusal) {
    allowedHosts = Set(reader.list("FETCH_ALLOW_HOSTS") ?? [])
    webhookAllowedHosts = Set(
      (reader.list("WEBHOOK_ALLOW_HOSTS") ?? []).map { $0.lowercased() })
    additionalRootsFile = reader.text("FETCH_CA_FILE")
    fetchLimits.bytes = try reader.number("FETCH_MAX_BYTES", default: fetchLimits.bytes)
    fetchLimits.time = try reader.seconds("FETCH_SECONDS", default: .seconds(60))
    fetchLimits.perClient = try reader.number("FETCH_PER_CLIENT", default: fetchLimits.perClient)
    fetchLimits.perHost = try reader.number("FETCH_PER_HOST", default: fetchLimits.perHost)
    fetchLimits.minimumRate = try reader.number(
      "FETCH_MIN_BYTES_PER_SECOND", default: fetchLimits.minimumRate)
  }

  private mutating func readTime(_ reader: SettingsReader) throws(Refusal) {
    if let addresses = try reader.addresses("OTS_CALENDARS") { calendars = Set(addresses) }
    pendingAnchorLife = try reader.days("PENDING_ANCHOR_DAYS", default: pendingAnchorLife)
    esploraURL = try reader.address("ESPLORA_URL")
    bitcoinCoreURL = try reader.address("BITCOIN_CORE_URL")
    headerConfirmations = try reader.number(
      "HEADER_CONFIRMATIONS", default: headerConfirmations)
    anchorInterval = try reader.seconds("ANCHOR_INTERVAL_SECONDS", default: anchorInterval)
  }

  private mutating func readStorage(_ reader: SettingsReader) throws(Refusal) {
    ipfsGatewayURL = try reader.address("IPFS_GATEWAY") ?? ipfsGatewayURL
    waybackURL = try reader.address("WAYBACK_URL") ?? waybackURL
    softwareHeritageURL = try reader.address("SOFTWARE_HERITAGE_URL") ?? softwareHeritageURL
    storageInterval = try reader.seconds("STORAGE_INTERVAL_SECONDS", default: storageInterval)
    storageLife = try reader.days("STORAGE_DAYS", default: storageLife)
    if let endpoint = try reader.address("S3_ENDPOINT") {
      guard let key = reader.text("S3_ACCESS_KEY"),
        let secret = try reader.firstLine(ofFile: "S3_SECRET_KEY_FILE")
      else {
        throw reader.refusal(
          "S3_ENDPOINT",
          "An endpoint needs PITHLEDGER_S3_ACCESS_KEY and PITHLEDGER_S3_SECRET_KEY_FILE.")
      }
      s3 = S3Endpoint(
        url: endpoint, region: reader.text("S3_REGION") ?? "us-east-1", accessKey: key,
        secretKey: secret)
    }
    for item in reader.list("S3_LOCATIONS") ?? [] {
      guard let location = S3Location(item) else {
        throw reader.refusal(
          "S3_LOCATIONS",
          "Buckets, or buckets with a prefix, separated by commas: papers,archive/2026.")
      }
      s3Locations.append(location)
    }
  }
}

extension LedgerConfiguration.Limits {
  fileprivate mutating func read(_ reader: SettingsReader) throws(Refusal) {
    bareActionsPerHour = try reader.number("BARE_ACTIONS_PER_HOUR", default: bareActionsPerHour)
    keyRegistrationsPerHour = try reader.number(
      "KEY_REGISTRATIONS_PER_HOUR", default: keyRegistrationsPerHour)
    submissionsPerHour = try reader.number("SUBMISSIONS_PER_HOUR", default: submissionsPerHour)
    submissionsPerKeyPerHour = try reader.number(
      "SUBMISSIONS_PER_KEY_PER_HOUR", default: submissionsPerKeyPerHour)
    evidenceBytesPerHour = try reader.number(
      "EVIDENCE_BYTES_PER_HOUR", default: evidenceBytesPerHour)
    evidenceBytesPerKeyPerHour = try reader.number(
      "EVIDENCE_BYTES_PER_KEY_PER_HOUR", default: evidenceBytesPerKeyPerHour)
    vouchedKeyFactor = try reader.number("VOUCHED_KEY_FACTOR", default: vouchedKeyFactor)
    proofChecksPerHour = try reader.number("PROOF_CHECKS_PER_HOUR", default: proofChecksPerHour)
    heavyReadsPerHour = try reader.number("HEAVY_READS_PER_HOUR", default: heavyReadsPerHour)
  }
}

extension ServerLimits {
  fileprivate mutating func read(_ reader: SettingsReader) throws(Refusal) {
    headerTimeout = try reader.seconds("HEADER_TIMEOUT_SECONDS", default: headerTimeout)
    bodyTimeout = try reader.seconds("BODY_TIMEOUT_SECONDS", default: bodyTimeout)
    bodyBytesPerSecond = try reader.number("BODY_BYTES_PER_SECOND", default: bodyBytesPerSecond)
    idleTimeout = try reader.seconds("IDLE_TIMEOUT_SECONDS", default: idleTimeout)
    writeTimeout = try reader.seconds("WRITE_TIMEOUT_SECONDS", default: writeTimeout)
    shutdownTimeout = try reader.seconds("SHUTDOWN_TIMEOUT_SECONDS", default: shutdownTimeout)
    if reader.text("CONNECTIONS") != nil {
      connections = try reader.number("CONNECTIONS", default: 1)
    }
    connectionsPerClient = try reader.number(
      "CONNECTIONS_PER_CLIENT", default: connectionsPerClient)
    bodyMemory = try reader.number("BODY_MEMORY_BYTES", default: bodyMemory)
    streamsPerClient = try reader.number("STREAMS_PER_CLIENT", default: streamsPerClient)
    metricsAccess =
      reader.text("METRICS_ACCESS").flatMap { MetricsAccess(rawValue: $0) } ?? .everyone
    try readTLS(reader)
    allowedHosts = Set((reader.list("ALLOWED_HOSTS") ?? []).map { $0.lowercased() })
    for item in reader.list("TRUSTED_PROXIES") ?? [] {
      guard let range = AddressRange(item) else {
        throw reader.refusal(
          "TRUSTED_PROXIES", "\(item) is not an address or a range such as 10.0.0.0/8.")
      }
      trustedProxies.append(range)
    }
  }

  private mutating func readTLS(_ reader: SettingsReader) throws(Refusal) {
    switch (reader.text("TLS_CERTIFICATE_FILE"), reader.text("TLS_KEY_FILE")) {
    case (nil, nil): tls = nil
    case (let certificate?, let key?): tls = TLSFiles(certificate: certificate, key: key)
    case (nil, _?):
      throw reader.refusal(
        "TLS_KEY_FILE", "A key needs its certificate: PITHLEDGER_TLS_CERTIFICATE_FILE.")
    case (_?, nil):
      throw reader.refusal(
        "TLS_CERTIFICATE_FILE", "A certificate needs its key: PITHLEDGER_TLS_KEY_FILE.")
    }
  }
}
