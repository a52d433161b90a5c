/// One field of a form. The template `field` shows it, and `form.js` reads it.
struct FormField: Sendable {
  /// A choice of a list.
  struct Option: Sendable {
    let choice: String
    let words: String
    var isChosen = false
  }

  /// What a person fills in.
  enum Control: Sendable {
    /// A line of text, with values that are suggested.
    case line(maxLength: Int = 200, suggestions: [String] = [])
    /// A text of several lines.
    case text(maxLength: Int)
    case integer
    /// One of some choices.
    case choice([Option])
    /// Several of some choices.
    case checks([Option])
    /// A file, which is read in the browser.
    case file
  }

  /// The `id` of the control.
  let field: String
  let label: String
  /// Help below the control; empty if there is none.
  let help: String
  let entry: String
  /// The member of the payload; empty if a script reads the field itself.
  let member: String
  /// The members of the submission whose faults are shown here, with spaces between them.
  let members: String
  let isRequired: Bool

  // What the control is, in the form that a template can ask for.
  var isLine = false
  var isText = false
  var isInteger = false
  var isChoice = false
  var isChecks = false
  var isFile = false
  var maxLength = 0
  var options: [Option] = []
  var suggestions: [String] = []
  let hasSuggestions: Bool

  /// Makes a field.
  ///
  /// - Parameters:
  ///   - field: the `id` of the control.
  ///   - member: the member of the payload that the field is; `nil` if a script reads it.
  ///   - faults: the members whose faults are shown here; `nil` for the one of the payload.
  init(
    _ field: String, _ label: String, _ control: Control, help: String = "", entry: String = "",
    member: String? = nil, faults: String? = nil, isRequired: Bool = false
  ) {
    self.field = field
    self.label = label
    self.help = help
    self.entry = entry
    self.member = member ?? ""
    members = faults ?? "payload.\(member ?? field)"
    self.isRequired = isRequired
    switch control {
    case .line(let length, let suggestions):
      (isLine, maxLength, self.suggestions) = (true, length, suggestions)
    case .text(let length): (isText, maxLength) = (true, length)
    case .integer: isInteger = true
    case .choice(let options): (isChoice, self.options) = (true, options)
    case .checks(let options): (isChecks, self.options) = (true, options)
    case .file: isFile = true
    }
    hasSuggestions = !suggestions.isEmpty
  }
}
