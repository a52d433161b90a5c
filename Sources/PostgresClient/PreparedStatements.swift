/// The names of the statements that are prepared on one connection.
struct PreparedStatements {
  /// The largest number of prepared statements on one connection.
  static let limit = 256

  private var names: [String: (name: String, lastUse: UInt64)] = [:]
  private var uses: UInt64 = 0

  var isFull: Bool { names.count >= Self.limit }

  /// The name of a prepared statement; `nil` where it is not prepared.
  mutating func name(of key: String) -> String? {
    guard let name = names[key]?.name else { return nil }
    uses += 1
    names[key]?.lastUse = uses
    return name
  }

  /// A name that no other statement of the connection has had.
  mutating func newName() -> String {
    uses += 1
    return "s\(uses)"
  }

  /// Notes that a statement is prepared under a name.
  mutating func insert(_ key: String, _ name: String) { names[key] = (name, uses) }

  /// Forgets the statement that was not used for the longest time, and returns its name.
  mutating func removeLeastRecentlyUsed() -> String? {
    guard let oldest = names.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
    names[oldest.key] = nil
    return oldest.value.name
  }

  /// Forgets every statement. Names are not used again.
  mutating func removeAll() { names = [:] }

  /// Forgets some statements. Their names are not used again.
  mutating func remove(_ keys: [String]) {
    for key in keys { names[key] = nil }
  }

  /// Statements of the same text with parameters of other types are different statements.
  static func key(_ sql: String, _ types: [UInt32]) -> String {
    types.map(String.init).joined(separator: ",") + " " + sql
  }
}
