import Testing

@testable import SafeHTTPClient

/// The order of fetches, step by step, without network and clock.
@Suite("Slots for fetches")
struct FetchSlotsTests {
  private func ticket(_ answer: FetchSlots.Answer) -> FetchSlots.Ticket? {
    if case .granted(let ticket) = answer { ticket } else { nil }
  }

  private func isWaiting(_ answer: FetchSlots.Answer) -> Bool {
    if case .waiting = answer { true } else { false }
  }

  @Test("One client has a limit of slots and of waiting fetches, and is refused beyond it")
  func perClient() {
    var slots = FetchSlots(.init(perPool: 8, perClient: 4, perHost: 4))
    let first = (0..<40).map { slots.enter(.storage, client: "a", host: "slow\($0).example") }
    #expect(first.count { ticket($0) != nil } == 4)
    #expect(first.count(where: isWaiting) == 8)
    #expect(
      first.count { $0 == .refused(FetchError(.clientLimit, "\(messageOf($0))")) } == 28)
    // Another client and other pools get a slot at once.
    let others = [
      slots.enter(.storage, client: "b", host: "b.example"),
      slots.enter(.issuers, client: nil, host: "orcid.example"),
    ]
    #expect(others.allSatisfy { ticket($0) != nil })
  }

  private func messageOf(_ answer: FetchSlots.Answer) -> String {
    if case .refused(let error) = answer { error.message } else { "" }
  }

  @Test("A slot that becomes free goes to the client that has the fewest")
  func fairness() throws {
    var slots = FetchSlots(.init(perPool: 4, perClient: 4, perHost: 4))
    let running = (0..<4).compactMap {
      ticket(slots.enter(.storage, client: "a", host: "a\($0).example"))
    }
    #expect(running.count == 4)
    let fifth = slots.enter(.storage, client: "a", host: "a4.example")
    #expect(isWaiting(fifth))
    let other = slots.enter(.storage, client: "b", host: "b.example")
    guard case .waiting(let waiting) = other else {
      Issue.record("\(other)")
      return
    }
    let granted = slots.leave(running[0])
    #expect(granted == [waiting])
  }

  @Test(
    "One host of a pool has a limit of slots, which the host's use in another pool does not affect")
  func perHost() {
    var slots = FetchSlots(.init(perPool: 8, perClient: 8, perHost: 2))
    let answers = (0..<3).map { slots.enter(.storage, client: "\($0)", host: "one.example") }
    #expect(answers.count { ticket($0) != nil } == 2 && isWaiting(answers[2]))
    let calendar = slots.enter(.calendars, client: nil, host: "one.example")
    #expect(ticket(calendar) != nil)
    let elsewhere = ticket(slots.enter(.storage, client: "9", host: "two.example")) ?? 0
    let moves = [
      slots.move(elsewhere, to: "one.example"), slots.move(elsewhere, to: "three.example"),
    ]
    #expect(moves == [false, true], "a redirect does not get around it")
  }

  @Test("A pool's queue is limited, and a cancelled fetch leaves it")
  func queue() throws {
    var slots = FetchSlots(.init(perPool: 1, perClient: 4, perHost: 4))
    let all = (0..<6).map { slots.enter(.witnesses, client: nil, host: "h\($0)") }
    #expect(all.count(where: isWaiting) == 4)
    #expect(all[5] == .refused(FetchError(.busy, messageOf(all[5]))))
    guard case .waiting(let second) = all[1] else { return }
    let admitted = slots.leave(second)
    let again = slots.enter(.witnesses, client: nil, host: "again")
    #expect(admitted.isEmpty && isWaiting(again))
    let next = slots.leave(try #require(ticket(all[0])))
    #expect(next.count == 1)
  }
}
