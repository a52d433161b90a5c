public import CanonicalJSON
public import LedgerDomain
public import LedgerService

extension StatusSnapshot {
  /// The status as JSON: `pith_number`, `position`, `verification_status` and `event_summary`.
  public var json: JSON {
    [
      "pith_number": .string(pithNumber.description), "position": .integer(position.rawValue),
      "verification_status": .object(verificationStatus.json),
      "event_summary": .object(eventSummary),
    ]
  }
}

extension [(name: String, status: Result<StatusSnapshot, Refusal>)] {
  /// The statuses as JSON: an object with the member `statuses`. Each has the name as `id`, and where the name designates
  /// no record a problem as `error`.
  public var json: JSON {
    let items = map { item in
      var members: JSONObject
      switch item.status {
      case .success(let status): members = status.json.objectValue ?? [:]
      case .failure(let refusal):
        members = ["error": .object(Problem(refusal).json(requestID: nil))]
      }
      members["id"] = .string(item.name)
      return JSON.object(members)
    }
    return ["statuses": .array(items)]
  }
}
