public import Encodings

extension GroupFold {
  /// The identities whose strong author claims stand, by group. A group without one is absent.
  public var strongAuthors: [Int64: Set<Digest128>] {
    var authors: [Int64: Set<Digest128>] = [:]
    for statement in statements {
      guard let group = statement.event.foldGroup, let author = author(statement), author.isStrong
      else { continue }
      authors[group, default: []].insert(author.identity)
    }
    return authors
  }
}
