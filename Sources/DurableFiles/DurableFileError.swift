import Foundation

/// Why a file cannot be written or read, and what to do about it.
public struct DurableFileError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The file is there already, and is never replaced.
    case exists
    /// The file is not there.
    case missing
    /// Others may read or change the file or directory, or it belongs to somebody else.
    case unsafe
    /// Everything else: the message holds the system's own words.
    case failed
  }

  public let code: Code
  public let path: String
  /// A whole sentence that names the path.
  public let message: String
  public var description: String { message }

  public init(_ code: Code, _ path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  /// The error of the last system call.
  static func lastCall(_ path: String, _ what: String) -> DurableFileError {
    let number = errno
    return DurableFileError(
      number == ENOENT ? .missing : number == EEXIST ? .exists : .failed, path,
      "\(path) \(what): \(unsafe String(cString: strerror(number))).")
  }

  /// The path as a word of a shell command.
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
