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
  mutating func add(_ result: Result<SubmissionAnswer, any Error>) {
    lines += 1
    switch result {
    case .success(let answer):
      if asJSON { SubmissionOutput(answer: answer).print(asJSON: true) }
    case .failure(let error):
      refused += 1
      Diagnostics.report("\(file) line \(lines): \(Failure.line(for: error))")
    }
    if lines.isMultiple(of: 1000) {
      let rate = Int(Double(lines) / ((ContinuousClock.now - start) / .seconds(1)))
      Diagnostics.report("\(lines) lines, \(rate)/s")
    }
  }

  /// Prints the number of lines, unless the answers are printed.
  func end() {
    if !asJSON { print("\(file): \(lines - refused) of \(lines) lines are in the ledger") }
  }
}
