import CanonicalJSON
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import NIOCore
import PostgresClient
import PrometheusMetrics
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerHTTP
@testable import LedgerService

/// The metrics of a service in use.
@Suite("Metrics of a service", .privateServer())
struct MetricsTests {
  static let missingPromtool = PythonPackages.missing([], programs: ["promtool"])
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("deploy")

  /// Runs a test with a service whose metrics are kept.
  private static func measured(
    bareActionsPerHour: Int = 1000, access: ServerLimits.MetricsAccess = .everyone,
    _ body: @escaping @Sendable (LedgerUnderTest, any TestClientProtocol) async throws -> Void
  ) async throws {
    func configure(_ configuration: inout LedgerConfiguration) {
      configuration.metrics = MetricRegistry(MetricCatalogue.all)
      configuration.limits.bareActionsPerHour = bareActionsPerHour
      configuration.server.metricsAccess = access
    }
    func test(_ test: LedgerUnderTest) async throws {
      try await test.serving { client in try await body(test, client) }
    }
    try await withLedger(configure: configure, test)
  }

  private static func text(
    _ client: any TestClientProtocol, _ headers: HTTPFields = [:]
  ) async throws -> String {
    // A text is answered for one second.
    try await Task.sleep(for: .milliseconds(1100))
    return try await client.execute(uri: "/metrics", method: .get, headers: headers) { response in
      #expect(response.status == .ok)
      return String(buffer: response.body)
    }
  }

  /// The value of a series; `nil` if the text does not have it.
  private static func value(_ series: String, in text: String) -> Double? {
    text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
      .flatMap { Double($0.dropFirst(series.count + 1)) }
  }

  /// Uses every part of a service: reads, submissions, refusals, jobs.
  private static func use(_ test: LedgerUnderTest, _ client: any TestClientProtocol) async throws {
    let key = try await test.key("m", "https://orcid.org/0000-0002-1825-0097", vouched: .author)
    let line = try test.citation("10.1000/1", by: key)
    for status in [201, 200] {
      try await client.execute(
        uri: "/api/events", method: .post, headers: .json, body: ByteBuffer(bytes: line)
      ) { #expect($0.status.code == status) }
    }
    // The next bare action is over the quota.
    for status in [422, 429] {
      try await client.execute(
        uri: "/pith/4OXKXQ4P/action/timestamp_anchor", method: .post, headers: .json,
        body: ByteBuffer(
          string: """
            {"evidence":{},"payload":{"anchor_kind":"opentimestamps","digest_sha256":"\
            \(String(repeating: "0", count: 64))","evidence_sha256":"\
            \(String(repeating: "1", count: 64))"}}
            """)
      ) { response in
        #expect(response.status.code == status, "\(String(buffer: response.body))")
      }
    }
    for _ in 0..<3 {
      try await client.execute(
        uri: "/api/pith-number/4OXKXQ4P/status.json", method: .get
      ) { #expect($0.status == .ok) }
    }
    for uri in ["/pith/4OXKXQ4P", "/no/such/path?secret=hunter2", "/checkpoint"] {
      try await client.execute(uri: uri, method: .get) { _ in }
    }
    let jobs = Task { await test.ledger.backgroundJobs.run() }
    while test.ledger.backgroundJobs.report.storage == nil
      || test.ledger.backgroundJobs.report.claims == nil
    {
      try await Task.sleep(for: .milliseconds(10))
    }
    jobs.cancel()
    await jobs.value
    try await Self.useWebhook(test.ledger)
  }

  /// Tries to deliver to an address that is refused, and counts the webhooks.
  private static func useWebhook(_ ledger: Ledger) async throws {
    var request = WebhookRequest(url: "https://localhost:1/hunter2")
    request.from = 0
    let id = try await ledger.webhookManager.add(request).webhook.id
    let job = Task { await ledger.webhookDeliverer.run(WebhookCloudEvents(ledger)) }
    while try await ledger.webhookManager.webhook(id).webhook.failures == 0
      || ledger.webhookDeliverer.report == nil
    {
      try await Task.sleep(for: .milliseconds(10))
    }
    job.cancel()
    await job.value
  }

  @Test("Each part of a service records what it did; no series names a client or a signer")
  func recorded() async throws {
    try await Self.measured(bareActionsPerHour: 1) { test, client in
      try await Self.use(test, client)
      let text = try await Self.text(client)
      func expect(_ series: String, _ expected: Double) {
        #expect(Self.value(series, in: text) == expected, "\(series)")
      }
      let size = Double(try await test.ledger.health().size.stored)
      expect("pithledger_log_events", size)
      expect("pithledger_projection_lag_events", 0)
      expect("pithledger_ready", 1)
      expect("pithledger_database_up", 1)
      expect("pithledger_build_info{version=\"\(LedgerVersion.current)\"}", 1)
      expect("pithledger_submissions_total{outcome=\"created\",type=\"citation_signature\"}", 1)
      expect("pithledger_submissions_total{outcome=\"existing\",type=\"citation_signature\"}", 1)
      expect("pithledger_submissions_total{outcome=\"refused\",type=\"timestamp_anchor\"}", 2)
      expect("pithledger_submissions_total{outcome=\"created\",type=\"document\"}", 1)
      expect("pithledger_quota_refusals_total{quota=\"bare_action_limit\"}", 1)
      expect("pithledger_submission_refusals_total{check=\"bare_action_limit\"}", 1)
      expect("pithledger_cache_reads_total{cache=\"status\",result=\"hit\"}", 2)
      expect("pithledger_cache_reads_total{cache=\"status\",result=\"miss\"}", 1)
      expect(
        "pithledger_http_requests_total{method=\"POST\",route=\"/api/events\",status=\"2xx\"}", 2)
      expect("pithledger_http_requests_total{method=\"GET\",route=\"none\",status=\"4xx\"}", 1)
      expect(
        "pithledger_http_request_duration_seconds_count{method=\"POST\",route=\"/api/events\"}", 2)
      expect("pithledger_http_requests_in_flight", 1)
      expect("pithledger_job_rounds_total{result=\"done\",task=\"storage\"}", 1)
      expect("pithledger_webhook_deliveries_total{result=\"unreachable\"}", 1)
      expect("pithledger_webhooks{state=\"stopped\"}", 0)
      expect("pithledger_checkpoint_events", size)
      #expect(try #require(Self.value("pithledger_append_commit_seconds_count", in: text)) >= 4)
      #expect(
        try #require(
          Self.value(
            "pithledger_verifications_total{check=\"signature\",verdict=\"verified\"}", in: text))
          >= 1)
      for secret in ["127.0.0.1", "1825", "hunter2", "/no/such", "10.1000"] {
        #expect(!text.contains(secret), "\(secret)")
      }
    }
  }

  @Test("The answer has every metric of the catalogue, of the alerts and of the dashboard")
  func complete() async throws {
    try await Self.measured(bareActionsPerHour: 1) { test, client in
      try await Self.use(test, client)
      let text = try await Self.text(client)
      let names = Set(
        text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
          .map { String($0.split(separator: " ")[2]) })
      // A test of TLS expects the one about certificates.
      let certificate = "pithledger_tls_certificate_expiry_timestamp_seconds"
      let known = Set(MetricCatalogue.all.map(\.name))
      #expect(known.subtracting(names) == [certificate])
      #expect(names.subtracting(known).isEmpty)
      #expect(known.count == MetricCatalogue.all.count, "a name is there twice")
      for file in [
        "prometheus/alerts.yml", "prometheus/alerts.test.yml", "grafana/pithledger.json",
      ] {
        let used = try String(
          contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8
        ).matches(of: /\b(?:pithledger|process)_[a-z_]+\b/).map { String($0.output) }
        #expect(used.count > 10)
        for name in used {
          let base = name.replacing(/_(bucket|sum|count)$/, with: "")
          #expect(known.contains(name) || known.contains(base), "\(file): \(name)")
        }
      }
    }
  }

  @Test(
    "promtool accepts the answer, the alerts and the queries of the dashboard",
    .enabled(if: missingPromtool == nil, Comment(rawValue: missingPromtool ?? "")))
  func promtool() async throws {
    try await Self.measured(bareActionsPerHour: 1) { test, client in
      try await Self.use(test, client)
      let text = try await Self.text(client)
      let output = try await python(
        Self.promtoolProgram, [Self.folder.path], input: Array(text.utf8))
      #expect(String(decoding: output, as: UTF8.self).hasSuffix("ok\n"))
    }
  }

  /// Checks the text of its input, the alerts with their tests, and the queries of the dashboard.
  private static let promtoolProgram = """
    import json, os, re, subprocess, sys, tempfile
    folder = sys.argv[1]
    def promtool(*arguments, text=None):
        run = subprocess.run(["promtool", *arguments], input=text, capture_output=True)
        assert run.returncode == 0, (arguments, run.stdout.decode(), run.stderr.decode())
        return run.stderr.decode()
    complaints = promtool("check", "metrics", text=sys.stdin.buffer.read())
    assert not complaints.strip(), complaints
    promtool("check", "rules", folder + "/prometheus/alerts.yml")
    promtool("test", "rules", folder + "/prometheus/alerts.test.yml")
    named = lambda file, pattern: set(re.findall(pattern, open(folder + "/prometheus/" + file).read()))
    alerts = named("alerts.yml", "- alert: (\\w+)")
    untested = alerts - named("alerts.test.yml", "alertname: (\\w+)")
    assert len(alerts) > 10 and not untested, untested
    dashboard = json.load(open(folder + "/grafana/pithledger.json"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 30
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    with tempfile.TemporaryDirectory() as directory:
        rules = [{"record": f"a:b{i}", "expr": e.replace("$__rate_interval", "5m").replace("$instance", ".*")}
                 for i, e in enumerate(expressions)]
        path = os.path.join(directory, "rules.yml")
        # JSON is YAML.
        json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, open(path, "w"))
        promtool("check", "rules", path)
    print("ok")
    """

  @Test("The format follows Accept; a reader without the operator's token may be refused")
  func access() async throws {
    try await Self.measured(access: .operator) { test, client in
      try await client.execute(uri: "/metrics", method: .get) { response in
        #expect(response.status == .forbidden)
        let json = try response.json()
        #expect(json["check"] == "operator")
      }
      let token = try #require(try test.ledger.configuration.operatorToken())
      let accepts: [(String?, TextFormat)] = [
        (nil, .prometheus), ("*/*", .prometheus), ("text/plain", .prometheus),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", .openMetrics),
        ("application/openmetrics-text;q=0,text/plain", .prometheus),
      ]
      for (accept, format) in accepts {
        var headers: HTTPFields = [.authorization: "Bearer \(token)"]
        headers[.accept] = accept
        try await client.execute(uri: "/metrics", method: .get, headers: headers) { response in
          #expect(response.status == .ok)
          #expect(response.headers[.contentType] == format.mediaType)
          let text = String(buffer: response.body)
          #expect(text.hasSuffix("# EOF\n") == (format == .openMetrics))
          #expect(
            text.contains("# TYPE process_cpu_seconds\(format == .prometheus ? "_total" : "") "))
        }
      }
    }
  }

  @Test("Many readers at the same time share one text")
  func shared() async throws {
    try await withLedger { test in
      let reads = Counted()
      let registry = MetricRegistry(MetricCatalogue.all)
      let metrics = ServiceMetricsText(test.ledger, registry) {
        await reads.add()
        return []
      }
      await withDiscardingTaskGroup { group in
        for _ in 0..<1000 { group.addTask { _ = await metrics.text(.prometheus) } }
      }
      #expect(await reads.count <= 2)
    }
  }

  private actor Counted {
    var count = 0
    func add() { count += 1 }
  }

  @Test("Hostile methods, paths and headers make no series of their own")
  func hostile() async throws {
    try await Self.measured { _, client in
      // The parser of the server knows these words. It refuses others.
      let methods = ["PROPFIND", "MKCOL", "LOCK", "UNLOCK", "COPY", "MOVE", "SEARCH", "REPORT"]
      for (number, name) in methods.enumerated() {
        let method = try #require(HTTPRequest.Method(name))
        try await client.execute(uri: "/x\(number)", method: method) { _ in }
        try await client.execute(uri: "/pith/x\(number)", method: .get) { _ in }
      }
      let text = try await Self.text(client)
      let series = text.split(separator: "\n").filter {
        $0.hasPrefix("pithledger_http_requests_total{")
      }
      #expect(series.count <= 4, "\(series)")
      #expect(
        Self.value(
          "pithledger_http_requests_total{method=\"other\",route=\"none\",status=\"4xx\"}", in: text
        ) == 8)
    }
  }

  @Test("A service without a database says so, and still answers")
  func withoutDatabase() async throws {
    try await Self.measured { test, client in
      try await test.owner { owner in
        try await owner.execute("ALTER TABLE ledger.head RENAME TO head_away")
      }
      let text = try await Self.text(client)
      #expect(Self.value("pithledger_database_up", in: text) == 0)
      #expect(Self.value("pithledger_ready", in: text) == 0)
      #expect(Self.value("pithledger_log_events", in: text) == nil)
      try await client.execute(uri: "/readyz", method: .get) { response in
        #expect(response.status == .serviceUnavailable)
        let json = try response.json()
        #expect(json["check"] == "database" && json["version"] == .string(LedgerVersion.current))
        #expect(json["commit"]?.stringValue == LedgerVersion.commit)
        #expect(response.headers[.retryAfter] == "1")
        #expect(json["size"] == nil)
      }
      try await test.owner { owner in
        try await owner.execute("ALTER TABLE ledger.head_away RENAME TO head")
      }
      try await client.execute(uri: "/readyz", method: .get) { response in
        #expect(response.status == .ok)
        let json = try response.json()
        #expect(json["status"] == "ready")
      }
    }
  }
}
