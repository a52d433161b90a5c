import APIDescription
import CanonicalJSON
import Encodings
import LedgerDomain

/// Checks of the arguments of a tool, before anything is done with them.
enum ToolArguments {
  /// Refuses unknown and missing arguments, and those of another type.
  ///
  /// The ledger checks what the values mean.
  ///
  /// - Throws: a `Refusal` with check `arguments` and the argument as field.
  static func check(_ arguments: JSONObject, _ schema: JSON) throws(Refusal) {
    let properties = schema["properties"]?.objectValue ?? [:]
    for (name, value) in arguments {
      guard let property = properties[name] else {
        throw refusal(
          String(name.prefix(64)),
          properties.isEmpty
            ? "This tool takes no arguments."
            : "This tool does not take this argument. It takes "
              + "\(properties.keys.joined(separator: ", ")).")
      }
      guard fits(value, property) else { throw refusal(name, "The argument is \(kind(property)).") }
    }
    for name in (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
    where arguments[name] == nil {
      throw refusal(name, "The argument is missing.")
    }
  }

  static func refusal(_ field: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "arguments", field: field, message)
  }

  /// Whether a value has the type, the length and the choices of a schema.
  private static func fits(_ value: JSON, _ schema: JSON) -> Bool {
    if let choices = schema["enum"]?.arrayValue, !choices.contains(value) { return false }
    switch (schema["type"]?.stringValue, value) {
    case ("string", .string(let text)):
      return text.utf8.count <= schema["maxLength"]?.integerValue ?? .max
    case ("integer", .integer(let number)):
      return number >= schema["minimum"]?.integerValue ?? .min
        && number <= schema["maximum"]?.integerValue ?? .max
    case ("array", .array(let items)):
      return items.count <= schema["maxItems"]?.integerValue ?? .max
        && items.allSatisfy { fits($0, schema["items"] ?? .null) }
    case ("boolean", .bool), ("object", .object), (nil, _): return true
    default: return false
    }
  }

  private static func kind(_ schema: JSON) -> String {
    if let choices = schema["enum"]?.arrayValue?.compactMap(\.stringValue), !choices.isEmpty {
      return "one of " + choices.joined(separator: ", ")
    }
    switch schema["type"]?.stringValue {
    case "string":
      let most = schema["maxLength"]?.integerValue.map { " of at most \($0) bytes" }
      return "a text" + (most ?? "")
    case "integer":
      guard let least = schema["minimum"]?.integerValue, let most = schema["maximum"]?.integerValue
      else { return "a whole number" }
      return "a whole number from \(least) to \(most)"
    case "array": return "a list of at most \(schema["maxItems"]?.integerValue ?? 100) texts"
    case "boolean": return "true or false"
    default: return "an object"
    }
  }

  /// The request that arguments make.
  ///
  /// - Throws: a `Refusal` with check `arguments` for a name that cannot stand in a path, and for a body that is not
  ///   base64.
  static func request(
    _ arguments: JSONObject, _ plan: APITool.Request
  ) throws(Refusal) -> OperationRequest {
    var inPath: [String: String] = [:]
    var query = plan.fixed
    for (name, value) in arguments where name != plan.body {
      guard let parameter = plan.parameters[name] else { continue }
      for text in texts(value) {
        if parameter.location == "path" {
          guard !["", ".", ".."].contains(text) else { throw refusal(name, "This is no name.") }
          inPath[parameter.name] = text
        } else {
          query.append((parameter.name, text))
        }
      }
    }
    return OperationRequest(
      path: path(plan.operation, inPath), query: query,
      body: try body(arguments, plan))
  }

  /// The components of an operation's path with the values of its parameters.
  static func path(_ operation: APIOperation, _ values: [String: String]) -> [String] {
    operation.path.split(separator: "/").map { component in
      guard let open = component.firstIndex(of: "{"), let close = component.firstIndex(of: "}")
      else { return String(component) }
      let name = String(component[component.index(after: open)..<close])
      return component[..<open] + (values[name] ?? "")
        + component[component.index(after: close)...]
    }
  }

  private static func body(
    _ arguments: JSONObject, _ plan: APITool.Request
  ) throws(Refusal) -> (bytes: [UInt8], type: String)? {
    guard let name = plan.body, let value = arguments[name] else { return nil }
    guard let text = value.stringValue else {
      return (value.canonicalBytes(), "application/json")
    }
    return (try bytes(text, name), "application/octet-stream")
  }

  /// The bytes of an argument in base64.
  static func bytes(_ text: String, _ name: String) throws(Refusal) -> [UInt8] {
    guard let bytes = Base64.decode(text) else {
      throw refusal(name, "The argument is bytes in base64 with padding.")
    }
    return bytes
  }

  private static func texts(_ value: JSON) -> [String] {
    switch value {
    case .string(let text): [text]
    case .integer(let number): ["\(number)"]
    case .bool(let flag): [flag ? "true" : "false"]
    case .array(let items): items.flatMap(texts)
    default: []
    }
  }
}
