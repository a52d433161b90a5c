import CanonicalJSON
import ContextProtocol
import Synchronization

/// A provider with one tool that answers its arguments, and one that waits until it is cancelled.
struct FakeProvider: ContextProvider {
  let identity = ServerIdentity(name: "fake", title: "Fake", version: "1")
  let instructions = "Call echo."
  let tools: [JSON] = [["name": "echo"], ["name": "wait"]]
  let resourceTemplates: [JSON] = []
  let cancelled = CancelCount()

  func call(_ tool: String, _ arguments: JSONObject) async throws(CancellationError) -> ToolResult?
  {
    switch tool {
    case "echo":
      return ToolResult(texts: ["said"], structured: .object(arguments), isError: false)
    case "wait":
      do { try await Task.sleep(for: .seconds(600)) } catch {
        cancelled.add()
        throw CancellationError()
      }
      return nil
    default: return nil
    }
  }

  func read(_ uri: String) async throws(CancellationError) -> ResourceText? {
    uri == "fake:one" ? ResourceText(mediaType: "text/plain", text: "one") : nil
  }
}

/// Counts cancelled calls.
final class CancelCount: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }
}

/// Collects what a session sends.
final class Sent: Sendable {
  private let messages = Mutex<[JSON]>([])

  var all: [JSON] { messages.withLock { $0 } }

  func add(_ bytes: [UInt8]) {
    let json = (try? JSON.parse(bytes, limits: JSONLimits(maxBytes: 1 << 24))) ?? .null
    messages.withLock { $0.append(json) }
  }

  /// Waits for a number of messages.
  func first(_ count: Int) async throws -> [JSON] {
    for _ in 0..<1000 where all.count < count { try await Task.sleep(for: .milliseconds(10)) }
    return Array(all.prefix(count))
  }
}

/// Messages of a client.
enum Messages {
  static let meta: JSON = [
    "io.modelcontextprotocol/clientCapabilities": [:],
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  ]

  static func request(_ id: JSON, _ method: String, _ params: JSONObject = [:]) -> [UInt8] {
    JSON.object([
      "id": id, "jsonrpc": "2.0", "method": .string(method), "params": .object(params),
    ]).canonicalBytes()
  }

  /// A request of the version without a handshake.
  static func modern(_ id: JSON, _ method: String, _ params: JSONObject = [:]) -> [UInt8] {
    var params = params
    params["_meta"] = meta
    return request(id, method, params)
  }

  static func notification(_ method: String, _ params: JSONObject = [:]) -> [UInt8] {
    JSON.object([
      "jsonrpc": "2.0", "method": .string(method), "params": .object(params),
    ]).canonicalBytes()
  }

  static func initialize(_ version: String, id: JSON = 0) -> [UInt8] {
    request(
      id, "initialize",
      [
        "capabilities": [:], "clientInfo": ["name": "test", "version": "1"],
        "protocolVersion": .string(version),
      ])
  }
}
