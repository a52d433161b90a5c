import Foundation
import Logging

/// The file `postmaster.pid` of a cluster, compared with the process that it names.
///
/// PostgreSQL treats any process with that process ID as a postmaster. After a crash the ID can
/// belong to a zombie process, or to another program.
struct PostmasterFile: Sendable {
  let cluster: String
  let installation: Installation

  enum State: Sendable, Equatable {
    /// There is no file, or it names no process. PostgreSQL handles both cases itself.
    case absent
    /// The file has no process ID yet. A start is in progress or was interrupted.
    case unfinished
    /// The postmaster runs.
    ///
    /// - Parameter isReady: whether the server reports that it accepts connections.
    case running(pid: Int32, isReady: Bool)
    /// A process has that ID, and it is not this cluster's postmaster.
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

  /// Makes a running server reload its authentication files.
  func reload() {
    if case .running(let pid, _) = state() { _ = kill(pid, SIGHUP) }
  }

  private func isPostmaster(_ pid: Int32) -> Bool {
    // If the system hides processes of other users, only the ID can be compared.
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let close = status.lastIndex(of: ")"), let open = status.firstIndex(of: "(")
    else { return true }
    let name = status[status.index(after: open)..<close]
    let state = status[status.index(after: close)...].first { $0 != " " }
    if state == "Z" || state == "X" || name != "postgres" { return false }
    return belongs(pid) ?? true
  }

  /// Whether a process of PostgreSQL works on this cluster; `nil` if the system does not show it.
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

  /// Replaces an ID that is not the postmaster's by one that no process can have.
  ///
  /// PostgreSQL then treats the file as stale. It still uses the other lines to find processes that use the
  /// shared memory.
  func disown(_ pid: Int32) async throws {
    guard var lines = lines(), lines.first.flatMap({ Int32($0) }) == pid else { return }
    lines[0] = "\(Int32.max)"
    try await installation.write(lines.joined(separator: "\n"), to: path)
  }

  /// Removes the socket's lock file if it names a process that is not the postmaster.
  func removeStaleLock(ofSocketIn directory: String) async throws {
    let path = "\(directory)/.s.PGSQL.\(EmbeddedPostgres.port).lock"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
    let pid = text.split(separator: "\n").first.flatMap { Int32($0) }
    if let pid, pid > 0 {
      // PostgreSQL itself recognises an ID that no process has.
      guard kill(pid, 0) == 0 || errno == EPERM, !isPostmaster(pid) else { return }
    }
    _ = try await installation.run("rm", ["-f", path], plain: true)
  }

  /// Removes a file that an interrupted start left without content.
  func removeIfUnfinished() async throws {
    // A start in progress writes the rest immediately.
    try await Task.sleep(for: .seconds(1))
    guard state() == .unfinished else { return }
    _ = try await installation.run("rm", ["-f", path], plain: true)
  }

  /// Kills the server processes that remain after the death of their postmaster.
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
