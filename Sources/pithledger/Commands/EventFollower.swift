import ArgumentParser
import CanonicalJSON
import Foundation
import LedgerDomain
import UnixSignals

/// Prints the events of a list as they are appended, each once and in order, until a signal ends the process.
///
/// A database or a server that cannot be reached does not end it: it asks again, after one second and later after up
/// to thirty, and continues with the next event.
struct EventFollower: Sendable {
  let ledger: any LedgerAccess
  let list: EventList
  let query: ListOptions
  let asJSON: Bool

  private static let interval: Duration = .seconds(1)
  private static let maxPause: Duration = .seconds(30)

  /// Prints events.
  ///
  /// - Throws: `CancellationError` after SIGINT, an `ExitCode` after SIGTERM or if nobody reads the output, and a
  ///   `Refusal` of the options.
  func run() async throws {
    // A write to a closed pipe fails with an error instead.
    signal(SIGPIPE, SIG_IGN)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await follow() }
      group.addTask {
        for await signal in signals {
          if signal == .sigint { throw CancellationError() }
          throw ExitCode(143)
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func follow() async throws {
    var query = query
    query.limit = min(query.limit, 100)
    var pause = Self.interval
    while true {
      do {
        if query.from == nil, query.value("since") == nil { query.from = try await end() }
        let page = EventsOutput(json: try await ledger.events(list, query))
        try page.requireProgress(after: query.from)
        try print(page.events)
        pause = Self.interval
        if let last = page.events.last?["position"]?.integerValue { query.from = last + 1 }
        if let next = page.next {
          query.from = next
          continue
        }
      } catch {
        try Task.checkCancellation()
        let failure = Failure(error)
        // A refusal of the options does not pass with time.
        guard failure.exitCode == 69 else { throw error }
        failure.report(asJSON: asJSON)
        pause = min(pause * 2, Self.maxPause)
      }
      try await Task.sleep(for: pause)
    }
  }

  /// The position after the last event of the list.
  private func end() async throws -> Int64 {
    var newest = query
    newest.limit = 1
    newest.conditions.removeAll { $0.name == "order" }
    newest.conditions.append(("order", "desc"))
    let page = EventsOutput(json: try await ledger.events(list, newest))
    return (page.events.first?["position"]?.integerValue ?? -1) + 1
  }

  private func print(_ events: [JSON]) throws {
    for event in events {
      let line = asJSON ? TerminalText.output(event) : EventsOutput.line(event)
      do { try StandardOutput.write(Array((line + "\n").utf8)) } catch { throw ExitCode(141) }
    }
  }
}
