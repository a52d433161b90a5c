import Foundation

/// The reason why a file cannot be written or read, and what to do.
public struct DurableFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The class of an error.
  public enum Code: Sendable {
    /// The file exists and is never replaced.
    case exists
    /// The file does not exist.
    case missing
    /// Other users may read or change the file or directory, or it belongs to another user.
    case unsafe
    /// Any other failure. The message contains the system's text.
    case failed
  }

  /// The class of the error.
  public let code: Code
  /// The file or directory.
  public let path: String
  /// A sentence for a person, with the path.
  public let message: String
  /// The message.
  public var description: String { message }

  /// Creates an error.
  public init(_ code: Code, _ path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  /// Creates an error from `errno`.
  static func lastCall(_ path: String, _ what: String) -> DurableFileError {
    let number = errno
    return DurableFileError(
      number == ENOENT ? .missing : number == EEXIST ? .exists : .failed, path,
      "\(path) \(what): \(unsafe String(cString: strerror(number))).")
  }

  /// The path, quoted for a shell command.
  static func quoted(_ path: String) -> String {
    let isPlain = path.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return isPlain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
  }
}
