"""The types of pages, each with the address of an example."""

# The pages that answer with an error.
STATUS = {"record-unknown": 404, "unknown-address": 404, "bad-request": 400}
FORMS = ("timestamp", "storage", "author", "citation", "replication")
# The pages that work with a script in the browser, and say so without it.
SCRIPTED = {"check", "your-key", "admin"} | {"form-" + kind for kind in FORMS}
# The pages that are of the same type as another one. They are tested; pictures leave them out.
VARIANTS = {"event-withdrawn-citation", "event-home-citation", "event-undecided", "lost-key", "search-nothing"}


def about(names):
    """The pages about a record and about those who made statements about it, by name."""
    short = names["record"].split(":")[-1]
    pages = {
        "record": f"/pith/{short}",
        "record-events": f"/pith/{short}/events",
        "record-citations": f"/pith/{short}/citations",
        "keys": "/keys",
        "events": "/events",
        "records": "/records",
    }
    for name, id in names.items():
        if id and id.startswith("sha256:"):
            pages["event-" + name.replace("_", "-")] = "/events/" + id
        elif name.endswith("_key"):
            pages[name.replace("_", "-")] = "/keys/" + id
    return pages


# Of the pages about statements and keys, those that differ in what they show.
SHOWN = ("event-citation", "event-withdrawn-citation", "event-home-citation", "event-undecided", "event-mined",
         "author-key", "lost-key")


def every(ledger, names):
    """The pages by name. `names` are those of `statements.make`."""
    pages = {name: path for name, path in about(names).items()
             if not name.startswith("event-") and not name.endswith("-key") or name in SHOWN}
    return {
        "home": "/", **pages,
        "record-past": f"/pith/{ledger.short}?as_of=2026-01-01",
        "search": "/search?q=metamorph",
        "search-nothing": "/search?q=nothing+of+this+name",
        "author": "/authors/0000-0002-1825-0097",
        "check": "/check",
        "problem": "/problems/slot",
        **{"form-" + kind: f"/pith/{ledger.short}/attest/{kind}" for kind in FORMS},
        "your-key": "/your-key",
        "admin": "/admin",
        "record-unknown": "/pith/4OXKXQ4Q",
        "unknown-address": "/recods",
        "bad-request": "/records?colour=red",
    }
