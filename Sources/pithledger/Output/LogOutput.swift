import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import TransparencyLog

/// Prints a signed checkpoint.
struct CheckpointOutput: CommandOutput {
  /// The checkpoint as a signed note.
  let note: String
  /// The positions of new timestamps over the checkpoint; `nil` if none were requested.
  let timestamps: [Position]?

  var json: JSON {
    [
      "checkpoint": .string(note),
      "stamps": .array((timestamps ?? []).map { .integer($0.rawValue) }),
    ]
  }

  var text: String {
    TerminalText.escaped(String(note.dropLast()), keepsLines: true)
      + (timestamps.map { "\nstamped: \($0.count) new proofs" } ?? "")
  }
}

/// Prints the verifier key of the log.
struct LogKeyOutput: CommandOutput {
  let key: String

  var json: JSON { ["log_key": .string(key)] }
  var text: String { TerminalText.escaped(key) }
}

/// Prints an inclusion proof.
struct ProofOutput: CommandOutput {
  let proof: InclusionProof

  var json: JSON { ["proof": .string(proof.description)] }
  var text: String { String(proof.description.dropLast()) }
}

/// Prints the name of the file to which an inclusion proof or a receipt was written.
struct ProofFileOutput: CommandOutput {
  /// The position of the entry.
  let index: UInt64
  let path: String

  var json: JSON {
    ["file": .string(path), "position": .integer(Int64(clamping: index))]
  }
  var text: String { "position \(index): \(path)" }
}

/// Prints the size of an exported log.
struct ExportOutput: CommandOutput {
  let report: ExportReport
  let directory: String

  var json: JSON {
    [
      "entries": .integer(report.entries.stored),
      "written": .integer(Int64(report.written)),
    ]
  }
  var text: String { "\(report.entries) entries, \(report.written) new files in \(directory)" }
}

/// Prints the size and the root of an imported log.
struct LogImportOutput: CommandOutput {
  let checkpoint: Checkpoint

  var json: JSON {
    ["root": .string(checkpoint.root.base64), "size": .integer(checkpoint.size.stored)]
  }
  var text: String { "\(checkpoint.size) entries, root \(checkpoint.root.base64)" }
}
