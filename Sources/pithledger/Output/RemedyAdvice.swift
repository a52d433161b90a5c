import LedgerDomain

extension Refusal.Remedy {
  /// The command that resolves a refusal, as a sentence; `nil` if the shell has no other command.
  var commandAdvice: String? {
    switch self {
    case .importRecord: "Import it first: pithledger import FILE."
    case .submitAction: "`pithledger attest` submits a bare payload."
    case .prepareEvent: "`pithledger attest` with --key signs it."
    // A command names the record itself, and always acts as the operator.
    case .submitToRegistry, .authorise: nil
    }
  }
}
