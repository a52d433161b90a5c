"""Pages while statements arrive."""

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
