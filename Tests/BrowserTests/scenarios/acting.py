"""Forms: a person with a browser makes every kind of statement."""

import base64
import hashlib
import json
import pathlib
import re

from browser import Keys, expect

SEED_PREFIX = bytes.fromhex("302e020100300506032b657004220420")


def form(browser, ledger, kind, query=""):
    """Opens a form and waits until its script runs."""
    browser.visit(f"/pith/{ledger.short}/attest/{kind}{query}")
    browser.wait(lambda: browser.all("#attest[data-ready]"), "the form")


def your_key(browser):
    browser.visit("/your-key")
    browser.wait(lambda: browser.all("html[data-ready]"), "the page of keys")


def make_key(browser, name, signer="urn:example:someone", kind="author"):
    """Makes a key in the browser and registers it. Returns its fingerprint."""
    your_key(browser)
    browser.type("#key_id", name)
    browser.type("#signer_id", signer)
    browser.choose("#signer_type", kind)
    browser.click("#make button")
    fingerprint = browser.wait(lambda: [card for card in browser.all("#key-list .card") if name in card.text],
                               "the key")[0].get_attribute("data-key")
    register(browser, fingerprint)
    return fingerprint


def register(browser, fingerprint):
    card = f'[data-key="{fingerprint}"]'
    browser.wait(lambda: browser.all(f"{card} .register"), "the button that registers")
    browser.click(f"{card} .register")
    browser.wait_for_text("What you sign", f"{card} .panel")
    browser.click(f"{card} .go")
    browser.wait_for_text("Recorded", f"{card} .panel")
    browser.click(f"{card} .close")
    browser.wait(lambda: browser.js("return document.querySelector(arguments[0])?.innerText", f"{card} .badge") in
                 ("registered", "vouched for"), "the standing of the key")


def import_key(browser, path):
    your_key(browser)
    browser.upload("#key_file", path)
    browser.wait_for_text("Imported the key", "#key_file-state")


def choose_key(browser, fingerprint):
    browser.wait(lambda: browser.all(f'#key option[value="{fingerprint}"]'), "the key in the list")
    browser.choose("#key", fingerprint)


def review(browser):
    """Goes on to the statement. Returns the exact bytes that are shown."""
    browser.click("#review")
    browser.wait(lambda: browser.all("#panel .go") or browser.text("#problem").strip(), "the statement", 30)
    expect(browser.all("#panel .go"), "refused: " + browser.text("#problem"))
    return browser.js("return document.querySelector('#panel .exact').textContent")


def submit(browser, seconds=30):
    """Sends the statement. Returns the badge of its standing."""
    browser.click("#panel .go")
    browser.wait(lambda: browser.all("#panel[data-state=done]") or "Check:" in browser.text("#panel"), "the answer", seconds)
    expect(browser.all("#panel[data-state=done]"), "refused: " + browser.text("#panel"))
    return browser.text("#panel .standing .badge")


def afterwards(browser, key):
    return browser.text(f'#panel [data-key="{key}"]')


def citation(browser, ledger):
    """A citation is signed in the browser, the badges change, and its receipt is kept."""
    fingerprint = make_key(browser, "laptop")
    before = ledger.status()["citation_signatures"]
    form(browser, ledger, "citation")
    browser.check_everywhere()
    choose_key(browser, fingerprint)
    browser.type("#citing", "https://arxiv.org/abs/2605.21642")
    browser.choose("#relation", "uses_method")
    browser.type("#ref_index", "7")
    browser.type("#note", "Zitat „é😂“ <b>&amp;</b> \\ \"")
    text = review(browser)
    browser.check_everywhere()
    body = json.loads(text)
    expect(text == json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False), "canonical JSON")
    expect(body["payload"] == {"citing_arxiv": "2605.21642", "relation": "uses_method", "ref_index": 7,
                               "note": "Zitat „é😂“ <b>&amp;</b> \\ \""}, f"the payload is as entered: {body}")
    expect(body["signer"]["public_key_fingerprint"] == fingerprint, "the chosen key signs")
    digest = hashlib.sha256(text.encode()).hexdigest()
    expect(browser.js("return document.querySelector('#panel .digest').textContent") == digest, "the digest is shown")
    expect(submit(browser) == "signed", "the standing in words")
    expect(afterwards(browser, "citation_signatures") == f"Signed citations: {before + 1}", "the badge")
    expect(ledger.status()["citation_signatures"] == before + 1, "the status")
    browser.check_everywhere()
    browser.click("#panel .receipt")
    receipt = browser.download("pith-ledger-receipt-*.txt").read_text()
    expect(digest in receipt and receipt.startswith("pith-ledger receipt v1\n"), "the receipt is of this event")


def supersede_and_withdraw(browser, ledger):
    """A person replaces an own statement, and withdraws it."""
    fingerprint = make_key(browser, "second thoughts")
    form(browser, ledger, "citation")
    choose_key(browser, fingerprint)
    browser.type("#citing", "10.1234/abc.def")
    browser.choose("#relation", "supports")
    first = "sha256:" + hashlib.sha256(review(browser).encode()).hexdigest()
    submit(browser)
    form(browser, ledger, "citation", "?supersedes=" + first)
    expect(browser.js("return document.getElementById('citing').value") == "10.1234/abc.def", "the form is filled in")
    expect(browser.js("return document.getElementById('relation').value") == "supports", "the choice is filled in")
    choose_key(browser, fingerprint)
    browser.choose("#relation", "refutes")
    second = "sha256:" + hashlib.sha256(review(browser).encode()).hexdigest()
    submit(browser)
    expect(ledger.json(f"/api/events/{first}")["standing"] == "superseded", "the first is superseded")
    browser.visit(f"/pith/{ledger.short}/attest/withdraw?event={second}")
    browser.wait(lambda: browser.all("#attest[data-ready]"), "the form")
    browser.check_everywhere()
    choose_key(browser, fingerprint)
    browser.type("#reason", "A mistake")
    review(browser)
    submit(browser)
    expect(ledger.json(f"/api/events/{second}")["standing"] == "withdrawn", "the second is withdrawn")


def author_by_key(browser, ledger):
    """A claim by a key that nobody vouches for is weak, and says why."""
    fingerprint = make_key(browser, "author", "https://orcid.org/0000-0002-1694-233X")
    form(browser, ledger, "author")
    choose_key(browser, fingerprint)
    expect(browser.js("return document.getElementById('orcid').value") == "0000-0002-1694-233X", "the iD of the key")
    browser.type("#name", "Saining Xie")
    review(browser)
    expect(submit(browser) == "weak claim", "weak")
    expect("not been vouched for" in browser.text("#panel .reason"), "the reason")
    expect(int(afterwards(browser, "weak_author_claims").split(": ")[1]) == ledger.status()["weak_author_claims"], "badge")


def replication(browser, ledger):
    """A replication names claims of the record, hashes a file locally, and awaits a moderator."""
    fingerprint = make_key(browser, "runner", kind="replicator")
    form(browser, ledger, "replication")
    browser.check_everywhere()
    choose_key(browser, fingerprint)
    browser.click("#claim_ids input[value=C1]")
    browser.click("#claim_ids input[value=C3]")
    browser.choose("#outcome", "partially_replicated")
    browser.type("#replication_id", "run-1")
    path = pathlib.Path(ledger.home, "artifact.bin")
    path.write_bytes(b"artifact" * 1000)
    browser.upload("#artifact", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    browser.wait(lambda: browser.js("return document.getElementById('artifact_sha256').value") == digest, "the hash")
    payload = json.loads(review(browser))["payload"]
    expect(payload["claim_ids"] == ["C1", "C3"] and payload["artifact_sha256"] == digest, f"{payload}")
    expect(submit(browser) == "awaits a moderator", "pending")


def timestamp(browser, ledger):
    """A proof of time is checked locally for its digest, and becomes verified without a key."""
    digest = ledger.json(f"/pith/{ledger.short}.json")["canonical_sha256"]
    form(browser, ledger, "timestamp")
    browser.check_everywhere()
    head = bytes.fromhex("004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294" + "01" + "08")
    wrong = pathlib.Path(ledger.home, "wrong.ots")
    wrong.write_bytes(head + bytes(32) + ledger.outside("/digest", bytes(32)))
    browser.upload("#proof", wrong)
    browser.wait_for_text("about another digest", "#proof-error")
    for name, content, words in (("empty.ots", b"", "empty"), ("other.ots", b"hello", "neither")):
        path = pathlib.Path(ledger.home, name)
        path.write_bytes(content)
        browser.upload("#proof", path)
        browser.wait_for_text(words, "#proof-error")
    right = pathlib.Path(ledger.home, "right.ots")
    right.write_bytes(head + bytes.fromhex(digest) + ledger.outside("/digest", bytes.fromhex(digest)))
    browser.upload("#proof", right)
    browser.wait_for_text("about this record's digest", "#proof-state")
    review(browser)
    expect(submit(browser) == "pending", "a calendar's promise proves no time yet")
    expect(afterwards(browser, "externally_anchored") == "Time proven: no", "the badge")


def storage_upload(browser, ledger):
    """A file is hashed locally, uploaded, and counts as a stored copy."""
    form(browser, ledger, "storage")
    browser.check_everywhere()
    browser.choose("#storage_kind", "file")
    path = pathlib.Path(ledger.home, "paper.txt")
    path.write_bytes(b"The paper\n" * 5000)
    browser.upload("#file", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    browser.wait_for_text(digest, "#file-state")
    payload = json.loads(review(browser))["payload"]
    expect(payload["location"] == "urn:sha256:" + digest and payload["size_bytes"] == 50_000, f"{payload}")
    expect(submit(browser) == "verified", "verified")
    expect(afterwards(browser, "storage_verified") == "Stored copy: yes", "the badge")
    expect(ledger.request(f"/api/evidence/{digest}")[2] == path.read_bytes(), "the ledger has the file")


def storage_elsewhere(browser, ledger):
    """A location elsewhere is fetched by the ledger; the file itself is not sent."""
    content = b"Bytes elsewhere"
    ledger.outside("/put/elsewhere.txt", content)
    form(browser, ledger, "storage")
    path = pathlib.Path(ledger.home, "elsewhere.txt")
    path.write_bytes(content)
    browser.upload("#file", path)
    browser.wait_for_text("nothing is sent", "#file-state")
    browser.type("#location", ledger.services + "/elsewhere.txt")
    review(browser)
    expect(submit(browser) == "verified", "verified")
    # Other bytes than are there: the ledger refuses, and the form says where.
    form(browser, ledger, "storage")
    browser.type("#location", ledger.services + "/elsewhere.txt")
    browser.type("#content_sha256", "0" * 64)
    browser.type("#size_bytes", str(len(content)))
    review(browser)
    browser.click("#panel .go")
    browser.wait(lambda: "Check: fetch.content" in browser.text("main"), "the refusal")
    browser.check(statuses={422})


def large_files(browser, ledger):
    """A file of 200 MB is hashed while the page stays usable, and is not uploaded."""
    path = pathlib.Path(ledger.home, "large.bin")
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(200):
            file.write(b"\x5a" * 1_000_000)
            digest.update(b"\x5a" * 1_000_000)
    form(browser, ledger, "storage")
    browser.js("""window.longest = 0; let last = performance.now();
        const beat = () => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; setTimeout(beat, 0); };
        beat();""")
    browser.upload("#file", path)
    browser.wait(lambda: browser.js("return document.getElementById('content_sha256').value") == digest.hexdigest(),
                 "the hash", 60)
    longest = browser.js("return window.longest")
    expect(longest < 500, f"the page stood still for {longest} ms")
    browser.choose("#storage_kind", "file")
    browser.click("#review")
    browser.wait_for_text("at most", "#file-error")
    empty = pathlib.Path(ledger.home, "empty.bin")
    empty.write_bytes(b"")
    browser.upload("#file", empty)
    browser.wait_for_text(hashlib.sha256().hexdigest(), "#file-state")
    review(browser)
    path.unlink()
