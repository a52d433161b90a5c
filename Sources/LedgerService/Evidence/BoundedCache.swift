/// A dictionary of bounded size that removes its oldest entries.
struct BoundedCache<Key: Hashable, Value> {
  private var values: [Key: (value: Value, size: Int)] = [:]
  private var order: [Key] = []
  private var first = 0
  private var size = 0
  private let limit: Int

  /// - Parameter limit: the largest sum of the entries' sizes.
  init(limit: Int) { self.limit = limit }

  subscript(key: Key) -> Value? { values[key]?.value }
  var count: Int { values.count }

  mutating func insert(_ value: Value, for key: Key, size added: Int) {
    guard values[key] == nil, added <= limit / 16 else { return }
    values[key] = (value, added)
    order.append(key)
    size += added
    while size > limit, first < order.count {
      size -= values.removeValue(forKey: order[first])?.size ?? 0
      first += 1
    }
    if first > 1024, first * 2 > order.count {
      order.removeFirst(first)
      first = 0
    }
  }
}
