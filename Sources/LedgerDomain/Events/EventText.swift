import CanonicalJSON

/// The canonical bytes of the body of an event, taken from the canonical text of an entry.
///
/// They are the text of the event without the members `event_id` and `signature`.
struct EventText {
  /// The members of an event in an entry, in canonical order.
  private static let members = [
    "created_at", "event_id", "event_type", "event_version", "payload", "signature", "signer",
    "subject_pith_number", "target",
  ]

  /// The canonical bytes of the body.
  let body: [UInt8]
  /// The offsets in the body at which `event_id` and `signature` are left out.
  let gaps: (Int, Int)

  /// Finds the body; `nil` if the text is not canonical, or has other members than an entry.
  ///
  /// - Parameters:
  ///   - text: the parsed text of an entry.
  ///   - entry: its bytes.
  init?(ofEntry text: JSONText, _ entry: [UInt8]) {
    let count = Self.members.count
    let offsets = text.innerOffsets
    // The event is the last member, and its members are the last ones of the offsets.
    guard text.isCanonical, let members = text.value.objectValue, members.count == 2,
      members.index(of: "event") == 1, let event = members.value(at: 1).objectValue,
      event.count == count, offsets.count >= count,
      Self.members.indices.allSatisfy({
        event.key(at: $0).hasBytes(of: Self.members[$0])
      })
    else { return nil }
    let start = offsets.count - count
    let (id, type) = (offsets[start + 1], offsets[start + 2])
    let (signature, signer) = (offsets[start + 5], offsets[start + 6])
    // The event begins with a brace before its first member, and one more follows it.
    let first = offsets[start] - 1
    var body: [UInt8] = []
    body.reserveCapacity(entry.count - first)
    body += entry[first..<id]
    body += entry[type..<signature]
    body += entry[signer..<entry.count - 1]
    self.body = body
    gaps = (id - first, id - first + signature - type)
  }
}
