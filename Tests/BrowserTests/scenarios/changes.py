"""Pages while statements arrive."""

import time

from browser import expect
from signing import Key


def badges(browser):
    """The badge of each card of the record's page by the card's name."""
    return browser.js("""
        return Object.fromEntries([...document.querySelectorAll('.card')].filter(c => c.querySelector('h3 > .badge'))
          .map(c => [c.querySelector('h3').firstChild.textContent.trim(), c.querySelector('.badge').textContent]))""")


def status(browser, ledger):
    """The badges of the sample record change with each kind of statement that is submitted over HTTP."""
    page = f"/pith/{ledger.short}"
    browser.visit(page)
    seen = badges(browser)
    expect(len(seen) >= 6, f"the page has the badges {seen}")
    key = Key(ledger, "reader", "https://orcid.org/0000-0002-1825-0097")
    digest = ledger.json(f"{page}.json")["canonical_sha256"]

    def changes(card, submit):
        answer = submit()
        expect(answer.get("position") is not None, f"the statement for {card} is refused: {answer}")
        browser.visit(page)
        now = badges(browser)
        expect(now[card] != seen[card], f"the badge of {card} is still “{now[card]}” after {answer['standing']}")
        expect({name for name in now if now[name] != seen[name]} == {card}, f"{seen} became {now}")
        seen.update(now)

    changes("Citations", lambda: key.submit("citation_signature", {"citing_arxiv": "2605.21642", "relation": "extends"}))
    changes("Authors", lambda: key.submit("author_attestation", {
        "method": "key_signature", "name": "Zhuang Liu", "orcid": "0000-0002-1825-0097"}))
    changes("Replications", lambda: key.submit("replication_record", {
        "replication_id": "r", "kind": "replication", "outcome": "replicated", "claim_ids": ["C1"]}))
    ledger.statements()
    browser.visit(page)
    after = badges(browser)
    for card in ("Time", "Storage"):
        expect(after[card] != seen[card], f"the badge of {card} is still “{after[card]}”")
    expect(digest in browser.text("body"), "the page shows the hash of the record")


def live(browser, ledger):
    """New events appear on the first page without a reload, until the reader pauses them."""
    key = Key(ledger, "live", "urn:example:live")

    def cite(number):
        answer = key.submit("citation_signature", {"citing_doi": f"10.1000/live.{number}", "relation": "cites"})
        expect(answer["status"] == 201, str(answer))
        return f"doi:10.1000/live.{number} cites this paper"

    browser.visit("/")
    browser.js("window.sameDocument = true")
    browser.wait_for_text("New events appear by themselves.")
    count = browser.text("#totals")
    browser.wait_for_text(cite(1), "#latest-list")
    expect(browser.js("return window.sameDocument"), "the page was loaded again")
    browser.wait(lambda: browser.text("#totals") != count, "other totals")
    browser.check_everywhere()
    browser.click("#latest-pause")
    unseen = cite(2)
    # As long as two updates would take.
    time.sleep(7)
    expect(unseen not in browser.text("#latest-list"), "an event appears while the list is paused")
    browser.click("#latest-pause")
    browser.wait_for_text(unseen, "#latest-list")
