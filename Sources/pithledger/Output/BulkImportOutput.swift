import CanonicalJSON

/// Reports the lines of one file while they are imported. The answers are printed for `--json` only.
struct BulkImportOutput {
  let file: String
  let asJSON: Bool
  private let progress: ProgressLine
  private var lines = 0
  /// The number of lines that were refused.
  private(set) var refused = 0

  init(file: String, asJSON: Bool, progress: ProgressLine) {
    self.file = file
    self.progress = progress
    self.asJSON = asJSON
  }

  /// Reports the result of the next line. A refusal goes to standard error, with the line's number.
  ///
  /// - Parameter fraction: the part of the file that was read.
  mutating func add(_ line: Int, _ result: Result<JSON, any Error>, fraction: Double?) {
    lines += 1
    switch result {
    case .success(let submission):
      if asJSON {
        var members = submission.objectValue ?? [:]
        members["line"] = .integer(Int64(line))
        print(TerminalText.output(.object(members)))
      }
    case .failure(let error):
      refused += 1
      let failure = Failure(error)
      if asJSON {
        Diagnostics.reportJSON(
          failure.json(with: ["file": .string(file), "line": .integer(Int64(line))]))
      } else {
        Diagnostics.report("\(file) line \(line): \(failure.text)")
      }
    }
    if lines.isMultiple(of: 1000) { progress.show(lines: lines, fraction: fraction) }
  }

  /// Prints the number of lines, unless the answers are printed.
  func end() {
    if lines >= 1000 { progress.end() }
    if !asJSON { print("\(file): \(lines - refused) of \(lines) lines are in the ledger") }
  }
}
