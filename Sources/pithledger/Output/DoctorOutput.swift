import CanonicalJSON
import LedgerService

/// Prints the findings about an installation, one on each line, with what to do below.
struct DoctorOutput: CommandOutput {
  let findings: [Doctor.Finding]

  /// Whether there is a fault.
  var hasFault: Bool { findings.contains { $0.state == .fault } }

  var json: JSON {
    [
      "findings": .array(
        findings.map {
          [
            "check": .string($0.check), "remedy": $0.remedy.map { .string($0) } ?? .null,
            "state": .string($0.state.rawValue), "text": .string($0.text),
          ]
        }), "healthy": .bool(!hasFault),
    ]
  }

  var text: String {
    let width = findings.map(\.check.count).max() ?? 0
    let lines = findings.map { finding in
      let state = Self.coloured(finding.state)
      let line =
        "\(state)  \(finding.check.padding(to: width))  \(TerminalText.escaped(finding.text))"
      return line + (finding.remedy.map { "\n         → \(TerminalText.escaped($0))" } ?? "")
    }
    let count = findings.count { $0.state == .fault }
    let end = count == 0 ? "no fault" : "\(count) \(count == 1 ? "fault" : "faults")"
    return (lines + [end]).joined(separator: "\n")
  }

  private static func coloured(_ state: Doctor.Finding.State) -> String {
    let word = state.rawValue.padding(to: 7)
    guard TerminalText.hasColours else { return word }
    let code =
      switch state {
      case .ok: "32"
      case .warning: "33"
      case .fault: "31"
      case .skipped: "2"
      }
    return "\u{1B}[\(code)m\(word)\u{1B}[0m"
  }

  /// Prints the result. The colours of the text are this program's own.
  func print(asJSON: Bool) {
    Swift.print(asJSON ? TerminalText.output(json) : text)
  }
}
