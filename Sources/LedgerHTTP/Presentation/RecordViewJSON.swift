public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore

extension RecordView {
  /// The record as a Pith Number document: the members of the imported document, and those that the ledger computes.
  ///
  /// Errors: a `JSONError` if an entry is not JSON.
  public func json(_ links: Links = Links()) throws -> JSON {
    .object(try members(links))
  }

  fileprivate func members(_ links: Links) throws -> JSONObject {
    let number = record.pithNumber
    var json = document ?? [:]
    addDefaults(to: &json)
    if titleVerified == false, var paper = json["paper"]?.objectValue {
      // The title is the document's own: the canonical record does not confirm it.
      paper["title_verified"] = false
      json["paper"] = .object(paper)
    }
    json["pith_number"] = .string(number.description)
    json["short_pith_number"] = .string(number.short)
    json["canonical_sha256"] = .string(record.canonicalSHA256.hex)
    json["canonical_record"] = .object(canonicalRecord)
    json["aliases"] = .array(aliases(of: json["aliases"]))
    json["events"] = .array(try events.map { try $0.json() })
    if hasMoreEvents {
      json["events_next"] = .string(links.events(of: number, from: .first, limit: 1000))
    }
    json["verification_status"] = status.map { .object($0.verificationStatus.json) } ?? .null
    json["event_summary"] = status.map { .object($0.eventSummary) } ?? .null
    json["links"] = links.links(number)
    json["agent_actions"] = links.actions(number, source: canonicalRecord["source"])
    json["updated_at"] = .string(updatedAt?.description ?? "")
    return json
  }

  /// Adds the members of a Pith Number document that the imported document does not have.
  private func addDefaults(to json: inout JSONObject) {
    let metadata = canonicalRecord["metadata"]
    let defaults: JSONObject = [
      "record_type": "pith_number_record",
      "schema_url": "https://pith.science/schemas/pith-number/v1.json",
      "schema_version": canonicalRecord["schema_version"] ?? "1.0",
      "attestation_state": "computed",
      "source": canonicalRecord["source"] ?? .null,
      "receipt": .null,
      "graph_snapshot": .null,
      "paper_claims": [],
      "inbound_citations": ["count": 0, "internal_anchor_count": 0, "sample": []],
      "formal_canon": ["anchors": [], "evidence_count": 0, "sample": []],
      "paper": [
        "cross_cats": metadata?["cross_cats_sorted"] ?? [],
        "license": metadata?["license"] ?? .null,
        "primary_cat": metadata?["primary_cat"] ?? .null,
        "submitted_at": metadata?["submitted_at"] ?? .null,
      ],
      "created_at": .string(createdAt?.description ?? ""),
    ]
    for (key, value) in defaults where json[key] == nil { json[key] = value }
  }

  /// The document's aliases without those that were retracted, and then the aliases that only the log has.
  private func aliases(of document: JSON?) -> [JSON] {
    let retracted = Set(aliases.lazy.filter(\.isRetracted).map(\.alias.key))
    var items: [JSON] = []
    var known: Set<String> = []
    for item in document?.arrayValue ?? [] {
      if let kind = item["alias_kind"]?.stringValue.flatMap({ Alias.Kind(rawValue: $0) }) {
        let key = Alias(kind: kind, value: item["alias_value"]?.stringValue ?? "").key
        if retracted.contains(key) { continue }
        known.insert(key)
      }
      items.append(item)
    }
    for name in aliases where !name.isRetracted && !known.contains(name.alias.key) {
      items.append(name.alias.json)
    }
    return items
  }
}

extension Alias {
  /// Identifies the alias among those of a record.
  fileprivate var key: String { "\(kind) \(folded)" }

  /// Short Pith Numbers are written in upper case.
  fileprivate var json: JSON {
    [
      "alias_kind": .string(kind.rawValue),
      "alias_value": .string(kind.rawValue.hasPrefix("pith_short") ? value.uppercased() : value),
    ]
  }
}

extension Links {
  /// The member `links` of a record.
  fileprivate func links(_ number: PithNumber) -> JSON {
    [
      "events_json": "\(api(number))/events.json", "graph_json": "\(api(number))/graph.json",
      "html": "\(page(number))", "json": "\(page(number)).json", "paper": "\(paper(number))",
    ]
  }

  /// The member `agent_actions` of a record.
  fileprivate func actions(_ number: PithNumber, source: JSON?) -> JSON {
    let action = "\(page(number))/action"
    let isArxiv = source?["kind"]?.stringValue == "arxiv"
    let query = isArxiv ? "arxiv=\(source?["id"]?.stringValue ?? "")" : "id=\(number.suffix)"
    return [
      "actions": [
        "anchor_timestamp": "\(action)/timestamp_anchor",
        "attest_author": "\(action)/author_attestation",
        "attest_storage": "\(action)/storage_attestation",
        "sign_citation": "\(action)/citation_signature",
        "submit_replication": "\(action)/replication_record",
      ],
      "download_json": "\(page(number)).json", "fetch_events": "\(api(number))/events.json",
      "fetch_graph": "\(api(number))/graph.json", "resolve_alias": "\(resolve(query))",
      "view_html": "\(page(number))", "view_paper": "\(paper(number))",
    ]
  }
}

extension GraphView {
  /// The snapshot as JSON: `pith_number`, `position`, `snapshot`, and the document's `graph_snapshot`.
  public var json: JSON {
    [
      "graph_snapshot": document ?? .null, "pith_number": .string(pithNumber.description),
      "position": .integer(position.rawValue), "snapshot": .object(snapshot),
    ]
  }
}

extension RecordStateView {
  /// The record as JSON without its events, and with `standings`, `position` and `vouched_citation_signatures`.
  ///
  /// Errors: a `JSONError` if an entry is not JSON.
  public func json(_ links: Links = Links()) throws -> JSON {
    var json = try record.members(links)
    json["events"] = nil
    json["standings"] = .array(standings.map(\.json))
    json["position"] = .integer(position.rawValue)
    json["vouched_citation_signatures"] = .integer(Int64(vouchedCitations))
    return .object(json)
  }
}

extension RecordStateView.Standing {
  fileprivate var json: JSON {
    [
      "event_id": .string("sha256:" + eventID.hex), "event_type": .string(type.name),
      "position": .integer(position.rawValue), "signer_vouched": .bool(isSignerVouched),
      "standing": .string(standing),
    ]
  }
}
