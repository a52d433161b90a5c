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
    fingerprint = browser.wait(lambda: browser.js("""return [...document.querySelectorAll('#key-list .card')].find(
        card => card.querySelector('h3 bdi').textContent === arguments[0])?.dataset.key""", name), "the key")
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
    expect("null" not in browser.text("#panel") and "undefined" not in browser.text("#panel"), "no value of a program")
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


def with_the_keyboard(browser, ledger):
    """A person without a mouse makes a key, registers it, and signs a citation."""
    your_key(browser)
    tab_to(browser, "#key_id", "keyboard", Keys.TAB, "urn:example:typist")
    tab_to(browser, "#make button", Keys.ENTER)
    browser.wait(lambda: browser.all("#key-list .card .register"), "the key")
    tab_to(browser, "#key-list .card .register", Keys.ENTER)
    browser.wait(lambda: browser.all("#key-list .card .go"), "the statement about the key")
    tab_to(browser, "#key-list .card .go", Keys.ENTER)
    browser.wait_for_text("Recorded", "#key-list .card .panel")
    form(browser, ledger, "citation")
    tab_to(browser, "#citing", "10.5555/keyboard")
    tab_to(browser, "#relation", Keys.DOWN)
    tab_to(browser, "#key", Keys.DOWN)
    tab_to(browser, "#review", Keys.ENTER)
    browser.wait(lambda: browser.all("#panel .go") or browser.text("#problem").strip(), "the statement", 30)
    expect(browser.all("#panel .go"), "refused: " + browser.text("#problem"))
    tab_to(browser, "#panel .go", Keys.ENTER)
    browser.wait(lambda: browser.all("#panel[data-state=done]"), "the answer", 30)
    expect(browser.text("#panel .standing .badge") == "signed", "the standing in words")
    newest = ledger.json(f"/api/pith-number/{ledger.short}/citations.json?order=desc&limit=1")["citations"][0]
    expect(newest["citing"]["citing_doi"] == "10.5555/keyboard" and newest["relation"] == "refutes",
           f"the citation is as typed: {newest}")


def tab_to(browser, selector, *keys):
    """Presses Tab until an element has the focus, and then some keys."""
    for _ in range(120):
        if browser.js("return document.activeElement?.matches(arguments[0])", selector):
            browser.keys(*keys)
            return
        browser.keys(Keys.TAB)
    expect(False, f"Tab does not reach {selector}")


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


# Sign-in with ORCID

def sign_in(browser, ledger, answer="allow"):
    """Signs in at the fake issuer, and waits for what the page makes of the answer."""
    host = ledger.services.split("://")[1]
    with browser.outside(host):
        browser.click("#sign-in")
        browser.wait(lambda: browser.all("#" + answer), "the issuer's page")
        browser.click("#" + answer)
        browser.wait(lambda: browser.driver.current_url.startswith(browser.base), "the way back")
        browser.wait(lambda: browser.all("#panel .go") or browser.all("#waiting .notice"), "the page of the sign-in")
    expect(browser.driver.current_url == browser.base + "/orcid", "the address has no token: " + browser.driver.current_url)


def orcid(browser, ledger):
    """A sign-in with ORCID makes a strong claim, and takes it back."""
    form(browser, ledger, "author")
    browser.type("#name", "Zhuang Liu")
    sign_in(browser, ledger)
    browser.check_everywhere()
    payload = json.loads(browser.js("return document.querySelector('#panel .exact').textContent"))["payload"]
    expect(payload["orcid"] == "0000-0002-1825-0097" and payload["method"] == "orcid_oidc", f"{payload}")
    before = ledger.status()["strong_author_claims"]
    expect(submit(browser) == "strong claim", "strong")
    expect(afterwards(browser, "strong_author_claims") == f"Strong author claims: {before + 1}", "the badge")
    expect(afterwards(browser, "author_attested") == "Claimed by an author: yes", "the badge")
    event = browser.text("#panel code")
    expect(ledger.request(f"/api/evidence/{payload['evidence_sha256']}")[0] == 404, "the token is not published")
    expect(browser.js("return sessionStorage.length") == 0, "nothing of the sign-in is kept")
    browser.visit(f"/pith/{ledger.short}/attest/withdraw?event={event}")
    browser.wait(lambda: browser.all("#attest[data-ready]"), "the form")
    browser.type("#reason", "No longer mine")
    sign_in(browser, ledger)
    submit(browser)
    expect(ledger.json(f"/api/events/{event}")["standing"] == "withdrawn", "withdrawn")
    expect(ledger.status()["strong_author_claims"] == before, "it no longer counts")


def orcid_for_a_key(browser, ledger):
    """A sign-in that is bound to a key makes the ledger vouch for it."""
    fingerprint = make_key(browser, "bound", "https://orcid.org/0000-0002-1825-0097")
    form(browser, ledger, "author")
    choose_key(browser, fingerprint)
    browser.type("#name", "Zhuang Liu")
    expect(browser.find("#bind-key").is_selected(), "the key is bound unless the person says otherwise")
    sign_in(browser, ledger)
    body = json.loads(browser.js("return document.querySelector('#panel .exact').textContent"))
    expect(body["signer"]["public_key_fingerprint"] == fingerprint, "the key signs")
    expect(submit(browser) == "strong claim", "strong")
    browser.wait(lambda: ledger.json(f"/api/keys/{fingerprint}")["standing"] == "vouched", "the vouch")


def refused_sign_ins(browser, ledger):
    """A sign-in that is denied, forged or repeated sends nothing."""
    size = ledger.json("/readyz")["size"]
    form(browser, ledger, "author")
    browser.type("#name", "Zhuang Liu")
    sign_in(browser, ledger, "deny")
    expect("did not let ORCID" in browser.text(), "the reason")
    claims = base64.urlsafe_b64encode(b'{"sub":"0000-0002-1825-0097","nonce":"x"}').decode().rstrip("=")
    # From the same page only the fragment would change, and the page would stay.
    browser.visit("/your-key")
    browser.visit(f"/orcid#id_token=a.{claims}.b&state=x")
    browser.wait_for_text("No sign-in was begun in this tab")
    expect("#" not in browser.driver.current_url, "the fragment is removed")
    intent = {"state": "right", "subject": ledger.number, "post": "/", "type": "author_attestation", "payload": {}}
    for fragment, words in ((f"id_token=a.{claims}.b&state=wrong", "does not belong to the sign-in"),
                            (f"id_token=a.{claims}.b&state=right", "another record or key"),
                            ("id_token=x&state=right", "no readable identity token"),
                            ("state=right", "no identity token")):
        browser.visit("/your-key")
        browser.js("sessionStorage.setItem('orcid-sign-in', arguments[0])", json.dumps(intent))
        browser.visit("/orcid#" + fragment)
        browser.wait_for_text(words)
    expect(ledger.json("/readyz")["size"] == size, "nothing was recorded")


# Keys

def keys_of_both_kinds(browser, ledger):
    """A key of the browser signs in the shell, and a key of the shell in the browser."""
    fingerprint = make_key(browser, "both: é / ways")
    browser.click(f'[data-key="{fingerprint}"] .export')
    path = browser.download("*.key")
    expect(path.name == "both-ways.key", f"a harmless name: {path.name}")
    path.chmod(0o600)
    answer = ledger.run("attest", "citation", ledger.number, "--by", "2605.11111", "--relation", "cites", "--key", str(path))
    expect(answer["standing"] == "verified", f"{answer}")
    file, _ = ledger.key("from the shell")
    import_key(browser, file)
    imported = json.loads(pathlib.Path(file).read_text())
    form(browser, ledger, "citation")
    choose_key(browser, imported["public_key_fingerprint"])
    browser.type("#citing", "2605.22222")
    review(browser)
    expect(submit(browser) == "signed", "signed")
    # The same key again, and files that are not keys.
    import_key(browser, file)
    browser.wait_for_text("has this key already", "#key-news")
    for change, words in ((lambda key: key.update(public_key_b64=base64.b64encode(bytes(32)).decode()), "does not belong to its private key"),
                          (lambda key: key.update(private_key_b64="AAAA"), "no private key"),
                          (lambda key: key.update(signer_type="registry"), "does not belong into a browser"),
                          (lambda key: key.update(signer_id="a\u202eb"), "not usable")):
        key = dict(imported)
        change(key)
        wrong = pathlib.Path(ledger.home, "wrong.key")
        wrong.write_text(json.dumps(key))
        your_key(browser)
        browser.upload("#key_file", wrong)
        browser.wait_for_text(words, "#key_file-error")
        expect(imported["private_key_b64"] not in browser.js("return document.documentElement.outerHTML"), "no secret on the page")


def forget_and_revoke(browser, ledger):
    """A person revokes a key, and forgets it."""
    fingerprint = make_key(browser, "old")
    card = f'[data-key="{fingerprint}"]'
    browser.check_everywhere()
    browser.click(f"{card} .revoke")
    browser.type(f"#reason-{fingerprint}", "Lost the laptop")
    browser.click(f"{card} .panel form button")
    browser.wait_for_text("What you sign", f"{card} .panel")
    browser.click(f"{card} .go")
    browser.wait_for_text("Recorded", f"{card} .panel")
    expect(ledger.json(f"/api/keys/{fingerprint}")["standing"] == "revoked", "revoked")
    form(browser, ledger, "citation")
    choose_key(browser, fingerprint)
    browser.wait_for_text("This key is revoked", "#key-state")
    browser.type("#citing", "2605.33333")
    review(browser)
    browser.click("#panel .go")
    browser.wait_for_text("has been revoked", "#attest")
    browser.check(statuses={422})
    your_key(browser)
    browser.wait(lambda: browser.all(f"{card} .forget"), "the button")
    browser.click(f"{card} .forget")
    browser.click(f"{card} .really")
    browser.wait(lambda: not browser.all(card), "the key is gone")


def two_tabs(browser, ledger):
    """A key that another tab forgets signs nothing more in this one."""
    fingerprint = make_key(browser, "two tabs")
    form(browser, ledger, "citation")
    choose_key(browser, fingerprint)
    browser.type("#citing", "2605.44444")
    review(browser)
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.driver.get(browser.base + "/your-key")
    card = f'[data-key="{fingerprint}"]'
    browser.wait(lambda: browser.all(f"{card} .forget"), "the button")
    browser.click(f"{card} .forget")
    browser.click(f"{card} .really")
    browser.wait(lambda: not browser.all(card), "the key is gone")
    browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.click("#panel .go")
    browser.wait_for_text("this key no more", "#panel")


# Moderation

def moderation(browser, ledger):
    """The operator vouches for a moderator, who approves a replication; the record counts it."""
    runner = make_key(browser, "a runner", kind="replicator")
    moderator = make_key(browser, "a moderator")
    form(browser, ledger, "replication")
    choose_key(browser, runner)
    browser.click("#claim_ids input[value=C2]")
    browser.type("#replication_id", "for the moderator <b>")
    event = "sha256:" + hashlib.sha256(review(browser).encode()).hexdigest()
    submit(browser)
    before = ledger.status()["replication_records"]
    browser.visit("/admin")
    browser.wait(lambda: browser.all("html[data-ready]"), "the page")
    browser.check_everywhere()
    expect(not browser.find("form.operator").is_displayed(), "operator's forms are hidden")
    browser.type("#token", "wrong")
    browser.click("#token-form button")
    browser.wait_for_text("Only the operator", "#token-problem")
    browser.check(statuses={403})
    expect(browser.js("return sessionStorage.length") == 0, "a wrong token is not kept")
    browser.type("#token", pathlib.Path(ledger.data, "operator.token").read_text().strip())
    browser.click("#token-form button")
    browser.wait_for_text("Projections", "#service")
    browser.check_everywhere()
    page = "/admin"
    while not browser.all(f'form[data-fingerprint="{moderator}"]'):
        more = [link.get_attribute("href") for link in browser.all("main a") if link.text == "More keys"]
        expect(more, "the key is in the list")
        browser.visit(more[0])
        browser.wait(lambda: browser.all("html[data-ready]"), "the page")
    vouch = f'form[data-fingerprint="{moderator}"]'
    browser.choose(f"{vouch} select", "moderator")
    browser.click(f"{vouch} button")
    browser.wait_for_text("Recorded", f"{vouch} .outcome")
    expect(ledger.json(f"/api/keys/{moderator}")["standing"] == "vouched", "vouched")
    browser.visit(page)
    browser.wait(lambda: browser.all("html[data-ready]"), "the page")
    item = f'li[data-event="{event}"]'
    choose_key(browser, moderator)
    browser.click(f"{item} form button")
    browser.wait_for_text("Give a reason", f"{item} .error")
    browser.type(f"{item} input", "Sound work")
    browser.click(f"{item} form button")
    browser.wait_for_text("What you sign", f"{item} .panel")
    browser.check_everywhere()
    browser.click(f"{item} .go")
    browser.wait_for_text("Recorded", f"{item} .panel")
    expect(ledger.status()["replication_records"] == before + 1, "it counts")
    browser.click("#leave")
    expect(browser.js("return sessionStorage.length") == 0, "the token is forgotten")


# What goes wrong

REWRITE = """
    const [kind, change] = arguments, real = window.fetch;
    window.sent = [];
    window.fetch = async (path, options) => {
      const isPrepare = String(path).includes('prepare=true'), isPost = options?.method === 'POST';
      if (isPost && !isPrepare) window.sent.push(options.body);
      if (kind === 'slow' && isPost) await new Promise(done => setTimeout(done, 2500));
      const answer = await real(path, options);
      if (!isPost || kind !== (isPrepare ? 'prepare' : 'answer')) return answer;
      const json = await answer.json();
      new Function('json', change)(json);
      return new Response(JSON.stringify(json), {status: 200, headers: {'Content-Type': 'application/json'}});
    };"""

LIES = ["json.body = json.body.replace('supports', 'refutes')", "json.body = json.body.replace('2605.55555', '2605.55556')",
        "json.body = json.body.replace('\"record\"}', '\"graph\"}')", "json.body = json.body + ' '",
        "json.body = json.body.replace('{', '{ ')", "json.body = json.body.replace('citation_signature', 'event_withdrawn')",
        "json.body = json.body.replace(/pith:2024:[A-Z2-7]{26}/, 'pith:2024:AAAAAAAAAAAAAAAAAAAAAAAAAA')",
        "json.digest_sha256 = '0'.repeat(64)", "json.event_id = 'sha256:' + '0'.repeat(64)",
        "json.body = json.body.replace(/\"created_at\":\"[^\"]*\"/, '\"created_at\":\"tomorrow\"')",
        "json.body = '{\"created_at\":\"2026-01-01T00:00:00Z\"}'", "json.body = 7", "json.body = 'null'", "json.body = '['"]


def dishonest_server(browser, ledger):
    """A server that prepares another statement than was entered is caught, and nothing is signed."""
    fingerprint = make_key(browser, "careful")
    size = ledger.json("/readyz")["size"]
    for lie in LIES:
        # The policy of the page forbids code from text, which the lies are, so it is lifted for them.
        browser.command("Page.setBypassCSP", enabled=True)
        form(browser, ledger, "citation")
        choose_key(browser, fingerprint)
        browser.type("#citing", "2605.55555")
        browser.js(REWRITE, "prepare", lie)
        browser.click("#review")
        browser.wait(lambda: browser.text("#problem").strip() or browser.all("#panel .go"), "an answer")
        expect(not browser.all("#panel .go"), "the lie was believed: " + lie)
        expect(browser.js("return window.sent.length") == 0, "something was sent")
    browser.command("Page.setBypassCSP", enabled=False)
    expect(ledger.json("/readyz")["size"] == size, "nothing was recorded")


def dishonest_answers(browser, ledger):
    """An answer or a receipt that is about another statement is not taken for the result."""
    fingerprint = make_key(browser, "suspicious")
    other = "sha256:" + "1" * 64
    for number, lie in enumerate((f"json.event_id = '{other}'", f"json.receipt = json.receipt.replace(json.event_id, '{other}')",
                                  "json.position = 'x'", "for (const name in json) delete json[name]")):
        browser.command("Page.setBypassCSP", enabled=True)
        form(browser, ledger, "citation")
        choose_key(browser, fingerprint)
        browser.type("#citing", f"2606.0000{number}")
        browser.js(REWRITE, "answer", lie)
        review(browser)
        browser.click("#panel .go")
        browser.wait(lambda: "Check: answer" in browser.text("#panel"), "the remark")
    browser.command("Page.setBypassCSP", enabled=False)


def odd_clock(browser, ledger):
    """A statement with another time than this computer's is shown with a remark."""
    fingerprint = make_key(browser, "clock")
    form(browser, ledger, "citation")
    choose_key(browser, fingerprint)
    browser.type("#citing", "2605.66666")
    browser.js("const real = Date.now; Date.now = () => real() + 3600_000")
    review(browser)
    expect("clock" in browser.text("#panel .clock"), "the remark")


def impatience(browser, ledger):
    """Two clicks and a slow answer send one statement."""
    fingerprint = make_key(browser, "impatient")
    form(browser, ledger, "citation")
    choose_key(browser, fingerprint)
    browser.type("#citing", "2605.77777")
    browser.js(REWRITE, "slow", "")
    browser.js("for (let i = 0; i < 3; i++) document.getElementById('review').click()")
    browser.wait(lambda: browser.all("#panel .go"), "the statement")
    browser.js("for (let i = 0; i < 3; i++) document.querySelector('#panel .go').click()")
    browser.wait_for_text("Sending", "#panel")
    browser.wait(lambda: browser.all("#panel[data-state=done]"), "the answer")
    expect(browser.js("return window.sent.length") == 1, "sent once")


def offline(browser, ledger):
    """Without a connection the statement stays, and the same one is sent later."""
    fingerprint = make_key(browser, "offline")
    form(browser, ledger, "citation")
    choose_key(browser, fingerprint)
    browser.type("#citing", "2605.88888")
    review(browser)
    browser.command("Network.enable")
    browser.command("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    browser.click("#panel .go")
    browser.wait(lambda: "Try again" in browser.text("#panel"), "the remark")
    browser.command("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    browser.logs()
    expect(submit(browser) == "signed", "sent later")


def refusals(browser, ledger):
    """What the ledger refuses is said at the field."""
    fingerprint = make_key(browser, "mistaken")
    form(browser, ledger, "author")
    choose_key(browser, fingerprint)
    browser.click("#review")
    browser.wait_for_text("Fill in this field.", "#name-error")
    browser.type("#name", "Someone")
    browser.type("#orcid", "0000-0002-1825-0090")
    browser.click("#review")
    browser.wait_for_text("check digit", "#orcid-error")
    browser.check(statuses={422})
    expect(browser.js("return document.activeElement.id") == "orcid", "the focus is at the field")
    browser.check_everywhere()
    form(browser, ledger, "citation")
    choose_key(browser, fingerprint)
    browser.type("#citing", "something else")
    browser.click("#review")
    browser.wait_for_text("Give an arXiv", "#citing-error")
    for address, status in (("/pith/ZZZZZZZZ/attest/citation", 404), (f"/pith/{ledger.short}/attest/nonsense", 404),
                            (f"/pith/{ledger.short}/attest/citation?colour=red", 400),
                            (f"/pith/{ledger.short}/attest/withdraw", 400)):
        expect(ledger.request(address)[0] == status, address)


def without_scripts(browser, ledger):
    """Without JavaScript each form says how the shell does it."""
    browser.scripts(False)
    for kind, words in (("timestamp", "--ots"), ("storage", "--file"), ("author", "--orcid"), ("citation", "--by"),
                        ("replication", "--claims")):
        browser.visit(f"/pith/{ledger.short}/attest/{kind}")
        text = browser.text()
        expect("needs JavaScript" in text and f"pithledger attest {kind} {ledger.short}" in text and words in text, kind)
        expect(not browser.find("#acting").is_displayed(), "no form that does nothing")
    for page, words in (("/your-key", "pithledger key generate"), ("/admin", "pithledger key unvouch"), ("/orcid", "--token")):
        browser.visit(page)
        expect(words in browser.text(), page)
