/// A file of this folder, embedded in the program.
public struct SQLFile: Sendable, Equatable {
  /// The folder and the file's name without its ending: `tables/event`.
  public let path: String
  public let text: String

  public init(_ path: String, _ text: String) {
    self.path = path
    self.text = text
  }

  init(_ path: String, _ bytes: [UInt8]) {
    self.init(path, String(decoding: bytes, as: UTF8.self))
  }

  /// The file's name without its ending, which is the name of the object that it defines.
  public var name: String { String(path.split(separator: "/").last ?? "") }

  /// The text without lines that only hold a comment, and without empty lines.
  public var textWithoutComments: String {
    text.split(separator: "\n")
      .filter { !$0.trimmingPrefix(while: { $0 == " " }).hasPrefix("--") }
      .filter { !$0.allSatisfy { $0 == " " } }
      .joined(separator: "\n")
  }
}

/// A numbered change of tables, which a database has or has not.
public struct TableChange: Sendable {
  public let number: Int
  /// The number with four digits and what the change does: `0029_add_column`.
  public let name: String
  public let files: [SQLFile]

  public init(number: Int, name: String, files: [SQLFile]) {
    self.number = number
    self.name = name
    self.files = files
  }

  /// A change that is one file of `migrations/`, whose name begins with the number.
  public init(_ file: SQLFile) {
    self.init(number: Int(file.name.prefix(4)) ?? 0, name: file.name, files: [file])
  }

  /// What the checksum of the change is computed from. Comments may be edited after a change was released.
  public var checkedText: String { files.map(\.textWithoutComments).joined(separator: "\n") }
}

/// The files that make a database, each list in the order in which its files are applied.
public struct DatabaseSchema: Sendable {
  /// The logins of the cluster.
  public var roles: [SQLFile]
  public var schemas: [SQLFile]
  /// The tables and indexes that a new database begins with.
  public var baseline: TableChange
  /// The functions that tables and indexes may use. They are replaced, never dropped.
  public var constants: [SQLFile]
  /// What changed in the tables since the baseline, by ascending numbers.
  public var tableChanges: [TableChange]
  /// Functions, triggers, views and privileges. They are dropped and created again where one of them differs.
  public var definitions: [SQLFile]
  /// The number of this version of `constants` and `definitions`: one more with each version of the program that
  /// changes one of them. A program refuses a database of a higher revision.
  public var revision: Int

  /// All table changes, the baseline first.
  public var changes: [TableChange] { [baseline] + tableChanges }

  /// What the checksum of the definitions is computed from.
  public var definitionText: String {
    (constants + definitions).map(\.text).joined(separator: "\n")
  }
}
