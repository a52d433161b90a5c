public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
public import RecordFormats

extension RecordView {
  /// The record as a Pith Number document: the members of the imported document, and those that the ledger computes.
  ///
  /// Errors: a `JSONError` if an entry is not JSON.
  public func json(_ links: Links = Links()) throws -> JSON {
    let number = record.pithNumber
    var json = documentMembers
    addDefaults(to: &json)
    replaceClaims(in: &json)
    json["inbound_citations"] = inboundCitations(json["inbound_citations"], links)
    json["pith_number"] = .string(number.description)
    json["short_pith_number"] = .string(number.short)
    json["canonical_sha256"] = .string(record.canonicalSHA256.hex)
    json["canonical_record"] = .object(canonicalRecord)
    json["source"] = canonicalRecord["source"]
    json["aliases"] = .array(aliases(of: json["aliases"]))
    json["events"] = .array(try events.map { try $0.json() })
    if hasMoreEvents {
      json["events_next"] = .string(links.events(.record(number), from: .first, limit: 1000))
    }
    json["verification_status"] = status.map { .object($0.verificationStatus.json) } ?? .null
    json["event_summary"] = status.map { .object($0.eventSummary) } ?? .null
    json["links"] = links.links(number)
    json["agent_actions"] = links.actions(number, source: canonicalRecord["source"])
    json["updated_at"] = .string(updatedAt?.description ?? "")
    return .object(json)
  }

  /// Adds the members of a Pith Number document that the imported document does not have.
  private func addDefaults(to json: inout JSONObject) {
    let metadata = canonicalRecord["metadata"]
    let defaults: JSONObject = [
      "record_type": "pith_number_record",
      "schema_url": "https://pith.science/schemas/pith-number/v1.json",
      "schema_version": canonicalRecord["schema_version"] ?? "1.0",
      "source": canonicalRecord["source"] ?? .null,
      "receipt": .null,
      "graph_snapshot": .null,
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
      // An alias has these members. Others would read as something that the ledger says about it.
      items.append(
        .object(item.objectValue?.keeping(["alias_kind", "alias_value", "created_at"]) ?? [:]))
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
  /// The graph as JSON: the snapshot in `position`, `snapshot` and `graph_snapshot`, which are `null` without
  /// one, and beside it `attested`, the newest citations that the log attests, in either direction.
  ///
  /// The document's `graph_snapshot` has the claims of authorship that the log attests.
  public func json(_ links: Links = Links()) -> JSON {
    [
      "attested": [
        "inbound": .object(inbound.members(links)), "outbound": .object(outbound.members(links)),
      ],
      "graph_snapshot": GraphClaims(claims: authorClaims, status: status)
        .replaced(in: snapshot?.document) ?? .null,
      "pith_number": .string(pithNumber.description),
      "position": snapshot.map { .integer($0.position.rawValue) } ?? .null,
      "snapshot": snapshot.map { .object($0.payload) } ?? .null,
    ]
  }
}
