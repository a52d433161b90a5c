/// Numbers for people.
enum NumberWords {
  /// A number with a comma between groups of three digits: `12,345`.
  static func text(_ number: some BinaryInteger) -> String {
    let digits = String(number)
    let sign = digits.hasPrefix("-") ? "-" : ""
    let plain = Array(digits.dropFirst(sign.utf8.count))
    var text = ""
    for (index, digit) in plain.enumerated() {
      if index > 0, (plain.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return sign + text
  }

  /// A number with the noun that it counts.
  static func count(_ number: some BinaryInteger, _ one: String, _ many: String) -> String {
    "\(text(number)) \(number == 1 ? one : many)"
  }
}
