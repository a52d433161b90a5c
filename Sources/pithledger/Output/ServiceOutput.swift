import CanonicalJSON

/// Prints the address on which a service listens.
struct ListeningOutput: CommandOutput {
  let url: String

  var json: JSON { ["url": .string(url)] }
  var text: String { "listening on \(url)" }

  /// Prints at once, so that a program that started the service learns its port, and tells a service manager.
  func announce(asJSON: Bool) {
    StandardOutput.writeLine(asJSON ? json.canonicalString() : text)
    if let problem = ServiceManager.notifyReady() {
      Diagnostics.report("the service manager was not told that the service is ready: \(problem)")
    }
  }
}

/// Prints the names of the migrations that were applied.
struct MigrationOutput: CommandOutput {
  let applied: [String]

  var json: JSON { ["applied": .array(applied.map { .string($0) })] }
  var text: String {
    applied.isEmpty ? "nothing to do" : "applied \(applied.joined(separator: ", "))"
  }
}
