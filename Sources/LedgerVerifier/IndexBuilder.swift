public import Encodings
public import LedgerDomain
public import MerklePatricia

/// Computes the index of a whole log from its entries.
///
/// Specification: map.md.
public struct IndexBuilder: Sendable {
  /// The positions of each key, by the hash of the key.
  public private(set) var positions: [Digest: IndexedPositions] = [:]

  /// Makes the index of an empty log.
  public init() {}

  /// Adds an entry. Entries are added in the order of the log.
  public mutating func add(_ event: SignedEvent, at position: Position) {
    for key in event.indexKeys {
      positions[key.hash, default: IndexedPositions()].append(position)
    }
  }

  /// The leaves of the tree over the entries added so far.
  ///
  /// - Parameter statuses: the status of each record as of the last entry, by Pith Number.
  public func leaves(statuses: some Sequence<(PithNumber, IndexedStatus)>) -> [PatriciaLeaf] {
    positions.map { PatriciaLeaf($0.key, $0.value.value) }
      + statuses.map { PatriciaLeaf(IndexKey.status($0).hash, $1.value) }
  }
}

extension LogReader {
  /// The status of each record after the entries read so far, as the index commits to it.
  public func indexedStatuses() -> [(PithNumber, IndexedStatus)] {
    let context = foldContext()
    return records.compactMap { text, record in
      guard let number = PithNumber(text) else { return nil }
      let folded = FoldedRecord.whole(events[record] ?? [], context)
      return (
        number,
        IndexedStatus(folded.state, storageVerifiedUntil: folded.storageVerifiedUntil)
      )
    }
  }
}
