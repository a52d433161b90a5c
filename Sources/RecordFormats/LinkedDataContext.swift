import CanonicalJSON

/// The terms of the JSON-LD documents. A processor needs no other document.
enum LinkedDataContext {
  /// The namespace of the ledger's own terms.
  static let ledger = "urn:pithledger:vocabulary:"

  /// The member `@context`. Terms without a prefix are those of schema.org.
  static let json: JSON = {
    var context: JSONObject = [
      "@vocab": "https://schema.org/", "cito": .string(CitationTerm.namespace),
      "ledger": .string(ledger), "prov": "http://www.w3.org/ns/prov#",
      "xsd": "http://www.w3.org/2001/XMLSchema#",
      "dateModified": ["@type": "xsd:dateTime"], "datePublished": ["@type": "xsd:date"],
    ]
    for term in ["about", "contentUrl", "license", "sameAs", "url"] {
      context[term] = ["@type": "@id"]
    }
    for term in [
      "hasCitationCharacterization", "hasCitedEntity", "hasCitingEntity",
    ] { context["cito:\(term)"] = ["@type": "@id"] }
    for term in ["used", "wasAssociatedWith", "wasAttributedTo", "wasRevisionOf"] {
      context["prov:\(term)"] = ["@type": "@id"]
    }
    for term in ["prov:endedAtTime", "prov:generatedAtTime", "ledger:statedAt"] {
      context[term] = ["@type": "xsd:dateTime"]
    }
    return .object(context)
  }()
}
