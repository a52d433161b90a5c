/// The options of the command line; `Bench` says what they mean.
struct Options {
  static let usage = """
    pithledger-bench [--events N] [--rounds N] [--only abcdefghipv] [--two-sizes] [--sizes N,N] [--json FILE]
    """

  var events = 1_000_000
  var rounds = 5
  var parts = Set("abcdefgh")
  /// Whether cheap parts are measured at a tenth of the events too.
  var measuresTenth = true
  var sizes = [10_000, 100_000, 1_000_000, 10_000_000]
  var json: String?

  init(_ arguments: some Sequence<String>) throws {
    var isTenthNamed = false
    var rest = arguments.makeIterator()
    while let name = rest.next() {
      if name == "--two-sizes" {
        isTenthNamed = true
        continue
      }
      guard let value = rest.next() else { throw Self.wrong("\(name) needs a value") }
      switch name {
      case "--events": events = try Self.number(name, value)
      case "--rounds": rounds = try Self.number(name, value)
      case "--only":
        parts = Set(value)
        measuresTenth = false
        guard parts.isSubset(of: "abcdefghipv") else { throw Self.wrong("there is no such part") }
      case "--sizes": sizes = try Self.sizes(value)
      case "--json": json = value
      default: throw Self.wrong("\(name) is unknown")
      }
    }
    measuresTenth = measuresTenth || isTenthNamed
  }

  private static func wrong(_ message: String) -> BenchError {
    BenchError(description: "\(message). Usage: \(usage)")
  }

  private static func number(_ name: String, _ value: String) throws -> Int {
    guard let number = Int(value), number > 0 else {
      throw wrong("\(name) takes a number, not \(value)")
    }
    return number
  }

  private static func sizes(_ value: String) throws -> [Int] {
    let sizes = try value.split(separator: ",").map { try number("--sizes", String($0)) }
    guard !sizes.isEmpty else { throw wrong("--sizes takes numbers") }
    for (size, larger) in zip(sizes, sizes.dropFirst()) where larger <= size || larger % size != 0 {
      throw wrong("\(larger) is not a multiple of \(size)")
    }
    return sizes
  }
}
