/// The problems of the service: quotas, the operator, and the state of the process and the database.
enum ServiceProblems {
  static let all: [ProblemType] = quotas + loads + states + operators

  private static func quota(_ check: String, _ title: String, _ meaning: String) -> ProblemType {
    .init(
      check, [429], title, meaning,
      "Wait as many seconds as Retry-After says. RateLimit and RateLimit-Policy tell what is left.")
  }

  private static let quotas: [ProblemType] = [
    quota(
      "bare_action_limit", "Too many bare actions",
      "A client may send a number of unsigned actions in an hour."),
    quota(
      "key_registration_limit", "Too many registrations of keys",
      "A client may register a number of keys in an hour."),
    quota(
      "submission_limit", "Too many submissions of a client",
      "A client may send a number of signed submissions in an hour. Those of vouched keys do not count."
    ),
    quota(
      "key_submission_limit", "Too many submissions of a key",
      "A key may sign a number of submissions in an hour. A vouched key may sign more."),
    quota(
      "evidence_limit", "Too much evidence of a client",
      "A client may send a number of bytes of evidence in an hour."),
    quota(
      "key_evidence_limit", "Too much evidence of a key",
      "A key may sign for a number of bytes of evidence in an hour."),
    quota(
      "proof_check_limit", "Too many checks of proofs",
      "A client may have a number of proofs checked in an hour without a submission."),
    quota(
      "heavy_read_limit", "Too many expensive reads",
      "A client may read a number of bundles, past states, searches and lists with standings in an hour."
    ),
    .init(
      "stream_limit", [429], "Too many streams are open",
      "A client may have a number of event streams open.", "Close a stream, and open another."),
    .init(
      "pending_anchors", [429], "Too many anchors are pending",
      "A record has a few places for pending unsigned anchors, and one client may use some of them in a day.",
      "Sign the anchor with a registered key, or send it when its proof is complete."),
    .init(
      "statements", [429], "Too many statements of one signer",
      "A signer may make a number of statements of one type about a record.",
      "Waiting does not help. Withdraw or supersede earlier statements.", endsByItself: false),
  ]

  private static let loads: [ProblemType] = [
    .init(
      "checks_busy", [503], "Too many proofs are being checked",
      "The queue of proofs to be checked is full.", "Send the request again in a moment."),
    .init(
      "check_limit", [429], "Too many proofs of a client are being checked",
      "Proofs of this client already wait for a check.", "Send further proofs after the answers."),
    .init(
      "body_memory", [503], "The memory for bodies is in use",
      "The bodies of all requests share a limited memory.", "Send the request again in a moment."),
    .init(
      "bundle", [400, 503], "The bundle is not ready",
      "Too many bundles are being written. A command that imports a bundle names this check for a bundle it cannot read.",
      "Ask again in a moment."),
    .init(
      "state", [503], "The merged state is not ready",
      "Too many merged states are being computed.", "Ask again in a moment."),
    .init(
      "home", [503], "The first page is not ready",
      "Too many requests wait for the totals of the log.", "Load the page again in a moment."),
    .init(
      "queue_full", [503], "The queue of appends is full",
      "More events arrive than the database takes. Nothing of this submission was stored.",
      "Send it again in a moment."),
    .init(
      "contention", [503], "The log changes too fast",
      "What the statement depends on changed whenever the ledger was about to append it.",
      "Send it again. An event is stored once."),
    .init(
      "temporary_space", [503], "The temporary folder is full",
      "Long answers are collected in temporary files.", "Ask again later. The operator makes room."),
  ]

  private static let states: [ProblemType] = [
    .init(
      "database", [503], "The database is not available",
      "The database cannot be reached, or is too busy.",
      "Send the request again. An event is stored once."),
    .init(
      "outcome_unknown", [503], "It is not known whether the event was stored",
      "The connection to the database was lost during the commit.",
      "Send the event again. It is stored once, and the answer tells its position."),
    .init(
      "projection", [503], "The projections are behind",
      "The projections do not include the record yet.", "Ask again in a moment."),
    .init(
      "checkpoint", [404, 422, 503], "There is no such checkpoint",
      "No checkpoint is signed yet, none covers the position, or the log signed none of this size.",
      "Ask again after the next checkpoint. A process without the log's key signs none."),
    .init(
      "read_only", [503], "The ledger is read-only",
      "This process serves reads only.", "Submit to the ledger that takes writes.",
      endsByItself: false),
    .init(
      "checkpoint.memory", [503], "The file of the last checkpoint cannot be used",
      "The ledger signs nothing while the file beside its log key cannot be read or written.",
      "The operator makes the file readable and writable."),
    .init(
      "checkpoint.memory_missing", [503], "The file of the last checkpoint is missing",
      "The database has checkpoints, and the file beside the log key is not there.",
      "The operator restores the file, or runs pithledger checkpoint adopt.", endsByItself: false),
    .init(
      "checkpoint.memory_damaged", [503], "The file of the last checkpoint is damaged",
      "The file beside the log key holds no checkpoint of this log's key.",
      "The operator restores the file, or runs pithledger checkpoint adopt.", endsByItself: false),
    .init(
      "checkpoint.rolled_back", [503], "The log lost entries that were signed for",
      "The database has fewer entries than the last signed checkpoint covers. The ledger signs and accepts nothing.",
      "The operator restores the newer database.", endsByItself: false),
    .init(
      "checkpoint.contradiction", [503], "The log contradicts a signed checkpoint",
      "The entries are not those that were signed for. The ledger signs and accepts nothing.",
      "The operator finds the change with pithledger fsck, and restores the database.",
      endsByItself: false),
    .init(
      "internal", [500], "A fault of the service",
      "Something went wrong that no check covers. The service's log has the cause under the request's identifier.",
      "Send the request again, or report the request_id to the operator. An event is stored once."),
  ]

  private static let operators: [ProblemType] = [
    .init(
      "operator", [403], "Only the operator may do this",
      "The request has neither the operator's token nor comes over the operator's Unix socket.",
      "Send the token as Authorization: Bearer, or use the Unix socket.", endsByItself: false),
    .init(
      "operator_token", [503], "The operator's token cannot be read",
      "The file with the token cannot be read or written.",
      "The operator uses a writable data directory, or sets PITHLEDGER_OPERATOR_TOKEN_FILE.",
      endsByItself: false),
    command(
      "configuration", "A setting is malformed or unknown",
      "Correct the setting that the message names."),
    command(
      "data_directory", "The data directory cannot be used",
      "Make the directory writable for the ledger's user alone."),
    command("no_ledger", "There is no ledger here", "Name its data directory or its database."),
    command(
      "not_migrated", "The schema of the database is older than the program",
      "Run pithledger migrate."),
    command(
      "http_signing", "Signing over HTTP is not allowed",
      "Listen on a loopback address and give --allow-http-signing, or leave out --http or --key."),
    command("usage", "The arguments are wrong", "Read the help of the command."),
    command(
      "server", "A served ledger cannot be used",
      "Check --server and the answer that the message describes; it comes from that server, which is not trusted."
    ),
    command(
      "webhook", "There is no such webhook", "List them with pithledger webhook list."),
    command(
      "webhook.url", "Events cannot be sent to the address",
      "Use an https address on the public Internet, or allow the host by PITHLEDGER_WEBHOOK_ALLOW_HOSTS."
    ),
    command("webhook.batch", "The size of batches is out of range", "Use 1 to 100."),
    command(
      "webhook.from", "The position is beyond the log", "Use a position of the log, or now."),
    command(
      "webhook.count", "There are as many webhooks as there may be",
      "Remove one with pithledger webhook remove."),
    command("file", "The file cannot be read or written", "Check its path and its permissions."),
    command(
      "export_folder", "The folder of the export cannot be used",
      "Use an empty folder that is writable."),
    command(
      "import", "The import contradicts the database",
      "Import into an empty database, or the same log again."),
    command(
      "certificate", "The file holds no readable certificate", "Use a file of PEM certificates."),
    command("log_key", "The key of the log cannot be used", "Give the file of this log's own key."),
    command(
      "key_file", "The file of a key cannot be used", "Use a file that only its owner may read."),
    command(
      "witness_key", "The key of the witness cannot be used",
      "Name the witness, or give its own key file."),
    command(
      "witness_logs", "The list of logs is malformed",
      "A line is a verifier key and the origin of the log."),
    command(
      "witness_directory", "The directory of the witness cannot be used",
      "Make it writable for the witness."),
    command("witness_memory", "The memory of the witness cannot be read", "Restore the file."),
  ]

  private static func command(_ check: String, _ title: String, _ remedy: String) -> ProblemType {
    .init(check, [], title, "A command names this check.", remedy, endsByItself: false)
  }
}
