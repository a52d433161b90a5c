/// All settings of the program, in the order of `docs/configuration.md`, which is made from this table.
///
/// What reads the settings refuses a name that is not here.
public enum SettingsTable {
  /// Settings under one heading.
  public struct Group: Sendable {
    /// The heading.
    public let title: String
    /// A paragraph before the table; empty if there is none.
    public let text: String
    /// The settings.
    public let settings: [Setting]

    init(_ title: String, _ text: String, _ settings: [Setting]) {
      self.title = title
      self.text = text
      self.settings = settings
    }
  }

  private static let positive = Setting.Kind.number(1...Setting.maxNumber)

  /// The settings by topic.
  public static let groups: [Group] = [
    place, client, database, identity, checkpoints, proofs, storage, http, observation, quotas,
  ]

  /// All settings.
  public static let settings = groups.flatMap(\.settings)

  /// The setting of a name without prefix, in any letter case; `nil` if there is none.
  public static func setting(named name: String) -> Setting? {
    let name = name.uppercased()
    return settings.first { $0.name == name }
  }

  private static let place = Group(
    "Place",
    "A configuration file in the data directory cannot name another data directory. No configuration file names another.",
    [
      Setting(
        "DATA_DIR", .file,
        "the data directory, with keys and the private PostgreSQL; `--data-dir` is the same",
        default: ".pithledger"),
      Setting(
        "CONFIG_FILE", .file, "the configuration file; `--config` is the same",
        absent: "`config.json` in the data directory, if it exists"),
      Setting(
        "HOST", .text, "the address on which `serve` listens; `--host` is the same",
        default: "127.0.0.1"),
      Setting(
        "PORT", .number(0...65_535),
        "the port on which `serve` listens; 0 selects a free one; `--port` is the same",
        default: "8080"),
    ])

  private static let client = Group(
    "Client",
    "Commands that read, sign and submit can use a ledger that is served elsewhere. Others refuse to run while `PITHLEDGER_SERVER` is set.",
    [
      Setting(
        "SERVER", .address, "the address of that ledger; `--server` is the same",
        absent: "none: the ledger of the data directory"),
      Setting(
        "SERVER_TOKEN_FILE", .file,
        "a file whose first line is the token of that ledger's operator, for commands that need its authority"
      ),
    ])

  private static let database = Group(
    "Database", "",
    [
      Setting(
        "DATABASE_URL", .text, "a libpq URI; run `pithledger migrate` first",
        absent: "a private PostgreSQL under the data directory", isSecret: true),
      Setting("DATABASE_URL_FILE", .file, "a file whose first line is the URI"),
      Setting(
        "DATABASE_LOGINS", .choice(["shared", "separate"]),
        "`separate`: a login for each kind of work ([operations](operations.md#logins)); `shared`: the URL's "
          + "user for all. The private PostgreSQL uses separate ones",
        default: "shared"),
      Setting(
        "DATABASE_OWNER_URL", .text, "the owner of the schema, for `pithledger migrate`",
        absent: "`PITHLEDGER_DATABASE_URL`", isSecret: true),
      Setting("DATABASE_OWNER_URL_FILE", .file, "a file whose first line is that URI"),
    ])

  private static let identity = Group(
    "Identity and keys", "",
    [
      Setting(
        "ORIGIN", .text,
        "the ledger's name in statements of authority, fixed with the first event",
        absent: "derived from the registry key"),
      Setting(
        "REGISTRY_KEY_FILE", .file, "the registry key",
        absent: "`registry.key` in the data directory, made on first start"),
      Setting(
        "LOG_KEY_FILE", .file,
        "the key of checkpoints and receipts; the last signed checkpoint lies beside it",
        absent: "`log.key` in the data directory"),
      Setting(
        "OPERATOR_TOKEN_FILE", .file, "the operator's bearer token",
        absent: "`operator.token` in the data directory, made on first start"),
      Setting(
        "RECEIPT_KEYS", .list, "keys trusted for receipts of Pith Numbers, in base64",
        absent: "`pith-v1-2026-05`"),
    ])

  private static let checkpoints = Group(
    "Checkpoints", "",
    [
      Setting(
        "CHECKPOINT_INTERVAL_SECONDS", positive,
        "interval between checkpoints while the log grows", default: "5"),
      Setting("WITNESSES", .list, "witnesses that cosign: `NAME+ID+KEY URL`"),
      Setting(
        "CHECKPOINT_TIMESTAMP_CALENDARS", .addresses, "calendars that timestamp checkpoints"),
      Setting(
        "CHECKPOINT_TIMESTAMP_AUTHORITIES", .addresses,
        "timestamp authorities that timestamp checkpoints"),
      Setting(
        "CHECKPOINT_TIMESTAMP_INTERVAL_SECONDS", positive,
        "interval between timestamps of checkpoints", default: "86400"),
    ])

  private static let proofs = Group(
    "Proofs and identity", "",
    [
      Setting(
        "OTS_CALENDARS", .addresses,
        "OpenTimestamps calendars that are asked to complete their pending attestations",
        absent: "the four public ones"),
      Setting("ESPLORA_URL", .address, "an explorer whose block headers are trusted"),
      Setting(
        "BITCOIN_CORE_URL", .address,
        "a Bitcoin Core node with the REST interface (`-rest=1`), asked where no explorer is named"),
      Setting(
        "HEADER_CONFIRMATIONS", positive,
        "confirmations, the block included, before a header of the explorer or node is trusted",
        default: "6"),
      Setting(
        "PENDING_ANCHOR_DAYS", .days,
        "how long an unsigned anchor may stay pending without a change before it fails",
        default: "30"),
      Setting(
        "ANCHOR_INTERVAL_SECONDS", positive, "interval between checks of pending anchors",
        default: "60"),
      Setting("ORCID_AUDIENCES", .list, "client ids whose id_tokens are accepted"),
      Setting(
        "ORCID_CLIENT_ID", .text,
        "the client id with which the pages offer a sign-in with ORCID; its id_tokens are accepted too. "
          + "Register `<address of the ledger>/orcid` as its redirect URI at the issuer. It needs no client "
          + "secret",
        absent: "none: no sign-in is offered"),
      Setting("ORCID_ISSUER", .address, "their issuer", default: "https://orcid.org"),
    ])

  private static let storage = Group(
    "Stored copies and fetches", "",
    [
      Setting(
        "STORAGE_INTERVAL_SECONDS", positive, "interval between checks of each stored location",
        default: "86400"),
      Setting(
        "STORAGE_DAYS", .days,
        "how long a location counts that was fetched for an unsigned attestation", default: "365"),
      Setting(
        "FETCH_ALLOW_HOSTS", .list,
        "hosts with private addresses that may be fetched from: `name`, `address` or `host:port`"),
      Setting(
        "WEBHOOK_ALLOW_HOSTS", .list,
        "hosts to which [webhooks](operations.md#webhooks) may send although their addresses are private, or over http: `name`, "
          + "`address` or `host:port`"),
      Setting("FETCH_CA_FILE", .file, "additional TLS roots, in PEM"),
      Setting("FETCH_MAX_BYTES", positive, "size of one fetch", default: "268435456"),
      Setting("FETCH_SECONDS", positive, "time of one fetch", default: "60"),
      Setting(
        "FETCH_MIN_BYTES_PER_SECOND", positive,
        "minimum rate, measured over each ten seconds after the first ten", default: "10000"),
      Setting(
        "FETCH_PER_CLIENT", positive, "simultaneous fetches for one client", default: "4"),
      Setting("FETCH_PER_HOST", positive, "simultaneous fetches from one host", default: "4"),
      Setting("S3_ENDPOINT", .address, "the endpoint of `s3://bucket/key`"),
      Setting("S3_REGION", .text, "its region", default: "us-east-1"),
      Setting("S3_ACCESS_KEY", .text, "the access key there", isSecret: true),
      Setting("S3_SECRET_KEY_FILE", .file, "a file whose first line is the secret key"),
      Setting(
        "S3_LOCATIONS", .list,
        "buckets and prefixes that the ledger reads there for any client: `papers,archive/2026`"),
      Setting(
        "IPFS_GATEWAY", .address, "the gateway of `ipfs` locations", default: "https://ipfs.io"),
      Setting(
        "SOFTWARE_HERITAGE_URL", .address, "the archive of `software_heritage` locations",
        default: "https://archive.softwareheritage.org"),
      Setting(
        "WAYBACK_URL", .address, "the archive of `wayback` locations",
        default: "https://web.archive.org"),
    ])

  private static let http = Group(
    "HTTP service", "",
    [
      Setting(
        "PUBLIC_URL", .text, "the address that links begin with", absent: "the request's host"),
      Setting(
        "TLS_CERTIFICATE_FILE", .file,
        "the certificate of the service with its chain, in PEM. It is read again when it changes",
        absent: "none: HTTP without TLS"),
      Setting("TLS_KEY_FILE", .file, "its private key, in PEM"),
      Setting("ALLOWED_HOSTS", .list, "further hosts that requests which write may name"),
      Setting(
        "TRUSTED_PROXIES", .list,
        "addresses and ranges of proxies whose `X-Forwarded-For` names the client"),
      Setting(
        "READ_ONLY", .flag, "only answer, for a ledger on a standby", default: "0"),
      Setting(
        "CONNECTIONS", positive, "open connections",
        absent: "by the limit of file descriptors"),
      Setting(
        "CONNECTIONS_PER_CLIENT", positive, "open connections of one client", default: "256"),
      Setting(
        "STREAMS_PER_CLIENT", positive, "open event streams of one client", default: "64"),
      Setting(
        "BODY_MEMORY_BYTES", positive, "memory of all request bodies; one client gets half",
        default: "67108864"),
      Setting(
        "HEADER_TIMEOUT_SECONDS", positive, "time for a request's head", default: "10"),
      Setting("IDLE_TIMEOUT_SECONDS", positive, "time between requests", default: "60"),
      Setting("WRITE_TIMEOUT_SECONDS", positive, "time for a client to read", default: "30"),
      Setting(
        "BODY_TIMEOUT_SECONDS", positive, "how many seconds a body may be behind its rate",
        default: "20"),
      Setting(
        "BODY_BYTES_PER_SECOND", positive, "the slowest rate of a body", default: "2048"),
      Setting(
        "SHUTDOWN_TIMEOUT_SECONDS", positive, "time for whole requests at shutdown",
        default: "5"),
    ])

  private static let observation = Group(
    "Log and metrics", "The log is written to standard error.",
    [
      Setting("LOG_FORMAT", .choice(["text", "json"]), "the format of its lines", default: "text"),
      Setting(
        "LOG_LEVEL", .choice(["debug", "info", "notice", "warning", "error", "critical"]),
        "the lowest level that is written. `info` adds a line for each request",
        absent: "`notice` for `serve` and `witness`, `warning` for other commands"),
      Setting(
        "METRICS_ACCESS", .choice(["everyone", "operator"]), "who may read `/metrics`",
        default: "everyone"),
    ])

  private static let quotas = Group(
    "Quotas",
    "Each is for one hour. A client is an IPv4 address or an IPv6 network of 64 bits.",
    [
      Setting(
        "BARE_ACTIONS_PER_HOUR", positive, "unsigned actions of one client", default: "60"),
      Setting(
        "KEY_REGISTRATIONS_PER_HOUR", positive, "key registrations of one client", default: "20"),
      Setting(
        "SUBMISSIONS_PER_HOUR", positive, "signed submissions of one client", default: "100000"),
      Setting(
        "SUBMISSIONS_PER_KEY_PER_HOUR", positive, "submissions signed by one key",
        default: "10000"),
      Setting(
        "EVIDENCE_BYTES_PER_HOUR", positive, "evidence of one client", default: "268435456"),
      Setting(
        "EVIDENCE_BYTES_PER_KEY_PER_HOUR", positive, "evidence with one key's submissions",
        default: "134217728"),
      Setting("VOUCHED_KEY_FACTOR", positive, "multiple for a vouched key", default: "10"),
      Setting(
        "PROOF_CHECKS_PER_HOUR", positive,
        "proofs of one client that are checked without a submission", default: "600"),
      Setting(
        "HEAVY_READS_PER_HOUR", positive, "bundles and past states of one client",
        default: "3600"),
    ])
}
