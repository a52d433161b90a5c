import LedgerDomain
public import LedgerStore

/// A record whose name is like one that names nothing.
public struct NearMatch: Sendable {
  /// Why the record is suggested.
  public enum Reason: Sendable, Equatable {
    /// Its Pith Number begins with the same characters, of this number.
    case beginning(Int)
    /// Its name is the same with characters that look alike: `0` and `O`, `1` and `I`, `8` and `B`.
    case lookAlike
    /// It is the same arXiv paper, in another version or another way of writing.
    case arxiv
    /// Its DOI is the same without marks at its end.
    case doi
    /// Its title or its authors have the words.
    case words
  }

  /// The record.
  public let record: TitledRecord
  /// Why it is suggested.
  public let reason: Reason

  /// Makes a suggestion.
  public init(record: TitledRecord, reason: Reason) {
    self.record = record
    self.reason = reason
  }
}

/// Finds records whose names are like one that names nothing.
public struct NearMatchQueries: Sendable {
  /// The largest number of suggestions.
  public static let maxMatches = 6
  /// The smallest number of characters of a Pith Number that make it like another one.
  static let minBeginning = 4

  let store: LedgerStore
  let clock: @Sendable () -> Timestamp

  /// Finds records for a name.
  ///
  /// - Parameter text: the name as a reader gave it. A longer one than `NameQueries.maxBytes` has no matches.
  public func matches(for text: String) async throws -> [NearMatch] {
    let name = NameQueries.stripped(text)
    guard !name.isEmpty, name.utf8.count <= NameQueries.maxBytes else { return [] }
    var found = try await aliases(name)
    if found.isEmpty { found = try await suffixes(name) }
    if found.isEmpty { found = try await words(name) }
    var seen: Set<RecordID> = []
    return Array(
      found.filter { seen.insert($0.record.record.record).inserted }.prefix(Self.maxMatches))
  }

  // MARK: Aliases

  /// The other ways of writing an arXiv identifier or a DOI.
  static func spellings(_ name: String) -> [(name: String, reason: NearMatch.Reason)] {
    let folded = name.lowercased().replacing("arxiv:", with: "", maxReplacements: 1)
      .filter { !$0.isWhitespace }
    var names: [(String, NearMatch.Reason)] = []
    if folded.hasPrefix("10.") || folded.contains("doi") {
      let doi: Substring = folded.drop(while: { !$0.isNumber })
      if let end = doi.lastIndex(where: { $0.isLetter || $0.isNumber }) {
        names.append((String(doi[...end]), .doi))
      }
    }
    let plain = Alias.withoutVersion(folded.replacing(".pdf", with: "", maxReplacements: 1))
    names.append((plain, .arxiv))
    // 2401.12345 without its dot, and math.GT/0309136 with the subject class that is no part of the id.
    if (8...9).contains(plain.utf8.count), plain.allSatisfy(\.isNumber) {
      names.append(("\(plain.prefix(4)).\(plain.dropFirst(4))", .arxiv))
    }
    if let dot = plain.firstIndex(of: "."), let slash = plain.firstIndex(of: "/"), dot < slash {
      names.append((String(plain[..<dot]) + String(plain[slash...]), .arxiv))
    }
    return names
  }

  private func aliases(_ name: String) async throws -> [NearMatch] {
    for (spelling, reason) in Self.spellings(name) {
      guard let parsed = try? RecordName(spelling), case .alias = parsed else { continue }
      let found = try await store.records.resolve(parsed).prefix(Self.maxMatches)
      if !found.isEmpty { return try await titled(found.map(\.record), reason) }
    }
    return []
  }

  private func titled(
    _ records: [RecordID], _ reason: NearMatch.Reason
  ) async throws -> [NearMatch] {
    let titles = try await store.titles.titles(of: Set(records))
    return records.compactMap { titles[$0] }.map { NearMatch(record: $0, reason: reason) }
  }

  // MARK: Pith Numbers

  /// The texts that a reader may have meant: base32 has no 0, 1, 8 and 9, and `1` looks like two letters.
  static func suffixes(_ name: String) -> [String] {
    var text = name.uppercased()
    if text.hasPrefix("PITH:") { text.removeFirst(5) }
    if let colon = text.lastIndex(of: ":") { text = String(text[text.index(after: colon)...]) }
    let kept = text.filter { !" -_.".contains($0) }
    guard (minBeginning...PithNumber.suffixLength + 6).contains(kept.utf8.count),
      kept.utf8.allSatisfy({
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
      })
    else { return [] }
    let common = kept.replacing("0", with: "O").replacing("8", with: "B")
    return common.contains("1")
      ? [common.replacing("1", with: "I"), common.replacing("1", with: "L")] : [common]
  }

  private func suffixes(_ name: String) async throws -> [NearMatch] {
    var ranked: [(length: Int, match: NearMatch)] = []
    let written = name.uppercased()
    for meant in Self.suffixes(name) {
      for record in try await store.titles.neighbours(ofSuffix: meant, limit: Self.maxMatches) {
        let suffix = record.record.pithNumber.suffix
        let length = zip(suffix, meant).prefix { $0 == $1 }.count
        guard length >= Self.minBeginning else { continue }
        let isLookAlike = length == meant.count && !written.contains(meant)
        ranked.append(
          (length, NearMatch(record: record, reason: isLookAlike ? .lookAlike : .beginning(length)))
        )
      }
    }
    return ranked.sorted { $0.length > $1.length }.map(\.match)
  }

  // MARK: Words

  private func words(_ name: String) async throws -> [NearMatch] {
    guard name.contains(where: \.isLetter), let query = try? SearchQuery(name, field: "q") else {
      return []
    }
    var conditions = RecordConditions()
    conditions.anywhere = query
    let found = try await store.search.page(
      conditions, limit: Self.maxMatches, now: clock())
    return found.records.map {
      NearMatch(
        record: TitledRecord(
          record: $0.record, title: $0.title, titleVerified: $0.titleVerified), reason: .words)
    }
  }
}
