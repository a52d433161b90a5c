"""The types of pages, each with the address of an example."""


def every(ledger, names):
    """The pages by name. `names` are those of `statements.make`."""
    return {
        "home": "/",
    }
