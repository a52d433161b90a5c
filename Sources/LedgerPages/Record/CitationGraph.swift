/// A picture of the newest citations: citing papers on the left, cited ones on the right. The lists beside it say
/// the same.
struct CitationGraph: Sendable {
  /// The numbers of the picture's size, in its own units.
  let width = 720
  let height: Int
  /// Where the paper stands.
  let center: Int
  let nodes: [Node]

  /// A paper beside the record's.
  struct Node: Sendable {
    let label: String
    let relation: String
    /// Where the text stands, and how it is aligned there.
    let x: Int
    let anchor: String
    let y: Int
    /// The ends of the line to the record.
    let x1: Int
    let y1: Int
    let x2: Int
    let y2: Int
    /// Where the word of the relation stands, below the label.
    let wordY: Int
  }

  private static let rowHeight = 44
  private static let maxLabel = 26

  /// Draws a picture; `nil` without citations.
  init?(inbound: [CitationRow], outbound: [CitationRow]) {
    let rows = max(inbound.count, outbound.count)
    guard rows > 0 else { return nil }
    let height = rows * Self.rowHeight + 20
    let center = height / 2
    func y(_ index: Int, of count: Int) -> Int {
      center + (2 * index - count + 1) * Self.rowHeight / 2
    }
    self.height = height
    self.center = center
    nodes =
      inbound.enumerated().map { index, row in
        Self.node(row, y: y(index, of: inbound.count), center: center, isInbound: true)
      }
      + outbound.enumerated().map { index, row in
        Self.node(row, y: y(index, of: outbound.count), center: center, isInbound: false)
      }
  }

  private static func node(_ row: CitationRow, y: Int, center: Int, isInbound: Bool) -> Node {
    let label =
      row.paper.count > maxLabel ? "\(row.paper.prefix(maxLabel - 1))…" : row.paper
    return Node(
      label: label, relation: row.relation, x: isInbound ? 4 : 716,
      anchor: isInbound ? "start" : "end", y: y, x1: isInbound ? 180 : 420,
      y1: isInbound ? y : center, x2: isInbound ? 300 : 540, y2: isInbound ? center : y,
      wordY: y + 15)
  }
}
