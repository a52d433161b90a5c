import LedgerDomain

extension Refusal.Remedy {
  /// The request that resolves a refusal, as a sentence.
  var requestAdvice: String {
    switch self {
    case .importRecord: "Import it first: POST /api/records."
    case .submitToRegistry: "POST it to /api/events."
    case .submitAction: "POST a bare payload to /pith/{id}/action/{event_type}."
    case .prepareEvent: "?prepare=true answers with the bytes to sign."
    case .authorise:
      "Send the token of operator.token in the data directory as Authorization: Bearer, or use the "
        + "ledger's Unix socket."
    }
  }
}
