import CanonicalJSON

/// The description of the service for programs.
enum ServiceDescription {
  /// The paths of the service.
  static func index(origin: String) -> JSON {
    [
      "about": "An append-only ledger of attestations about papers with a Pith Number.",
      "check_proof": "POST /api/evidence/check?digest={sha256}",
      "checkpoint": "/checkpoint", "import": "POST /api/records", "keys": "/api/keys",
      "event": "/api/events/{event_id}", "key_events": "/api/keys/{fingerprint}/events",
      "log": "/api/events",
      "moderate": "POST /pith/{id}/action/moderation_decision",
      "replications": "/api/replications?standing=pending",
      "log_stream": "/api/events/stream", "origin": .string(origin),
      "proof": "/api/proof/{position or event_id}", "record": "/pith/{id}.json",
      "resolve": "/api/pith-number/resolve?arxiv=…",
      "search": "/api/records?title=…", "status": "/api/pith-number/{id}/status.json",
      "status_of_many": "/api/status?id=…&id=…",
      "submit": "POST /pith/{id}/action/{event_type} or POST /api/events",
    ]
  }
}
