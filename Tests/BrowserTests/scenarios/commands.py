"""The commands that pages show are run as they are shown."""

import os
import subprocess

import pages
from browser import expect


def run(ledger, folder, command):
    """Runs a command in a shell of a reader, who has `pithledger` and none of the ledger's settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PITHLEDGER_")}
    environment["PATH"] = os.path.dirname(os.path.abspath(ledger.program)) + ":" + environment["PATH"]
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=120)


def shown(browser):
    """The commands of the page, in its order, each with the sentence below it."""
    return browser.js("""
        return [...document.querySelectorAll('pre.command')].map(
          pre => [pre.textContent, (pre.nextElementSibling || {textContent: ''}).textContent]);""")


def verify(browser, ledger):
    """Each command of each page ends well, and prints what the page says that it prints."""
    ledger.request("/checkpoint")
    found = 0
    for name, path in pages.every(ledger, ledger.statements()).items():
        browser.visit(path, pages.STATUS.get(name, 200))
        folder = os.path.join(ledger.home, name)
        os.makedirs(folder)
        for command, says in shown(browser):
            done = run(ledger, folder, command)
            found += 1
            expect(done.returncode == 0, f"{path}: {command}\nends with {done.returncode}: {done.stdout}{done.stderr}")
            if says.startswith("Prints "):
                words = [word.strip(",.") for word in says.split() if len(word.strip(",.")) >= 26]
                for word in words:
                    expect(word in done.stdout, f"{path}: {command}\nprints {done.stdout}, not {word}")
    expect(found >= 2, f"only {found} commands were found")


def tampered(browser, ledger):
    """The commands of a record's page find a change in what they fetched."""
    browser.visit(f"/pith/{ledger.short}")
    folder = os.path.join(ledger.home, "tampered")
    os.makedirs(folder)
    verifying = [command for command, _ in shown(browser) if "pithledger verify bundle" in command]
    expect(len(verifying) == 1, f"the page shows {verifying}")
    lines = verifying[0].strip().splitlines()
    good = run(ledger, folder, "\n".join(lines))
    expect(good.returncode == 0, good.stderr)
    check = [line for line in lines if "verify bundle" in line][0]
    for old, new in ((b"extends", b"refutes"), (b'"relation":"supports"', b'"relation":"replaces"')):
        file = os.path.join(folder, "bundle.json")
        with open(file, "rb") as bundle:
            bytes_ = bundle.read()
        # An entry is in base64 or as text: the change is made where it is found.
        if old in bytes_:
            with open(file, "wb") as bundle:
                bundle.write(bytes_.replace(old, new))
            bad = run(ledger, folder, check)
            expect(bad.returncode != 0, f"a bundle with another statement is accepted: {bad.stdout}")
            return
    expect(False, "the bundle has no statement that the test can change")
