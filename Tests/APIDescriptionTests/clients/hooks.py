"""Hooks of schemathesis: they sign some of the events that it makes, so that not all of them are refused."""
import hashlib
import os

import schemathesis
from signing import Signer, canonical

NUMBER = os.environ["PITH_NUMBER"]
signer = Signer("schemathesis", hashlib.sha256(os.urandom(32)).digest())
signer.register(os.environ["PITH_SERVER"])

BODY = ("created_at", "event_type", "event_version", "payload", "signer", "subject_pith_number", "target")


def resigned(event):
    """An event that schemathesis made, by this key and about the sample record, with a signature that verifies."""
    body = {name: event.get(name) for name in BODY}
    body.update(signer=signer.members, subject_pith_number=NUMBER, target="record")
    return signer.sign(body)


def citation(event):
    """A citation that is right in all of its members."""
    doi = "10.1000/" + hashlib.sha256(canonical(event)).hexdigest()[:12]
    return signer.event("citation_signature", {"citing_doi": doi, "relation": "cites"}, NUMBER)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.operation.definition.raw.get("operationId") not in ("submit_event", "submit_action"):
        return
    if case.media_type != "application/json" or not isinstance(case.body, dict):
        return
    try:
        kind = hashlib.sha256(canonical(case.body)).digest()[0] % 4
        if kind == 0:
            case.body = citation(case.body)
            if "event_type" in (case.path_parameters or {}):
                case.path_parameters.update(id=NUMBER, event_type="citation_signature")
        elif kind == 1 and "event_type" in case.body:
            case.body = resigned(case.body)
    except (TypeError, ValueError, UnicodeEncodeError):
        pass  # Not a value that has canonical bytes.
