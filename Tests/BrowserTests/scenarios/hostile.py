"""Text that tries to be more than text, in every field that anyone can write."""

import json
import os

import pages
from browser import expect
from signing import Key

TEXTS = {
    "markup": "{{7*7}} {{{frame.title}}} ${7*7}\"'><script>alert(1); window.harm = 1</script><img src=x onerror=alert(1)><a href=\"javascript:alert(1)\">"
              "</title></textarea></pre></style>]]> &lt;i&gt; <!--",
    "direction": "abc \u202egnp.exe\u202c \u2067right\u2069 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 "
                 "e\u0301\u0301\u0301\u0301 \U0001f9ea",
    "long": "W" * 200,
}
# What a statement may not have, and a document may.
OVERRIDES = "\u202e\u202c\u2067\u2069"
ORCID = "0000-0002-1825-0097"


def document(name, text):
    """A record whose document has the text in every member that a page may show."""
    digest = "0" * 63 + format(list(TEXTS).index(name), "x")
    paper = {"title": text, "authors_text": f"{text}, {text}", "license": text, "abstract": text}
    claims = [{"claim_id": claim, "kind": text, "status": text, "text": text} for claim in ("C1", plain(text)[:60])]
    return {
        "canonical_record": {
            "metadata": {"abstract_canon_sha256": digest, "title_canon_sha256": digest, "cross_cats_sorted": [],
                         "license": plain(text)[:100], "primary_cat": "cs.DL", "submitted_at": "2025-01-01T00:00:00Z"},
            "schema_version": "1.0", "source": {"id": "hostile-" + name, "kind": "other", "version": 1}},
        "paper": paper,
        "graph_snapshot": {"paper": paper, "claims": {"count": 2, "items": claims},
                           "references": {"count": 1, "resolved_work": 1, "sample": [
                               {"title": text, "doi": text, "arxiv_id": text, "year": text, "raw": text}]},
                           "formal_canon": {"evidence_count": 1, "sample": [{"statement": text, "url": text}]}},
        "inbound_citations": {"count": 1, "sample": [{"citing_title": text, "citing_arxiv_id": text}]},
        "aliases": [{"alias_kind": "doi", "alias_value": "10.1000/hostile-" + name}],
    }


def plain(text):
    return "".join(character for character in text if character not in OVERRIDES)


def make(ledger, name, text):
    """Makes a record and statements about it with the text in every field. Returns names as `statements.make` does."""
    file = os.path.join(ledger.home, name + ".json")
    with open(file, "w") as out:
        json.dump(document(name, text), out)
    record = ledger.run("import", file)["pith_number"]
    text = plain(text)
    claim = text[:60]
    names = {"record": record}

    def submit(name, key, kind, payload, target="record", status=201, **more):
        answer = key.submit(kind, payload, record, target, **more)
        expect(answer["status"] == status, f"{name} with {text[:40]}: {answer}")
        names[name] = answer.get("event_id")
        return names[name]

    key = Key(ledger, text, text)
    board = Key(ledger, "board " + name, text[:190] + " board", "agent")
    names["author_key"], names["board_key"] = key.fingerprint, board.fingerprint
    ledger.run("key", "vouch", key.fingerprint, "--as", "author", "--name", text)
    ledger.run("key", "vouch", board.fingerprint, "--as", "moderator", "--name", text)
    for target in ("record", "claim:" + claim):
        submit("author", key, "author_attestation",
               {"method": "key_signature", "name": text, "orcid": ORCID}, target)
    submit("citation", key, "citation_signature", {"citing_doi": "10.1000/plain", "relation": "cites", "note": text})
    submit("paper", board, "citation_signature",
           {"citing_doi": ("10.1000/" + text.replace(" ", "-"))[:200], "relation": "cites", "note": text})
    report = {"replication_id": text, "kind": "replication", "outcome": "inconclusive", "claim_ids": ["C1", claim],
              "summary": text, "environment": text}
    if text.isascii():
        report["artifact_uri"] = "https://example.org/" + text.replace(" ", "+")
    submit("replication", key, "replication_record", report)
    submit("decision", board, "moderation_decision", {
        "event_id": names["replication"], "decision": "rejected", "reason": text,
        "log": ledger.origin()})
    submit("withdrawal", key, "event_withdrawn", {"event_id": names["citation"], "reason": text})
    ledger.run("alias", "retract", record, "doi", "10.1000/hostile-" + name, "--reason", text)
    ledger.run("key", "revoke", board.fingerprint, "--reason", text)
    return names


def check_harmless(browser, path, text):
    """Fails unless the page shows the text, and the text does nothing."""
    browser.visit(path)
    expect(not browser.js("return window.harm"), f"{path} runs a script of the text")
    shown = "".join(browser.js("return document.body.textContent").split())
    expect("".join(plain(text)[:60].split()) in shown, f"{path} does not show the text")


def displayed(browser, ledger):
    """The text is shown as it is, and does nothing."""
    for name, text in TEXTS.items():
        names = make(ledger, name, text)
        for path in pages.about(names).values():
            check_harmless(browser, path, text)
            browser.check_narrow()
