public import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

extension RecordQueries {
  /// A record in the whole shape of a Pith Number document: what it was imported with, and what the
  /// ledger computes.
  public func document(_ name: String, baseURL: String = "") async throws -> JSON {
    let record = try await resolve(name).record
    return .object(try await documentJSON(record, baseURL: baseURL))
  }

  private func documentJSON(_ record: ResolvedRecord, baseURL: String) async throws -> JSONObject {
    let held = try await documents.document(of: record)
    let canonical = try await canonicalRecord(of: record, held)
    var json = held?.json ?? [:]
    func fill(_ key: String, _ value: JSON) { if json[key] == nil { json[key] = value } }
    let number = record.pithNumber
    fill("record_type", "pith_number_record")
    fill("schema_url", "https://pith.science/schemas/pith-number/v1.json")
    fill("schema_version", canonical["schema_version"] ?? "1.0")
    fill("attestation_state", "computed")
    fill("source", canonical["source"] ?? .null)
    fill("receipt", .null)
    fill("graph_snapshot", .null)
    fill("paper_claims", [])
    fill("inbound_citations", ["count": 0, "internal_anchor_count": 0, "sample": []])
    fill("formal_canon", ["anchors": [], "evidence_count": 0, "sample": []])
    fill(
      "paper",
      [
        "cross_cats": canonical["metadata"]?["cross_cats_sorted"] ?? [],
        "license": canonical["metadata"]?["license"] ?? .null,
        "primary_cat": canonical["metadata"]?["primary_cat"] ?? .null,
        "submitted_at": canonical["metadata"]?["submitted_at"] ?? .null,
      ])
    if held?.titleVerified == false, var paper = json["paper"]?.objectValue {
      // Kept and served, and said to be nobody's word but the document's.
      paper["title_verified"] = false
      json["paper"] = .object(paper)
    }
    json["pith_number"] = .string(number.description)
    json["short_pith_number"] = .string(number.short)
    json["canonical_sha256"] = .string(record.canonicalSHA256.hex)
    json["canonical_record"] = .object(canonical)
    json["aliases"] = .array(try await aliases(record, json["aliases"]))
    let newest = try await store.log.events(record: record.record, limit: 200, newestFirst: true)
    // What an import itself wrote is the record, not something said about it.
    let about = newest.filter {
      ![.recordCreated, .aliasAdded, .graphSnapshot].contains($0.type)
    }.prefix(100)
    json["events"] = .array(try about.map(EventQueries.json))
    if newest.count == 200 || about.count == 100 {
      json["events_next"] = .string(
        "\(configuration.base(baseURL))/api/pith-number/\(number.suffix)/events.json?from=0&limit=1000"
      )
    }
    let projected = try await store.projections.state(record: record.record)
    json["verification_status"] =
      projected.map {
        .object(
          $0.state.verificationStatus(
            storageVerifiedUntil: $0.storageVerifiedUntil, at: configuration.clock()
          ).json)
      } ?? .null
    json["event_summary"] = projected.map { .object($0.state.eventSummary()) } ?? .null
    links(number, source: canonical["source"], baseURL: configuration.base(baseURL), into: &json)
    let first = try await store.log.events(from: record.record.firstPosition, limit: 1).first
    fill("created_at", .string(first?.recordedAt.description ?? ""))
    json["updated_at"] = .string(newest.first?.recordedAt.description ?? "")
    return json
  }

  private func canonicalRecord(
    of record: ResolvedRecord, _ held: RecordDocument?
  ) async throws -> JSONObject {
    if let held { return held.canonical.json }
    guard
      let stored = try await store.log.events(from: record.record.firstPosition, limit: 1).first,
      case .recordCreated(let payload) = try Entry(bytes: stored.entry).event.body.payload
    else {
      throw Refusal(.unavailable, check: "log", "The record's first event cannot be read.")
    }
    return payload.canonical.json
  }

  /// The document's aliases as they are, without those that were retracted, and those that only the log
  /// has.
  private func aliases(_ record: ResolvedRecord, _ document: JSON?) async throws -> [JSON] {
    let names = try await store.records.names(record: record.record)
    let retracted = Set(
      names.lazy.filter(\.isRetracted).map { "\($0.alias.kind) \($0.alias.folded)" })
    var items: [JSON] = []
    var known: Set<String> = []
    for item in document?.arrayValue ?? [] {
      if let kind = item["alias_kind"]?.stringValue.flatMap({ Alias.Kind(rawValue: $0) }) {
        let value = item["alias_value"]?.stringValue ?? ""
        let key = "\(kind) \(Alias(kind: kind, value: value).folded)"
        if retracted.contains(key) { continue }
        known.insert(key)
      }
      items.append(item)
    }
    for case (let alias, false) in names where !known.contains("\(alias.kind) \(alias.folded)") {
      items.append([
        "alias_kind": .string(alias.kind.rawValue),
        "alias_value": .string(
          alias.kind.rawValue.hasPrefix("pith_short") ? alias.value.uppercased() : alias.value),
      ])
    }
    return items
  }

  private func links(
    _ number: PithNumber, source: JSON?, baseURL: String, into json: inout JSONObject
  ) {
    let page = "\(baseURL)/pith/\(number.suffix)"
    let api = "\(baseURL)/api/pith-number/\(number.suffix)"
    let paper = "\(baseURL)/paper/\(number.suffix.prefix(8))"
    json["links"] = [
      "events_json": "\(api)/events.json", "graph_json": "\(api)/graph.json", "html": "\(page)",
      "json": "\(page).json", "paper": "\(paper)",
    ]
    let id = source?["id"]?.stringValue ?? ""
    let isArxiv = source?["kind"]?.stringValue == "arxiv"
    let resolve = isArxiv ? "arxiv=\(id)" : "id=\(number.suffix)"
    json["agent_actions"] = [
      "actions": [
        "anchor_timestamp": "\(page)/action/timestamp_anchor",
        "attest_author": "\(page)/action/author_attestation",
        "attest_storage": "\(page)/action/storage_attestation",
        "sign_citation": "\(page)/action/citation_signature",
        "submit_replication": "\(page)/action/replication_record",
      ],
      "download_json": "\(page).json", "fetch_events": "\(api)/events.json",
      "fetch_graph": "\(api)/graph.json",
      "resolve_alias": "\(baseURL)/api/pith-number/resolve?\(resolve)&json=true",
      "view_html": "\(page)", "view_paper": "\(paper)",
    ]
  }

  /// The newest graph snapshot, and where in the log it was stated.
  public func graph(_ name: String) async throws -> JSON {
    let record = try await resolve(name).record
    guard let stored = try await store.log.latestEvent(record: record.record, type: .graphSnapshot)
    else {
      throw Refusal(.notFound, check: "graph", "This record has no graph snapshot.")
    }
    return [
      "graph_snapshot": try await documents.document(of: record)?.json["graph_snapshot"] ?? .null,
      "pith_number": .string(record.pithNumber.description),
      "position": .integer(stored.position.rawValue),
      "snapshot": .object(try Entry(bytes: stored.entry).event.body.payloadJSON),
    ]
  }

  /// The record, its status and the standing of each of its newest thousand attestations.
  public func state(_ name: String, baseURL: String = "") async throws -> JSON {
    let record = try await resolve(name).record
    var json = try await documentJSON(record, baseURL: baseURL)
    let keys = try await timeline.current().timeline
    var standings: [JSON] = []
    let newest = try await store.folds.newestAttestations(
      record: record.record, limit: EventQueries.pageSize)
    let fold = GroupFold(
      try await store.folds.events(
        record: record.record, groups: Set(newest.compactMap(\.foldGroup)), keys), keys)
    for event in newest {
      standings.append([
        "event_id": .string("sha256:" + event.eventID.hex),
        "event_type": .string(event.type.name),
        "position": .integer(event.position.rawValue),
        "signer_vouched": .bool(keys.isVouched(event.signerKey, at: event.position)),
        "standing": .string(fold.standingName(of: event.position)),
      ])
    }
    json["events"] = nil
    json["standings"] = .array(standings)
    json["position"] = .integer(try await store.projections.position().rawValue)
    json["vouched_citation_signatures"] = .integer(
      Int64(
        try await store.projections.state(record: record.record)?.state.sums.vouchedCitationEdges
          ?? 0)
    )
    return .object(json)
  }
}
