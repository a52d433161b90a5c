import Foundation

/// Who may connect to the private server: the operating-system user that runs the ledger, and nobody else.
///
/// The server asks the kernel who is at the other end of the socket (`peer`). Where the ledger runs as root, the server
/// runs as another user, whose processes are refused like everybody's. That user still owns the cluster's files.
struct ClusterAccess: Sendable {
  /// Roles that the ledger's user may log in as.
  let logins: [String]

  private static let note =
    "# Written by pithledger whenever it starts; changes do not last.\n"

  var hostRules: String {
    Self.note + "local all all peer map=pithledger\nlocal replication all peer map=pithledger\n"
  }

  var userMap: String {
    let user = Self.quoted(Installation.ownName)
    return Self.note
      + logins.map { "pithledger \(user) \(Self.quoted($0))\n" }.joined()
  }

  /// A word of PostgreSQL's authentication files; in quotes nothing has another meaning.
  private static func quoted(_ word: String) -> String {
    "\"" + word.replacing("\"", with: "\"\"") + "\""
  }

  /// Writes both files where they differ.
  ///
  /// - Returns: whether a running server has to read them again.
  func install(in cluster: String, _ installation: Installation) async throws -> Bool {
    var hasChanged = false
    for (name, text) in [("pg_hba.conf", hostRules), ("pg_ident.conf", userMap)] {
      let path = "\(cluster)/\(name)"
      if (try? String(contentsOfFile: path, encoding: .utf8)) == text { continue }
      try await installation.write(text, to: path)
      hasChanged = true
    }
    return hasChanged
  }
}

extension Installation {
  /// Writes a file of the cluster as the server's user: a directory of that user's is not followed by another one.
  func write(_ text: String, to path: String) async throws {
    let script = """
      umask 077 && printf %s "$1" > "$2.new" && sync "$2.new" && mv -f "$2.new" "$2" && sync "$(dirname "$2")"
      """
    let result = try await run("sh", ["-c", script, "sh", text, path], plain: true)
    guard result.succeeded else {
      throw EmbeddedPostgresError(
        code: .dataDirectory, message: "\(path) cannot be written: \(result.lastLines)")
    }
  }
}
