import Foundation

/// The access rules of the private server. Only the operating-system user that runs the ledger may
/// connect.
///
/// The server uses `peer` authentication: the kernel reports the user at the other end of the
/// socket. If the ledger runs as root, the server runs as another user. That user cannot connect,
/// although it owns the cluster's files.
struct ClusterAccess: Sendable {
  /// The roles as which the ledger's user may log in.
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

  /// Quotes a token of PostgreSQL's authentication files. Quoted characters have no special
  /// meaning.
  private static func quoted(_ word: String) -> String {
    "\"" + word.replacing("\"", with: "\"\"") + "\""
  }

  /// Writes `pg_hba.conf` and `pg_ident.conf` if their content differs.
  ///
  /// - Returns: whether a running server must reload them.
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
  /// Writes a file of the cluster as the server's user, so that a symbolic link in the cluster
  /// gives that user no access to files of another user.
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
