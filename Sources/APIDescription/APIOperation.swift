public import CanonicalJSON

/// An operation of the HTTP interface: a method of a path.
public struct APIOperation: Sendable {
  /// A parameter of an operation.
  public struct Parameter: Sendable {
    /// The name.
    public let name: String
    /// Where it is: `path`, `query` or `header`.
    public let location: String
    /// What it means, for a person.
    public let text: String
    /// Whether it must be given.
    public let isRequired: Bool
    /// Its JSON Schema, with references into the description.
    public let schema: JSON
  }

  /// The id: a name in snake case.
  public let id: String
  /// The path with its parameters in braces.
  public let path: String
  /// The method in lower case.
  public let method: String
  /// What it does, in a few words.
  public let summary: String
  /// More about it; `nil` if the summary says all.
  public let text: String?
  /// The parameters.
  public let parameters: [Parameter]
  /// The media types of the body; empty if there is none.
  public let bodyTypes: [String]
  /// The media types of the answers below 300.
  public let answerTypes: [String]
  /// The JSON Schema of the answer with status 200, with references into the description; `nil` if it is not JSON.
  public let answerSchema: JSON?
  /// What the answer with status 200 is, for a person; `nil` without such an answer.
  public let answerText: String?
  /// The status codes of all answers.
  public let statusCodes: [Int]

  init(path: String, method: String, _ json: JSON, components: JSONObject) {
    /// What a reference leads to, or the value itself.
    func resolved(_ value: JSON, _ kind: String) -> JSON {
      guard let name = value["$ref"]?.stringValue?.split(separator: "/").last else { return value }
      return components[kind]?[String(name)] ?? .null
    }
    self.path = path
    self.method = method
    id = json["operationId"]?.stringValue ?? ""
    summary = json["summary"]?.stringValue ?? ""
    text = json["description"]?.stringValue
    parameters = (json["parameters"]?.arrayValue ?? []).map { item in
      let item = resolved(item, "parameters")
      return Parameter(
        name: item["name"]?.stringValue ?? "", location: item["in"]?.stringValue ?? "",
        text: item["description"]?.stringValue ?? "",
        isRequired: item["required"]?.boolValue ?? false, schema: item["schema"] ?? .null)
    }
    bodyTypes = json["requestBody"]?["content"]?.objectValue?.keys ?? []
    let responses = json["responses"]?.objectValue ?? [:]
    statusCodes = responses.keys.compactMap { Int($0) }
    let success = responses["200"].map { resolved($0, "responses") }
    answerSchema = success?["content"]?["application/json"]?["schema"]
    answerText = success?["description"]?.stringValue
    answerTypes = responses.filter { $0.key.hasPrefix("2") }.flatMap { _, response in
      resolved(response, "responses")["content"]?.objectValue?.keys ?? []
    }
  }
}
