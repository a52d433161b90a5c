/// The limits that a parser enforces.
public struct JSONLimits: Sendable {
  /// The largest text, in bytes.
  public var maxBytes: Int
  /// The largest nesting depth of arrays and objects. `[]` has depth 1.
  public var maxDepth: Int

  /// Makes limits. The defaults are 1 MiB and 64 levels.
  public init(maxBytes: Int = 1 << 20, maxDepth: Int = 64) {
    self.maxBytes = maxBytes
    self.maxDepth = maxDepth
  }

  /// 1 MiB and 64 levels.
  public static let `default` = JSONLimits()
}

/// The reason why a text is refused, and the byte at which the parser found it.
///
/// Specification: canonical-json.md, section Reading.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of error. ``JSONError/message`` explains each one.
  public enum Code: String, Sendable {
    /// Errors of structure.
    case tooLarge, tooDeep, unexpectedByte, unexpectedEnd, trailingText, trailingComma, duplicateKey
    /// Errors in strings.
    case loneSurrogate, invalidUTF8, invalidEscape, controlCharacter
    /// Errors in numbers.
    case fraction, exponent, negativeZero, leadingZero, integerOutOfRange
  }

  /// The kind of error.
  public let code: Code
  /// The offset of the error, in bytes from 0.
  public let offset: Int

  /// A description in English, without the offset.
  public var message: String {
    switch code {
    case .tooLarge: "more bytes than the limit"
    case .tooDeep: "nested deeper than the limit"
    case .unexpectedByte: "a byte that cannot stand here"
    case .unexpectedEnd: "the text ends too early"
    case .trailingText: "text after the value"
    case .trailingComma: "a comma before a closing bracket"
    case .duplicateKey: "a key that the object has already"
    case .loneSurrogate: "half of a surrogate pair"
    case .invalidUTF8: "bytes that are not UTF-8"
    case .invalidEscape: "an escape that JSON does not have"
    case .controlCharacter: "a control character that must be escaped"
    case .fraction: "a fraction: numbers here are integers"
    case .exponent: "an exponent: numbers here are integers"
    case .negativeZero: "negative zero"
    case .leadingZero: "a number that begins with a zero"
    case .integerOutOfRange: "an integer beyond ±(2^53−1)"
    }
  }

  /// The message with the offset.
  public var description: String { "\(message) at byte \(offset)" }
}
