import ArgumentParser
import CanonicalJSON
import LedgerDomain
import LedgerVerifier
import TransparencyLog

extension Verify {
  struct Bundle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify the bundle of a record: entries, signatures, inclusion and proofs of time.",
      discussion: """
        Prints what is proven and what is not. Proofs of time are checked with --headers and --tsa: without \
        these options they are listed as not checked. A bundle does not prove that it contains every event \
        of the record, and so its status is not proven.
        """,
      examples: [
        "pithledger verify bundle bundle.json --log-key LOGKEY"
      ])
    @OptionGroup var keys: Keys
    @Argument(
      help: "The bundle, from `pithledger export RECORD` or /pith/{id}/bundle.json.",
      completion: .file())
    var file: String
    @Option(
      help: "A file with trusted block headers, one HEIGHT HEADERHEX on each line.",
      completion: .file())
    var headers: String?
    @Option(
      help: "A file with trusted roots of timestamp authorities, in PEM format.",
      completion: .file()) var tsa: String?

    func run() async throws {
      try await keys.report { keys in
        let checker = try TimeProofChecker(headers: headers, tsa: tsa)
        let report = try await BundleReport.make(try Verify.read(file), keys, checker)
        return (report.json, report.text)
      }
    }
  }
}

/// What a bundle proves, and what it does not prove.
struct BundleReport {
  private let outcome: BundleVerification.Outcome
  private var proven: [String]
  private var notProven: [String]
  private var proofs: [JSON] = []
  private var anchors: [JSON] = []

  init(_ outcome: BundleVerification.Outcome) {
    self.outcome = outcome
    proven = [
      "the canonical record has this Pith Number",
      "\(outcome.events.count) entries about the record and \(outcome.keys) about keys are in the log, each "
        + "signed by the key that it names",
    ]
    if outcome.hasDocument { proven.append("the document is one that an entry names") }
    notProven = [
      "completeness: the log may have further events of the record, such as a withdrawal; `verify log` "
        + "over the whole log shows them",
      "the status: it follows from these entries only, and rests on checks that the log recorded",
    ]
  }

  mutating func add(_ proof: BundleVerification.Proof, _ finding: TimeProofChecker.Finding) {
    let what = "by \(proof.proof.kind.rawValue), entry \(proof.position)"
    add(finding, "the canonical record", what)
    var json = Self.json(finding, proof.proof.kind)
    json["position"] = .integer(proof.position.rawValue)
    proofs.append(.object(json))
  }

  mutating func add(_ anchor: BundleVerification.Anchor, _ finding: TimeProofChecker.Finding) {
    let covered = anchor.events.count
    let last = anchor.events.last.map { ", up to position \($0)" } ?? ""
    let subject =
      covered == outcome.events.count
      ? "all \(covered) entries about the record"
      : "the first \(covered) of \(outcome.events.count) entries about the record\(last),"
    add(finding, subject, "by \(anchor.kind.rawValue) over the checkpoint of \(anchor.size)")
    var json = Self.json(finding, anchor.kind)
    json["events"] = .array(anchor.events.map { .integer($0.rawValue) })
    json["size"] = .integer(anchor.size.stored)
    anchors.append(.object(json))
  }

  /// Verifies a bundle, and checks its proofs of time.
  static func make(
    _ bytes: [UInt8], _ keys: [NoteVerifierKey], _ checker: TimeProofChecker
  ) async throws -> BundleReport {
    let outcome = try await BundleVerification(keys: keys).verify(bytes)
    var report = BundleReport(outcome)
    for (number, proof) in outcome.proofs.enumerated() {
      report.add(proof, try checker.check(proof.proof, place: "proofs[\(number)]"))
    }
    for (number, anchor) in outcome.anchors.enumerated() {
      report.add(anchor, try checker.check(anchor.timeProof, place: "anchors[\(number)]"))
    }
    return report
  }

  private mutating func add(
    _ finding: TimeProofChecker.Finding, _ subject: String, _ what: String
  ) {
    switch finding {
    case .proven(let time): proven.append("\(subject) existed by \(time), \(what)")
    case .notProven(let reason):
      notProven.append("the time of \(subject), \(what): \(reason)")
    case .notChecked(let advice):
      notProven.append("the time of \(subject), \(what), not checked: \(advice)")
    }
  }

  private static func json(
    _ finding: TimeProofChecker.Finding, _ kind: TimestampAnchor.Kind
  ) -> JSONObject {
    switch finding {
    case .proven(let time):
      ["kind": .string(kind.rawValue), "proven_at": .string(time), "verdict": "proven"]
    case .notProven(let reason):
      ["kind": .string(kind.rawValue), "reason": .string(reason), "verdict": "not_proven"]
    case .notChecked(let advice):
      ["kind": .string(kind.rawValue), "reason": .string(advice), "verdict": "not_checked"]
    }
  }

  var json: JSONObject {
    [
      "anchors": .array(anchors), "document": .bool(outcome.hasDocument),
      "events": .integer(Int64(outcome.events.count)), "keys": .integer(Int64(outcome.keys)),
      "not_proven": .array(notProven.map { .string($0) }),
      "origin": .string(outcome.checkpoint.origin), "pith_number": .string(outcome.pithNumber),
      "proofs": .array(proofs), "proven": .array(proven.map { .string($0) }),
      "size": .integer(outcome.checkpoint.size.stored),
    ]
  }

  var text: String {
    let head =
      "holds: \(outcome.pithNumber), \(outcome.events.count) entries in the first "
      + "\(outcome.checkpoint.size) of \(outcome.checkpoint.origin)"
    return
      ([head, "proven:"] + proven.map { "  " + $0 } + ["not proven:"]
      + notProven.map { "  " + $0 }).joined(separator: "\n")
  }
}
