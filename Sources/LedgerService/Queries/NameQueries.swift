public import Encodings
public import LedgerDomain
public import LedgerStore
import ProofFormats

/// What a text in the search box names.
public enum NamedThing: Sendable {
  /// A record.
  case record(PithNumber)
  /// Several records: the text is the beginning of each of their Pith Numbers.
  case candidates([TitledRecord])
  /// An author, by iD.
  case author(String)
  /// A registered key.
  case key(Digest128)
  /// An event.
  case event(Digest)
  /// A SHA-256 that is no event's.
  case hash(Digest)
}

/// Tells what a text names.
public struct NameQueries: Sendable {
  /// The largest number of bytes of a text in the search box.
  public static let maxBytes = 300

  let store: LedgerStore
  let resolver: RecordResolver
  let keys: KeyQueries

  /// What a text names; `nil` if it is no name, or names nothing here.
  public func thing(named text: String) async throws -> NamedThing? {
    let name = Self.stripped(text)
    guard !name.isEmpty, name.utf8.count <= Self.maxBytes else { return nil }
    if let digest = Digest(
      hex: name.lowercased().replacing("sha256:", with: "", maxReplacements: 1))
    {
      return try await store.log.position(of: digest) == nil ? .hash(digest) : .event(digest)
    }
    if let fingerprint = Digest128(hex: name.lowercased()) {
      do { return .key(try await keys.key(fingerprint.hex).key.fingerprint) } catch let refusal
        as Refusal where refusal.code == .notFound
      {}
    }
    if ORCID.isValid(name.uppercased()) { return .author(name.uppercased()) }
    guard let parsed = try? RecordName(name) else { return nil }
    let found = try await store.records.resolve(parsed)
    guard let first = found.first else { return nil }
    do {
      return .record(try RecordResolver.best(of: found, for: parsed, name).pithNumber)
    } catch  where found.count > 1 {
      let titles = try await store.titles.titles(of: Set(found.map(\.record)))
      return .candidates(found.compactMap { titles[$0.record] })
    } catch { return .record(first.pithNumber) }
  }

  /// A text without white space at its ends and without the address in front of an identifier.
  static func stripped(_ text: String) -> String {
    var name = Substring(text)
    while let first = name.first, first.isWhitespace { name.removeFirst() }
    while let last = name.last, last.isWhitespace { name.removeLast() }
    for prefix in [
      "https://orcid.org/", "http://orcid.org/", "orcid:", "https://arxiv.org/abs/",
      "http://arxiv.org/abs/", "https://www.arxiv.org/abs/", "arxiv.org/abs/",
      "https://arxiv.org/pdf/", "https://www.doi.org/", "https://doi.org/", "http://doi.org/",
      "https://dx.doi.org/", "http://dx.doi.org/", "doi.org/",
    ] where name.lowercased().hasPrefix(prefix) {
      name = name.dropFirst(prefix.count)
      break
    }
    return String(name)
  }
}
