import DurableFiles
import LedgerDomain
import ProofFormats

/// Refusals that follow from errors of the modules below.
extension Refusal {
  /// The refusal of a write in a read-only process.
  static let readOnly = Refusal(
    .unavailable, check: "read_only",
    "This ledger is read-only. Submit to the ledger that takes writes.")

  /// The refusal to read a ledger in a data directory that has none.
  static func noLedger(in directory: String) -> Refusal {
    Refusal(
      .notFound, check: "no_ledger", field: directory,
      "There is no ledger in the data directory \(directory). Name its data directory by --data-dir, or its "
        + "database by PITHLEDGER_DATABASE_URL. `pithledger serve` and `pithledger import` begin a new ledger."
    )
  }

  /// The refusal to read a ledger in a database whose log has no events.
  static let emptyDatabase = Refusal(
    .notFound, check: "no_ledger",
    "There is no ledger in the database: its log has no events. Check PITHLEDGER_DATABASE_URL. `pithledger "
      + "serve` and `pithledger import` begin a new ledger.")

  /// The refusal of a proof that is malformed or leads to a wrong value.
  init(proof error: ProofFormatError) {
    self.init(.invalid, check: error.check, field: "evidence", offset: error.offset, error.message)
  }

  /// The refusal for a file that cannot be written or read.
  init(_ error: DurableFileError, check: String) {
    let code: Code =
      switch error.code {
      case .exists: .conflict
      case .missing: .malformed
      case .unsafe: .forbidden
      case .failed: .unavailable
      }
    self.init(code, check: check, field: error.path, error.message)
  }
}
