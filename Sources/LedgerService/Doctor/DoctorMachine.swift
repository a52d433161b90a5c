import DurableFiles
import EmbeddedPostgres
import Foundation
import LedgerDomain
import SafeHTTPClient

/// Checks of the machine: its disk, its clock, limits, files, and what it can reach.
extension Doctor {
  /// Room for some days of a busy log, and for a checkpoint at the least.
  private static let (littleRoom, noRoom) = (UInt64(1) << 30, UInt64(100) << 20)
  /// Fewer connections than this are soon in use.
  private static let fewConnections = 256

  func machine() -> [Finding] {
    [disk(), clock(), KernelClock.finding(KernelClock()), descriptors(), port()]
  }

  private func disk() -> Finding {
    var info = statvfs()
    // The nearest directory that exists.
    var path = URL(fileURLWithPath: configuration.dataDirectory).standardizedFileURL
    while unsafe statvfs(path.path, &info) != 0, path.path != "/" {
      path.deleteLastPathComponent()
    }
    let free = UInt64(info.f_bavail) * UInt64(info.f_frsize)
    let text = "\(free >> 20) MiB free at \(path.path)"
    if free < Self.noRoom {
      return Finding(
        "disk", .fault, text, remedy: "Make room: a full disk refuses submissions.")
    }
    guard free < Self.littleRoom else { return Finding("disk", .ok, text) }
    return Finding("disk", .warning, text, remedy: "Make room before the disk is full.")
  }

  private func clock() -> Finding {
    // The year of the first release: before it the clock was never set.
    guard Timestamp.now.description >= "2026" else {
      return Finding(
        "clock", .fault, "the clock says \(Timestamp.now)", remedy: "Set the clock of the machine.")
    }
    return Finding("clock", .ok, "it says \(Timestamp.now)")
  }

  private func descriptors() -> Finding {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return Finding("descriptors", .skipped, "the limit cannot be read")
    }
    let most = Int(clamping: limit.rlim_max)
    let connections = configuration.server.connections(descriptors: most)
    let text = "at most \(most) file descriptors, for \(connections) connections"
    guard connections < Self.fewConnections else { return Finding("descriptors", .ok, text) }
    return Finding(
      "descriptors", .warning, text,
      remedy: "Raise the hard limit, such as LimitNOFILE in the unit of systemd.")
  }

  /// Whether a service could listen.
  private func port() -> Finding {
    let (host, port) = (configuration.listenHost, configuration.listenPort)
    guard port != 0 else { return Finding("port", .ok, "a free one is selected at each start") }
    switch LocalSockets.bindError(host, port) {
    case nil: return Finding("port", .ok, "\(port) is free on \(host)")
    case EADDRINUSE:
      let socket = configuration.dataDirectory + "/ledger.sock"
      if LocalSockets.isServed(socket) {
        return Finding(
          "port", .ok, "\(port) is in use, and a service of this data directory runs")
      }
      return Finding(
        "port", .fault, "another program uses \(port) on \(host)",
        remedy: "Stop it, or select another port by --port or PITHLEDGER_PORT.")
    case .some(let code):
      return Finding(
        "port", .fault, "\(host) port \(port): \(unsafe String(cString: strerror(code)))",
        remedy: "Select an address of this machine and a port of at least 1024.")
    }
  }

  // MARK: Files

  func files() -> [Finding] {
    var findings = [directory()]
    let place = URL(fileURLWithPath: configuration.dataDirectory)
    let keys = [
      ("registry key", configuration.registryKeyFile ?? place.appending(path: "registry.key").path),
      ("log key", configuration.logKeyPath),
      ("operator's token", configuration.operatorTokenPath),
    ]
    findings += keys.map { secret($0, $1, isNeeded: false) }
    for setting in SettingsTable.settings where setting.kind == .file {
      guard let path = values.value(of: setting), !Self.checkedElsewhere.contains(setting.name)
      else { continue }
      // A file that ends so has a key, a token or an address with a password.
      let isSecret = ["_KEY_FILE", "_TOKEN_FILE", "_URL_FILE"].contains {
        setting.name.hasSuffix($0)
      }
      findings.append(isSecret ? secret(setting.name, path, isNeeded: true) : plain(setting, path))
    }
    return findings
  }

  private static let checkedElsewhere: Set = [
    "DATA_DIR", "CONFIG_FILE", "REGISTRY_KEY_FILE", "LOG_KEY_FILE", "OPERATOR_TOKEN_FILE",
  ]

  private func directory() -> Finding {
    let path = configuration.dataDirectory
    guard FileManager.default.fileExists(atPath: path) else {
      return Finding(
        "data directory", .warning, "\(path) does not exist",
        remedy:
          "`pithledger serve` and `pithledger import` make it. Name another one by --data-dir.")
    }
    do throws(DurableFileError) { try OwnedDirectory.require(path) } catch {
      return Finding("data directory", .fault, error.message)
    }
    guard unsafe access(path, W_OK | X_OK) == 0 else {
      return Finding(
        "data directory", .fault, "\(path) is not writable", remedy: "chmod u+rwx \(path)")
    }
    return Finding("data directory", .ok, "\(path) is writable, and by this user only")
  }

  private func secret(_ name: String, _ path: String, isNeeded: Bool) -> Finding {
    do throws(DurableFileError) {
      _ = try SecretFile.read(path)
      return Finding(name, .ok, "\(path) has a safe owner and mode")
    } catch  where error.code == .missing && !isNeeded {
      return Finding(name, .warning, "\(path) does not exist", remedy: Self.remedyForMissing(name))
    } catch {
      return Finding(name, .fault, error.message)
    }
  }

  private static func remedyForMissing(_ name: String) -> String {
    "A new ledger makes it on its first start. If the ledger is older, put the copy back: without it nothing is "
      + (name == "log key" ? "signed for the log." : "signed or authorised.")
  }

  private func plain(_ setting: Setting, _ path: String) -> Finding {
    guard unsafe access(path, R_OK) == 0 else {
      return Finding(
        setting.name, .fault, "\(path) cannot be read",
        remedy: "Correct the path or its permissions.")
    }
    return Finding(setting.name, .ok, "\(path) can be read")
  }

  // MARK: Services elsewhere

  /// Asks a service for anything: any answer of HTTP shows that it can be reached.
  func ask(_ name: String, _ address: String) async -> Finding {
    let services = configuration.externalServices
    var limits = services.fetchLimits
    limits.time = .seconds(10)
    let client = SafeHTTPClient(
      allowedHosts: services.allowedHosts, limits: limits,
      additionalRoots: services.additionalRootsFile)
    var request = SafeHTTPClient.Request(address)
    request.accepted = Set(100...599)
    request.followsRedirects = false
    request.maxResponseBytes = 1 << 20
    do {
      let answer = try await client.fetch(request)
      return Finding(name, .ok, "\(address) answers (\(answer.status))")
    } catch let error as FetchError where error.code == .tooLarge {
      return Finding(name, .ok, "\(address) answers")
    } catch {
      let message = (error as? FetchError)?.message ?? "\(error)"
      return Finding(
        name, .warning, "\(address): \(message)",
        remedy: "Check the address, the name service and the firewall.")
    }
  }
}

/// Sockets of this machine.
enum LocalSockets {
  /// The error with which a TCP socket cannot be bound to an address; `nil` if it can. A name is not resolved.
  static func bindError(_ host: String, _ port: UInt16) -> Int32? {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let host = host == "localhost" ? "127.0.0.1" : host
    guard unsafe getaddrinfo(host, "\(port)", &hints, &list) == 0, let found = unsafe list?.pointee
    else { return nil }
    defer { unsafe freeaddrinfo(list) }
    let socket = unsafe socket(found.ai_family, found.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return errno }
    defer { close(socket) }
    // As a service does, so that connections that ended a moment ago do not count.
    var yes: Int32 = 1
    unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return unsafe bind(socket, found.ai_addr, found.ai_addrlen) == 0 ? nil : errno
  }

  /// Whether a process listens on a Unix socket.
  static func isServed(_ path: String) -> Bool {
    var address = sockaddr_un()
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }
}
