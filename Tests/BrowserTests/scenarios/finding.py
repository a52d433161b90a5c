"""A reader finds something."""

from browser import Keys, expect


def words(browser, ledger):
    """Words of a title, an author and an identifier are found from the field of every page."""
    for text, found in (("multimodal understanding", "MetaMorph"), ("Zhuang Liu", "MetaMorph"),
                        ("2412.14164", "MetaMorph"), ("pith:4OXKXQ4P", "MetaMorph"),
                        (" 4oxkxq4pbccphocvzk2pkpzta2 ", "MetaMorph"), ("10.48550/arXiv.2412.14164", "MetaMorph")):
        browser.visit("/keys")
        browser.type("#find", text)
        browser.keys(Keys.ENTER)
        browser.wait(lambda: "/keys" not in browser.driver.current_url, "another page")
        browser.check()
        expect(found in browser.text(), f"“{text}” finds: {browser.text()[:300]}")
