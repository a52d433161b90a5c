public import CanonicalJSON

/// A tool for agents. One that stands for an operation of the HTTP interface has its texts and schemas from there.
public struct APITool: Sendable {
  /// How the arguments become a request.
  public struct Request: Sendable {
    /// The operation.
    public let operation: APIOperation
    /// The parameters of the operation by the names of arguments.
    public let parameters: [String: APIOperation.Parameter]
    /// Query parameters with a fixed value.
    public let fixed: [(name: String, value: String)]
    /// The argument that becomes the body; `nil` for none.
    public let body: String?
  }

  /// The name in snake case: the id of the operation, if the tool stands for one.
  public let name: String
  /// The title.
  public let title: String
  /// What the tool does, for a model.
  public let text: String
  /// The JSON Schema of the arguments. It has no references.
  public let input: JSON
  /// The JSON Schema of the result. Payloads are not described by type, to keep the list of tools short.
  public let output: JSON
  /// The hints `readOnlyHint`, `destructiveHint`, `idempotentHint` and `openWorldHint`.
  public let annotations: JSONObject
  /// Whether the tool signs with the server's own key.
  public let needsKey: Bool
  /// The request that the tool makes; `nil` if it does more than one request.
  public let request: Request?

  /// The tool as `tools/list` of the Model Context Protocol describes it.
  public var json: JSON {
    [
      "annotations": .object(annotations), "description": .string(text), "inputSchema": input,
      "name": .string(name), "outputSchema": output, "title": .string(title),
    ]
  }
}

/// Reads the file `tools.json` beside the description of the operations.
struct ToolReader {
  let schemas: JSONObject
  let parameters: JSONObject
  let operations: [APIOperation]

  /// Errors: a `JSONError` if the file is not JSON, which a test excludes.
  func tools() throws(JSONError) -> [APITool] {
    let json = try JSON.parse(PackageResources.tools_json)
    let shared = json["parameters"]?.objectValue ?? [:]
    return (json["operations"]?.arrayValue ?? []).compactMap(operationTool)
      + (json["tools"]?.arrayValue ?? []).map { tool($0, shared) }
  }

  private func operationTool(_ json: JSON) -> APITool? {
    guard let operation = operations.first(where: { $0.id == json["id"]?.stringValue }) else {
      return nil
    }
    let fixed = (json["fixed"]?.objectValue ?? [:]).map { ($0.key, $0.value.stringValue ?? "") }
    var properties: JSONObject = [:]
    var required: [JSON] = []
    var named: [String: APIOperation.Parameter] = [:]
    for parameter in operation.parameters
    where parameter.location != "header" && !fixed.contains(where: { $0.0 == parameter.name }) {
      let name = json["rename"]?[parameter.name]?.stringValue ?? parameter.name
      named[name] = parameter
      var schema = resolved(parameter.schema).objectValue ?? [:]
      schema["description"] = .string(parameter.text)
      properties[name] = .object(schema)
      if parameter.isRequired { required.append(.string(name)) }
    }
    let body = json["body"]?["argument"]?.stringValue
    if let body {
      let isObject = operation.bodyTypes.contains("application/json")
      properties[body] = [
        "description": json["body"]?["text"] ?? "", "type": isObject ? "object" : "string",
      ]
      required.append(.string(body))
    }
    let writes = operation.id.hasPrefix("submit")
    return APITool(
      name: operation.id, title: operation.summary,
      text: [operation.summary + ".", operation.text].compactMap { $0 }.joined(separator: " "),
      input: [
        "additionalProperties": false, "properties": .object(properties),
        "required": .array(required), "type": "object",
      ],
      output: output(of: operation),
      annotations: Self.hints([
        "destructiveHint": .bool(writes), "idempotentHint": true, "readOnlyHint": .bool(!writes),
      ]),
      needsKey: false,
      request: .init(operation: operation, parameters: named, fixed: fixed, body: body))
  }

  private func tool(_ json: JSON, _ shared: JSONObject) -> APITool {
    var input = json["input"]?.objectValue ?? [:]
    input["properties"] = .object(
      JSONObject(
        (input["properties"]?.objectValue ?? [:]).map { name, schema in
          (name, argument(schema, shared))
        }))
    return APITool(
      name: json["name"]?.stringValue ?? "", title: json["title"]?.stringValue ?? "",
      text: json["description"]?.stringValue ?? "", input: .object(input),
      output: standalone(json["output"] ?? .null),
      annotations: Self.hints(json["annotations"]?.objectValue ?? [:]),
      needsKey: json["needsKey"]?.boolValue ?? false, request: nil)
  }

  /// The schema of an argument that may stand for a parameter of the operations or one that tools share.
  private func argument(_ schema: JSON, _ shared: JSONObject) -> JSON {
    guard let name = schema["$parameter"]?.stringValue else { return resolved(schema) }
    if let schema = shared[name] { return resolved(schema) }
    var members = resolved(parameters[name]?["schema"] ?? .null).objectValue ?? [:]
    members["description"] = parameters[name]?["description"]
    return .object(members)
  }

  /// A tool that reads changes nothing, so that a second call changes nothing either.
  private static func hints(_ given: JSONObject) -> JSONObject {
    var hints = given
    if hints["openWorldHint"] == nil { hints["openWorldHint"] = true }
    guard hints["readOnlyHint"] == true else { return hints }
    hints["destructiveHint"] = false
    hints["idempotentHint"] = true
    return hints
  }

  // MARK: Schemas

  private static let prefix = "#/components/schemas/"

  private static func reference(_ members: JSONObject) -> String? {
    members["$ref"]?.stringValue.flatMap {
      $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil
    }
  }

  /// The schema with what its references lead to in their place. The schemas of parameters are not recursive.
  private func resolved(_ schema: JSON) -> JSON {
    switch schema {
    case .array(let items): return .array(items.map(resolved))
    case .object(let members):
      guard let name = Self.reference(members) else {
        return .object(JSONObject(members.map { ($0.key, resolved($0.value)) }))
      }
      var target = resolved(schemas[name] ?? .null).objectValue ?? [:]
      for (key, value) in members where key != "$ref" { target[key] = value }
      return .object(target)
    default: return schema
    }
  }

  /// The schema of an operation's answer. An answer that is text is the member `text` of an object.
  private func output(of operation: APIOperation) -> JSON {
    guard let schema = operation.answerSchema else {
      return [
        "additionalProperties": false,
        "properties": [
          "text": ["description": .string(operation.answerText ?? ""), "type": "string"]
        ], "required": ["text"], "type": "object",
      ]
    }
    return standalone(schema)
  }

  /// A schema of an object with the schemas that it refers to in `$defs`.
  private func standalone(_ schema: JSON) -> JSON {
    var names: [String] = []
    var root = relocated(schema, &names).objectValue ?? [:]
    root["type"] = "object"
    var definitions: JSONObject = [:]
    while let name = names.first(where: { definitions[$0] == nil }) {
      definitions[name] = relocated(schemas[name] ?? .null, &names)
    }
    if !definitions.isEmpty { root["$defs"] = .object(definitions) }
    return .object(root)
  }

  /// The schema with references into `$defs`, whose names are added to `names`. What depends on the type of an event is
  /// left out.
  private func relocated(_ json: JSON, _ names: inout [String]) -> JSON {
    switch json {
    case .array(let items): return .array(items.map { relocated($0, &names) })
    case .object(let members):
      var result: JSONObject = [:]
      for (key, value) in members where key != "dependentSchemas" {
        result[key] = relocated(value, &names)
      }
      if let name = Self.reference(members) {
        if !names.contains(name) { names.append(name) }
        result["$ref"] = .string("#/$defs/\(name)")
      }
      return .object(result)
    default: return json
    }
  }
}
