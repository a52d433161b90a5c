"""Pages that anyone reads."""


def home(browser, ledger):
    """The home page has no violation, in both themes and widths."""
    browser.visit("/")
    browser.check_everywhere()
