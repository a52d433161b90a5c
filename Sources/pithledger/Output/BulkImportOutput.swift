import CanonicalJSON
import LedgerHTTP
import LedgerService

/// Reports the lines of one file while they are imported. The answers are printed for `--json` only.
struct BulkImportOutput {
  let file: String
  let asJSON: Bool
  private let start = ContinuousClock.now
  private var lines = 0
  /// The number of lines that were refused.
  private(set) var refused = 0

  init(file: String, asJSON: Bool) {
    self.file = file
    self.asJSON = asJSON
  }

  /// Reports the result of the next line. A refusal goes to standard error, with the line's number.
  mutating func add(_ answer: BulkSubmitter.LineAnswer) {
    lines += 1
    switch answer.result {
    case .success(let submission):
      if asJSON {
        var members = submission.json.objectValue ?? [:]
        members["line"] = .integer(Int64(answer.line))
        print(JSON.object(members).canonicalString())
      }
    case .failure(let error):
      refused += 1
      let failure = Failure(error)
      if asJSON {
        Diagnostics.reportJSON(
          failure.json(with: ["file": .string(file), "line": .integer(Int64(answer.line))]))
      } else {
        Diagnostics.report("\(file) line \(answer.line): \(failure.text)")
      }
    }
    if lines.isMultiple(of: 1000) {
      let rate = Int(Double(lines) / ((ContinuousClock.now - start) / .seconds(1)))
      Diagnostics.write("pithledger: \(lines) lines, \(rate)/s\n")
    }
  }

  /// Prints the number of lines, unless the answers are printed.
  func end() {
    if !asJSON { print("\(file): \(lines - refused) of \(lines) lines are in the ledger") }
  }
}
