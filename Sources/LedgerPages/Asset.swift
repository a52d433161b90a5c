import Encodings

/// A file that pages load: a style sheet or a module of JavaScript.
public struct Asset: Sendable {
  /// The file's name.
  public let name: String
  /// The media type.
  public let type: String
  /// The contents.
  public let bytes: [UInt8]

  private init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    type =
      name.hasSuffix(".css")
      ? "text/css; charset=utf-8"
      : name.hasSuffix(".svg") ? "image/svg+xml" : "text/javascript; charset=utf-8"
  }

  /// Every file.
  public static let all: [Asset] = [
    Asset("style.css", PackageResources.style_css),
    Asset("icon.svg", PackageResources.icon_svg),
    Asset("admin-decisions.js", PackageResources.admin_decisions_js),
    Asset("admin-keys.js", PackageResources.admin_keys_js),
    Asset("admin-service.js", PackageResources.admin_service_js),
    Asset("admin.js", PackageResources.admin_js),
    Asset("attest-author.js", PackageResources.attest_author_js),
    Asset("attest-citation.js", PackageResources.attest_citation_js),
    Asset("attest-replication.js", PackageResources.attest_replication_js),
    Asset("attest-storage.js", PackageResources.attest_storage_js),
    Asset("attest-timestamp.js", PackageResources.attest_timestamp_js),
    Asset("attest-withdraw.js", PackageResources.attest_withdraw_js),
    Asset("attest.js", PackageResources.attest_js),
    Asset("bundle.js", PackageResources.bundle_js),
    Asset("canonical-json.js", PackageResources.canonical_json_js),
    Asset("check.js", PackageResources.check_js),
    Asset("dom.js", PackageResources.dom_js),
    Asset("encoding.js", PackageResources.encoding_js),
    Asset("file-field.js", PackageResources.file_field_js),
    Asset("form.js", PackageResources.form_js),
    Asset("hashing.js", PackageResources.hashing_js),
    Asset("http.js", PackageResources.http_js),
    Asset("key-card.js", PackageResources.key_card_js),
    Asset("key-choice.js", PackageResources.key_choice_js),
    Asset("key-file.js", PackageResources.key_file_js),
    Asset("key-store.js", PackageResources.key_store_js),
    Asset("latest-events.js", PackageResources.latest_events_js),
    Asset("member-words.js", PackageResources.member_words_js),
    Asset("operator.js", PackageResources.operator_js),
    Asset("orcid-return.js", PackageResources.orcid_return_js),
    Asset("orcid.js", PackageResources.orcid_js),
    Asset("page-facts.js", PackageResources.page_facts_js),
    Asset("paper-names.js", PackageResources.paper_names_js),
    Asset("registry-draft.js", PackageResources.registry_draft_js),
    Asset("result.js", PackageResources.result_js),
    Asset("review.js", PackageResources.review_js),
    Asset("sha256.js", PackageResources.sha256_js),
    Asset("signing.js", PackageResources.signing_js),
    Asset("time-proof.js", PackageResources.time_proof_js),
    Asset("your-key.js", PackageResources.your_key_js),
  ]

  /// Identifies the contents of all files together. Each version has addresses of its own, which any cache may keep.
  public static let version = String(
    Digest(hashing: all.flatMap { Array($0.name.utf8) + [0] + $0.bytes }).hex.prefix(16))

  /// The folder of the files' addresses.
  public static let folder = "/assets/\(version)"

  /// The file at an address below ``folder``.
  public static func named(_ name: String) -> Asset? { all.first { $0.name == name } }
}
