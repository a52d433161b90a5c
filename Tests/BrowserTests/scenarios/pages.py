"""The types of pages, each with the address of an example."""

# The pages that answer with an error.
STATUS = {"not-found": 404}


def about(names):
    """The pages about a record and about those who made statements about it, by name."""
    short = names["record"].split(":")[-1]
    return {
        "record": f"/pith/{short}",
        "record-events": f"/pith/{short}/events",
        "record-citations": f"/pith/{short}/citations",
    }


def every(ledger, names):
    """The pages by name. `names` are those of `statements.make`."""
    return {"home": "/", **about(names)}
