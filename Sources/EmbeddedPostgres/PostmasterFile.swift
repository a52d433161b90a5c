import Foundation
import Logging

/// `postmaster.pid` of a cluster, compared with the process that it names.
///
/// PostgreSQL takes any process with that id for a postmaster. After a crash it can be one that is dead and not yet
/// waited for by its parent, or another program that was given the same id.
struct PostmasterFile: Sendable {
  let cluster: String
  let installation: Installation

  enum State: Sendable, Equatable {
    /// There is no file, or it names no process: PostgreSQL itself deals with that.
    case absent
    /// The file has no process id yet: a start was interrupted, or is under way.
    case unfinished
    /// - Parameter isReady: whether the server says that it accepts connections.
    case running(pid: Int32, isReady: Bool)
    /// A process has that id, and it is not this cluster's postmaster.
    case stale(pid: Int32)
  }

  private var path: String { cluster + "/postmaster.pid" }

  private func lines() -> [Substring]? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  func state() -> State {
    guard let lines = lines() else { return .absent }
    guard let pid = lines.first.flatMap({ Int32($0) }), pid > 0 else { return .unfinished }
    guard kill(pid, 0) == 0 || errno == EPERM else { return .absent }
    guard isPostmaster(pid) else { return .stale(pid: pid) }
    let status = lines.count > 7 ? lines[7].trimmingCharacters(in: .whitespaces) : ""
    return .running(pid: pid, isReady: status == "ready" || status == "standby")
  }

  /// Asks a running server to read its authentication files again.
  func reload() {
    if case .running(let pid, _) = state() { _ = kill(pid, SIGHUP) }
  }

  private func isPostmaster(_ pid: Int32) -> Bool {
    // Where the system hides the processes of others, the id has to do.
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let close = status.lastIndex(of: ")"), let open = status.firstIndex(of: "(")
    else { return true }
    let name = status[status.index(after: open)..<close]
    let state = status[status.index(after: close)...].first { $0 != " " }
    if state == "Z" || state == "X" || name != "postgres" { return false }
    return belongs(pid) ?? true
  }

  /// Whether a process of PostgreSQL works on this cluster; `nil` where the system does not say.
  private func belongs(_ pid: Int32) -> Bool? {
    if let directory = try? FileManager.default.destinationOfSymbolicLink(
      atPath: "/proc/\(pid)/cwd")
    {
      return directory == URL(fileURLWithPath: cluster).resolvingSymlinksInPath().path
    }
    guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !line.isEmpty
    else { return nil }
    return line.split(separator: 0).contains { String(decoding: $0, as: UTF8.self) == cluster }
  }

  /// Puts an id that no process can have in the place of one that is not the postmaster's.
  ///
  /// PostgreSQL then finds the file stale, and looks by the rest of it for processes that still use its memory.
  func disown(_ pid: Int32) async throws {
    guard var lines = lines(), lines.first.flatMap({ Int32($0) }) == pid else { return }
    lines[0] = "\(Int32.max)"
    try await installation.write(lines.joined(separator: "\n"), to: path)
  }

  /// Removes the lock of the socket where it names a process that is not the postmaster.
  func removeStaleLock(ofSocketIn directory: String) async throws {
    let path = "\(directory)/.s.PGSQL.\(EmbeddedPostgres.port).lock"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
    let pid = text.split(separator: "\n").first.flatMap { Int32($0) }
    if let pid, pid > 0 {
      // PostgreSQL itself recognises an id that no process has.
      guard kill(pid, 0) == 0 || errno == EPERM, !isPostmaster(pid) else { return }
    }
    _ = try await installation.run("rm", ["-f", path], plain: true)
  }

  /// Removes a file that an interrupted start left without content.
  func removeIfUnfinished() async throws {
    // A start that is under way writes the rest at once.
    try await Task.sleep(for: .seconds(1))
    guard state() == .unfinished else { return }
    _ = try await installation.run("rm", ["-f", path], plain: true)
  }

  /// Ends the processes that a dead postmaster left.
  func killOrphans(logger: Logger) {
    guard state() == .absent else { return }
    for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = Int32(entry),
        (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) == "postgres\n",
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) != nil,
        belongs(pid) == true
      else { continue }
      logger.notice("process \(pid) outlived its postmaster and holds the memory: it is ended")
      _ = kill(pid, SIGKILL)
    }
  }
}
