import LedgerTestSupport
import TestSupport
import Testing

/// Each test runs the scenarios of a file in `Tests/BrowserTests/scenarios`, in one browser, on a ledger of their own.
@Suite(
  "Pages in a browser", .privateServer(), .serialized,
  .enabled(if: BrowserRun.missing == nil, Comment(rawValue: BrowserRun.missing ?? "")))
struct BrowserTests {
  @Test("The harness finds what is wrong with a page", .timeLimit(.minutes(5)))
  func harness() async throws { try await BrowserRun.scenarios("harness") }

  @Test("Pages that are read", .timeLimit(.minutes(10)))
  func reading() async throws { try await BrowserRun.scenarios("reading") }

  @Test("Hostile text is shown and does nothing", .timeLimit(.minutes(10)))
  func hostile() async throws { try await BrowserRun.scenarios("hostile") }

  @Test("Commands that pages show", .timeLimit(.minutes(5)))
  func commands() async throws { try await BrowserRun.scenarios("commands") }

  @Test("The page that checks a file", .timeLimit(.minutes(5)))
  func checking() async throws { try await BrowserRun.scenarios("checking") }

  @Test("Pages while statements arrive", .timeLimit(.minutes(5)))
  func changes() async throws { try await BrowserRun.scenarios("changes") }

  @Test("What a reader looks for is found", .timeLimit(.minutes(5)))
  func finding() async throws { try await BrowserRun.scenarios("finding") }

  @Test("The modules that make bytes agree with Python", .timeLimit(.minutes(5)))
  func modules() async throws { try await BrowserRun.scenarios("modules") }

  @Test("Forms: a person with a browser makes every kind of statement", .timeLimit(.minutes(20)))
  func acting() async throws { try await BrowserRun.scenarios("acting") }
}
