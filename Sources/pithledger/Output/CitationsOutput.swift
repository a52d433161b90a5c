import CanonicalJSON
import LedgerDomain

/// Prints a page of citations.
struct CitationsOutput: CommandOutput {
  let json: JSON

  var text: String {
    let citations = json["citations"]?.arrayValue ?? []
    if citations.isEmpty { return "no such citations" }
    let lines = citations.map { item in
      let name = ["citing_pith_number", "citing_arxiv", "citing_doi"].lazy
        .compactMap { item["citing"]?[$0] }.first
      return [
        "\(item["position"]?.integerValue ?? -1)", name.line, item["relation"].line,
        item["cited_pith_number"].line, item["standing"].line,
        item["signer_vouched"] == true ? "vouched" : "not vouched",
        item["signer"]?["public_key_fingerprint"].line ?? "",
      ].joined(separator: "  ")
    }
    return (lines + nextCursor).joined(separator: "\n")
  }
}
