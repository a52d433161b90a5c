/// Compares names of persons. Case, accents and punctuation do not matter, given names may be
/// initials, and the family name may come first or last.
public enum PersonName {
  /// Splits a name into lower-case words without accents and punctuation. The form `Family, Given`
  /// becomes `Given Family`.
  static func words(_ name: String) -> [String] {
    var text = name
    let parts = name.split(separator: ",")
    if parts.count == 2 { text = "\(parts[1]) \(parts[0])" }
    var words: [String] = []
    var word = ""
    for character in text.lowercased() {
      // A letter with its accents is one Character, both composed and decomposed.
      if character.isLetter || character.isNumber {
        word += Self.base(character)
      } else if character != "'" && character != "’" {
        if !word.isEmpty { words.append(word) }
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  private static let bases: [Character: String] = {
    var bases: [Character: String] = [:]
    let table = [
      "a": "àáâãäåāăąạảấầẩẫậắằẳẵặǎ", "c": "çćčĉċ", "d": "ďđð", "e": "èéêëēĕėęěẹẻẽếềểễệ",
      "g": "ğĝġģ", "h": "ĥħ",
      "i": "ìíîïĩīĭįıỉịǐ", "j": "ĵ", "k": "ķ", "l": "ĺļľłŀ", "n": "ñńņňŋ",
      "o": "òóôõöøōŏőọỏốồổỗộớờởỡợơǒ",
      "r": "ŕŗř", "s": "śŝşšș", "t": "ţťŧț", "u": "ùúûüũūŭůűųụủứừửữựưǔ", "w": "ŵ", "y": "ýÿŷỳỵỷỹ",
      "z": "źżž", "ss": "ß", "ae": "æ", "oe": "œ",
    ]
    for (base, letters) in table { for letter in letters { bases[letter] = base } }
    return bases
  }()

  private static func base(_ character: Character) -> String {
    bases[character] ?? String(character)
  }

  /// Whether two spellings can be the name of one person.
  static func matches(_ a: String, _ b: String) -> Bool { matches(words(a), words(b)) }

  /// For each of some names, the indices of the names in a list that can be spellings of it.
  public static func indices(of names: [String], in list: [String]) -> [[Int]] {
    let listed = names.isEmpty ? [] : list.map(words)
    return names.map { name in
      let name = words(name)
      return listed.indices.filter { matches(listed[$0], name) }
    }
  }

  private static func matches(_ a: [String], _ b: [String]) -> Bool {
    guard let familyA = a.last, let familyB = b.last, familyA == familyB else { return false }
    let givenA = a.dropLast()
    let givenB = b.dropLast()
    guard let firstA = givenA.first, let firstB = givenB.first else {
      return givenA.isEmpty && givenB.isEmpty
    }
    func agree(_ x: String, _ y: String) -> Bool {
      x == y || (x.count == 1 && y.hasPrefix(x)) || (y.count == 1 && x.hasPrefix(y))
    }
    guard agree(firstA, firstB) else { return false }
    // A middle name may be missing on one side. Where both sides have it, it must agree.
    return zip(givenA.dropFirst(), givenB.dropFirst()).allSatisfy(agree)
  }
}
