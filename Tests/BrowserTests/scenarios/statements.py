"""A realistic history of the sample record: statements of every kind and in every standing."""

import os

AUTHOR = "0000-0002-1825-0097"


def make(ledger):
    """Makes the statements with `pithledger`. Returns event ids and fingerprints by name."""
    names = {"record": ledger.number}
    record = ledger.number

    def attest(name, kind, *words, key=None, about=record):
        answer = ledger.run("attest", kind, about, *words, *(("--key", key) if key else ()))
        names[name] = answer["event_id"]
        return answer["event_id"]

    author, names["author_key"] = ledger.key("zhuang-laptop", signer=f"https://orcid.org/{AUTHOR}")
    attest("weak_author", "author", "--name", "Zhuang Liu", "--orcid", AUTHOR, key=author)
    ledger.run("key", "vouch", names["author_key"], "--as", "author", "--name", "Zhuang Liu")
    attest("strong_author", "author", "--name", "Zhuang Liu", "--orcid", AUTHOR, "--supersedes",
           names["weak_author"], key=author)
    attest("claim_author", "author", "--name", "Zhuang Liu", "--orcid", AUTHOR, "--target", "claim:C1", key=author)

    stranger, names["stranger_key"] = ledger.key("stranger", signer="urn:example:stranger")
    attest("citation", "citation", "--by", "2605.21642", "--relation", "extends", "--ref-index", "17",
           "--note", "Section 3 builds on the training recipe.", key=author)
    attest("unvouched_citation", "citation", "--by", "10.1000/example.1", "--relation", "compares", key=stranger)
    attest("withdrawn_citation", "citation", "--by", "10.1000/example.2", "--relation", "supports", key=stranger)
    ledger.run("withdraw", record, names["withdrawn_citation"], "--reason", "The reference was removed in version 2.",
               "--key", stranger)
    # One person says two things with two keys. They are one identity once the registry vouches for both.
    for place, relation in (("office", "supports"), ("home", "refutes")):
        file, names[place + "_key"] = ledger.key(place, signer="https://orcid.org/0000-0001-5109-3700")
        attest(place + "_citation", "citation", "--by", "10.1000/example.3", "--relation", relation, key=file)
    for place in ("office", "home"):
        ledger.run("key", "vouch", names[place + "_key"], "--as", "author")

    lab, names["lab_key"] = ledger.key("lab-7", "replicator", "https://lab.example.org/")
    moderator, names["moderator_key"] = ledger.key("board", "agent", "https://board.example.org/")
    ledger.run("key", "vouch", names["lab_key"], "--as", "replicator", "--name", "Lab 7")
    ledger.run("key", "vouch", names["moderator_key"], "--as", "moderator", "--name", "Review board")
    attest("approved", "replication", "--id", "run-1", "--outcome", "replicated", "--claims", "C1,C2", "--summary",
           "Five seeds, each within the reported interval.", "--environment", "Debian 12, PyTorch 2.5, one A100",
           "--artifact-uri", "https://lab.example.org/run-1", key=lab)
    attest("refused", "replication", "--id", "run-2", "--outcome", "not_replicated", "--claims", "C1", key=stranger)
    attest("undecided", "replication", "--id", "run-3", "--outcome", "partially_replicated", "--claims", "C2",
           "--summary", "The trend holds, the effect is half as large.", key=lab)
    ledger.run("moderate", record, names["approved"], "approve", "--reason", "Complete logs.", "--key", moderator)
    ledger.run("moderate", record, names["refused"], "reject", "--reason", "No logs were given.", "--key", moderator)

    paper = os.path.join(ledger.home, "paper.txt")
    with open(paper, "w") as file:
        file.write("The text of the paper.\n")
    attest("stored", "storage", "--file", paper, "--role", "document", "--media-type", "text/plain")
    if ledger.services:
        ledger.run("trust", "tsa", "add", ledger.roots)
        attest("token", "timestamp", "--tsa", ledger.services + "/tsa")
        attest("mined", "timestamp", "--calendar", ledger.services)
        headers = os.path.join(ledger.home, "headers.txt")
        with open(headers, "wb") as file:
            file.write(ledger.outside("/mine"))
        ledger.run("trust", "headers", "add", headers)
        ledger.run("anchors", "upgrade")
        attest("promised", "timestamp", "--calendar", ledger.services)

    lost, names["lost_key"] = ledger.key("lost-phone", signer="urn:example:traveller")
    attest("revoked", "citation", "--by", "10.1000/example.4", "--relation", "cites", key=lost)
    position = ledger.json("/api/events/" + names["revoked"])["position"]
    ledger.run("key", "revoke", names["lost_key"], "--reason", "The phone was stolen.", "--compromised-from",
               str(position))
    return names
