"""Pages that anyone reads, on a record with a realistic history."""

import pages
from browser import expect

# What is about the script itself.
SCRIPTED_LINES = {"New events appear by themselves.", "Pause live updates"}


def everywhere(browser, ledger):
    """axe finds no violation on any page in both themes and widths, and none is wider than the window."""
    for name, path in pages.every(ledger, ledger.statements()).items():
        browser.visit(path, pages.STATUS.get(name, 200))
        browser.check_everywhere()


def keyboard(browser, ledger):
    """Tab reaches everything on every page, and a link skips to the content."""
    for name, path in pages.every(ledger, ledger.statements()).items():
        browser.visit(path, pages.STATUS.get(name, 200))
        browser.check_keyboard()
        browser.visit(path, pages.STATUS.get(name, 200))
        browser.check_skip_link()


def without_scripts(browser, ledger):
    """Every page that is read says the same without JavaScript."""
    for name, path in pages.every(ledger, ledger.statements()).items():
        if name in pages.SCRIPTED:
            continue
        browser.scripts(True)
        browser.visit(path, pages.STATUS.get(name, 200))
        scripted = browser.facts()
        browser.scripts(False)
        browser.visit(path, pages.STATUS.get(name, 200))
        plain = browser.facts()
        missing = [line for line in scripted if line not in plain and line not in SCRIPTED_LINES]
        expect(not missing, f"{path} says only with JavaScript: {missing[:10]}")
