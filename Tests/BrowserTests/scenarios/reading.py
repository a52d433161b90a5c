"""Pages that anyone reads, on a record with a realistic history."""

import pages
from browser import expect


def everywhere(browser, ledger):
    """axe finds no violation on any page in both themes and widths, and none is wider than the window."""
    for path in pages.every(ledger, ledger.statements()).values():
        browser.visit(path)
        browser.check_everywhere()


def keyboard(browser, ledger):
    """Tab reaches everything on every page, and a link skips to the content."""
    for path in pages.every(ledger, ledger.statements()).values():
        browser.visit(path)
        browser.check_keyboard()
        browser.visit(path)
        browser.check_skip_link()


def without_scripts(browser, ledger):
    """Every page that is read says the same without JavaScript."""
    for path in pages.every(ledger, ledger.statements()).values():
        browser.scripts(True)
        browser.visit(path)
        scripted = browser.facts()
        browser.scripts(False)
        browser.visit(path)
        plain = browser.facts()
        expect([line for line in scripted if line not in plain] == [],
               f"{path} says only with JavaScript: {[line for line in scripted if line not in plain][:10]}")
