public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore

/// A record as JSON-LD: schema.org for the paper, CiTO for its citations, PROV-O for its newest events.
///
/// Source: JSON-LD 1.1. Specification: formats.md, section JSON-LD.
public struct RecordLinkedData: Sendable {
  /// The largest number of events in a document.
  public static let maxEvents = 25
  /// The largest number of authors in the head of a page.
  static let maxHeadAuthors = 100

  private let view: RecordView
  private let paper: PaperDescription
  private let citations: [CitationView]
  private let outgoing: [CitationView]
  private let links: Links

  /// Describes a record.
  ///
  /// - Parameters:
  ///   - view: the record.
  ///   - inbound: verified citations of the record; those of the view unless given.
  ///   - outbound: verified citations by the record's paper.
  ///   - links: absolute addresses.
  public init(
    _ view: RecordView, inbound: CitationPage? = nil, outbound: CitationPage? = nil, links: Links
  ) {
    self.view = view
    self.links = links
    paper = PaperDescription(view)
    citations = Self.verified(inbound ?? view.citations)
    outgoing = Self.verified(outbound)
  }

  /// A citation that was withdrawn or replaced is not said to be one.
  private static func verified(_ page: CitationPage?) -> [CitationView] {
    (page?.citations ?? []).filter { $0.citation.standing == .verified }
  }

  /// The whole document.
  ///
  /// Errors: a `Refusal` if an entry is not well-formed.
  public func json() throws -> JSON {
    let statements = (citations + outgoing).map(statement)
    let events = try view.events.prefix(Self.maxEvents).map(provenance)
    return [
      "@context": LinkedDataContext.json,
      "@graph": .array([.object(article(authors: .max))] + statements + events),
    ]
  }

  /// The paper and its citations for an element `script` in the head of a page: JSON without `<`.
  public var head: String {
    var json = article(authors: Self.maxHeadAuthors)
    json["@context"] = LinkedDataContext.json
    // With a combining mark behind it `<` is another `Character`, and begins a tag all the same.
    return PlainText.replacingScalars(of: JSON.object(json).canonicalString()) {
      $0 == "<" ? "\\u003c" : nil
    }
  }

  // MARK: The paper

  private var page: JSON { .string(links.page(paper.number)) }

  private func article(authors limit: Int) -> JSONObject {
    var json: JSONObject = [
      "@id": page, "@type": ["ScholarlyArticle", "prov:Entity"], "url": page,
      "identifier": .array(identifiers), "datePublished": .string(paper.date),
    ]
    json["name"] = paper.title.map { .string($0) }
    json["ledger:unconfirmedTitle"] = paper.unconfirmedTitle.map { .string($0) }
    let authors = authors.prefix(limit)
    if !authors.isEmpty { json["author"] = .array(Array(authors)) }
    json["license"] = paper.licenseURL.map { .string($0) }
    if let text = paper.licenseText {
      json["license"] = ["@type": "CreativeWork", "name": .string(text)]
    }
    if !paper.categories.isEmpty {
      json["keywords"] = .array(paper.categories.map { .string($0) })
    }
    json["dateModified"] = paper.updatedAt.map { .string($0.description) }
    let same = paper.hasTrustedNames ? paper.doiURLs + [paper.arxivURL].compactMap { $0 } : []
    if !same.isEmpty { json["sameAs"] = .array(same.map { .string($0) }) }
    json["encoding"] = .array(encodings)
    json["ledger:verificationStatus"] = status
    for (term, papers) in terms(outgoing, paper: { links.page($0.citation.cited) }) {
      json[term] = papers
    }
    let citing = terms(citations) { PaperAddress.citing($0, links) }
    if !citing.isEmpty { json["@reverse"] = .object(JSONObject(citing)) }
    return json
  }

  private var identifiers: [JSON] {
    func identifier(_ kind: String, _ value: String, _ url: String?) -> JSON {
      var json: JSONObject = [
        "@type": "PropertyValue", "propertyID": .string(kind), "value": .string(value),
      ]
      json["url"] = url.map { .string($0) }
      return .object(json)
    }
    var identifiers = [
      identifier("Pith Number", paper.number.description, links.page(paper.number)),
      identifier("canonical_sha256", view.record.canonicalSHA256.hex, nil),
    ]
    // Anybody may send a record that names a paper. Such names are no addresses of that paper.
    let isTrusted = paper.hasTrustedNames
    if let arxiv = paper.arxiv {
      identifiers.append(identifier("arXiv", arxiv, isTrusted ? paper.arxivURL : nil))
    }
    for (doi, url) in zip(paper.dois, paper.doiURLs) {
      identifiers.append(identifier("DOI", doi, isTrusted ? url : nil))
    }
    return identifiers
  }

  /// The authors of the document. An author with a strong claim has the iD, and the name that was verified with it.
  private var authors: [JSON] {
    var people = paper.authors.map { author -> JSON in
      [
        "@type": author.isGroup ? "Organization" : "Person", "name": .string(author.full),
      ]
    }
    for author in paper.identified {
      let person: JSON = [
        "@id": .string(author.orcid), "@type": "Person", "name": .string(author.name),
      ]
      if let index = author.index { people[index] = person } else { people.append(person) }
    }
    return people
  }

  private var encodings: [JSON] {
    [
      ("\(links.page(paper.number)).json", "application/json"),
      (links.part("bundle.json", of: paper.number), "application/json"),
    ].map { address, type in
      [
        "@type": "MediaObject", "contentUrl": .string(address), "encodingFormat": .string(type),
      ]
    }
  }

  private var status: JSON? {
    guard let status = view.status else { return nil }
    var json: JSONObject = [
      "@type": "ledger:VerificationStatus", "ledger:position": .integer(status.position.rawValue),
    ]
    for (key, value) in status.verificationStatus.json { json["ledger:\(key)"] = value }
    return .object(json)
  }

  // MARK: Citations

  /// The papers at the other end of citations, by the property that relates them.
  private func terms(
    _ citations: [CitationView], paper: (CitationView) -> String
  ) -> [(String, JSON)] {
    var papers: [String: [String]] = [:]
    for citation in citations {
      let term = CitationTerm(citation.payload.relation).compact
      let address = paper(citation)
      if papers[term]?.contains(address) != true { papers[term, default: []].append(address) }
    }
    return papers.map { ($0, .array($1.map { ["@id": .string($0)] })) }
  }

  /// A citation as a statement of its signer.
  private func statement(_ citation: CitationView) -> JSON {
    let term = CitationTerm(citation.payload.relation)
    let body = citation.event.body
    var json: JSONObject = [
      "@id": .string(links.event(citation.event.eventID)),
      "@type": ["cito:Citation", "prov:Entity"],
      "cito:hasCitingEntity": .string(PaperAddress.citing(citation, links)),
      "cito:hasCitedEntity": .string(links.page(citation.citation.cited)),
      "cito:hasCitationCharacterization": .string(term.compact),
      "ledger:relation": .string(citation.payload.relation.rawValue),
      "ledger:isVouched": .bool(citation.citation.isSignerVouched),
      "ledger:standing": .string(citation.citation.standing.name),
      "prov:generatedAtTime": .string(citation.citation.event.recordedAt.description),
      "prov:wasAttributedTo": .string(links.key(body.signer.fingerprint)),
    ]
    if !term.isExact { json["ledger:isApproximateTerm"] = true }
    return .object(json)
  }

  // MARK: Events

  /// An event as an entity, with the signing as the activity that made it.
  private func provenance(_ stored: StoredEvent) throws -> JSON {
    let body = try Entry(bytes: stored.entry).event.body
    let event = links.event(stored.eventID)
    let key: JSON = .string(links.key(body.signer.fingerprint))
    var activity: JSONObject = [
      "@id": .string("\(event)#submission"), "@type": "prov:Activity",
      "prov:endedAtTime": .string(stored.recordedAt.description),
      "ledger:statedAt": .string(body.createdAt.description), "prov:wasAssociatedWith": key,
    ]
    if let used = body.payloadJSON["event_id"]?.stringValue.flatMap(eventAddress) {
      activity["prov:used"] = .string(used)
    }
    var json: JSONObject = [
      "@id": .string(event), "@type": "prov:Entity", "about": page,
      "ledger:eventType": .string(stored.type.name),
      "ledger:position": .integer(stored.position.rawValue),
      "prov:generatedAtTime": .string(stored.recordedAt.description),
      "prov:wasAttributedTo": [
        "@id": key, "@type": "prov:Agent",
        "ledger:signerType": .string(body.signer.signerType.name),
        // Whether the key belongs to whom it names is said by its page.
        "ledger:statedIdentity": .string(PlainText.oneLine(body.signer.signerID)),
      ],
      "prov:wasGeneratedBy": .object(activity),
    ]
    if let older = body.payloadJSON["supersedes"]?.stringValue.flatMap(eventAddress) {
      json["prov:wasRevisionOf"] = .string(older)
    }
    return .object(json)
  }

  private func eventAddress(_ id: String) -> String? {
    guard id.hasPrefix("sha256:") else { return nil }
    return Digest(hex: String(id.dropFirst(7))).map(links.event)
  }
}
