"""The page that checks a file: what it says of bundles, proofs of time and other files, and of what was changed in them."""

import hashlib
import os

from browser import expect


def saved(ledger, name, bytes_):
    path = os.path.join(ledger.home, name)
    with open(path, "wb") as file:
        file.write(bytes_)
    return path


def check(browser, path, says, statuses=()):
    """Chooses a file on a fresh page, and waits for what the page says of it."""
    browser.visit("/check")
    browser.upload("#file", path)
    browser.wait_for_text(hashlib.sha256(open(path, "rb").read()).hexdigest(), "#result")
    browser.wait_for_text(says, "#result")
    browser.check(statuses=statuses)
    browser.axe("result of " + os.path.basename(path))
    return browser.text("#result")


def bundles(browser, ledger):
    """A bundle holds as it is, and not with anything changed in it."""
    ledger.statements()
    ledger.request("/checkpoint")
    _, _, bundle = ledger.request(f"/pith/{ledger.short}/bundle.json")
    text = check(browser, saved(ledger, "bundle.json", bundle), "What was checked of this bundle holds")
    expect(ledger.number in text and "Not checked in the browser" in text, text)
    changes = {
        "statement": (b'"relation":"extends"', b'"relation":"refutes"', "is not in the log"),
        "space": (b'{"anchors"', b'{ "anchors"', "not canonical JSON"),
        "document": (b'"document":{', b'"document":{"!":1,', "No event of the record names the document"),
        "proof": (b'"inclusion":["', b'"inclusion":["A', "is not in the log"),
        "number": (b'"pith_number":"' + ledger.number.encode() + b'","proofs"',
                   b'"pith_number":"pith:2024:AAAAAAAAAAAAAAAAAAAAAAAAAA","proofs"', "about another record"),
    }
    for name, (old, new, says) in changes.items():
        expect(old in bundle, f"the bundle has no {old}")
        text = check(browser, saved(ledger, name + ".json", bundle.replace(old, new, 1)), says)
        expect("The bundle does not hold" in text and "bundle holds" not in text, text)


def another_key(browser, ledger):
    """A bundle of another log does not hold under this log's key, and the page does not say that it does."""
    _, _, bundle = ledger.request(f"/pith/{ledger.short}/bundle.json")
    path = saved(ledger, "other.json", bundle)
    browser.visit("/check")
    key = browser.find("#log-key").get_attribute("value")
    browser.js("arguments[0].value = arguments[1]", browser.find("#log-key"), key.replace("+", "x+", 1))
    browser.upload("#file", path)
    browser.wait_for_text("The bundle was not verified", "#result")
    expect("bundle holds" not in browser.text("#result"), browser.text("#result"))


def other_files(browser, ledger):
    """A stored copy, a proof and an unknown file are told apart, and a file that is no proof is refused."""
    ledger.statements()
    check(browser, os.path.join(ledger.home, "paper.txt"), "a stored copy")
    text = check(browser, saved(ledger, "hostile <img src=x>.bin", b"\1" * 3_000_000), "Nothing here has this SHA-256")
    expect("hostile <img src=x>.bin" in text, text)
    check(browser, saved(ledger, "broken.ots", b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94\1\x08"),
          "this ledger refuses it", statuses={400, 422})
