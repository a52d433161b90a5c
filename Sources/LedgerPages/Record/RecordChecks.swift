import Encodings
import LedgerDomain
import LedgerStore
import RecordFormats

/// Commands with which a reader checks a record without trust in the page. A test runs each of them.
struct RecordChecks: Sendable {
  let commands: [Check]
  /// The key of the log; `nil` if this process does not know it.
  let logKey: String?

  /// A command, and what it shows.
  struct Check: Sendable {
    let title: String
    let command: String
    let shows: String
  }

  init(_ record: ResolvedRecord, links: Links, logKey: String?) {
    self.logKey = logKey
    let page = links.page(record.pithNumber)
    let hash = Check(
      title: "The identifier",
      command: """
        curl -fsS \(page).json | python3 -c 'import base64, hashlib, json, sys
        record = json.load(sys.stdin)["canonical_record"]
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).digest()
        print(digest.hex(), base64.b32encode(digest)[:26].decode())'
        """,
      shows:
        "Prints \(record.canonicalSHA256.hex) and \(record.pithNumber.suffix), the end of the Pith Number. It needs only Python."
    )
    guard let logKey else {
      commands = [hash]
      return
    }
    let bundle = Check(
      title: "The statements, their proofs and the status",
      command: """
        curl -fsS \(page)/bundle.json -o bundle.json
        pithledger verify bundle bundle.json --log-key '\(logKey)'
        """,
      shows:
        "Verifies each signature and each entry's place in the log, computes the status again, and lists what it cannot check."
    )
    commands = [hash, bundle]
  }
}
