"""Generates a client from the description, registers a key with it, and signs a citation. Prints what it read."""
import json
import pathlib
import subprocess
import sys
import tempfile

from signing import Signer

server, number = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    generator = pathlib.Path(sys.executable).with_name("openapi-python-client")
    subprocess.run(
        [generator, "generate", "--url", server + "/openapi.json", "--meta", "none", "--output-path",
         folder + "/pith_client"], check=True, stdout=sys.stderr)
    sys.path.insert(0, folder)
    from pith_client import Client
    from pith_client.api.log import get_event
    from pith_client.api.records import get_record, get_status
    from pith_client.api.submissions import submit_event
    from pith_client.models import Problem, SignedCitationSignature, SignedKeyRegistered

    client = Client(base_url=server)
    signer = Signer("generated")

    def submit(kind, event):
        return submit_event.sync_detailed(client=client, body=kind.from_dict(event))

    registered = submit(SignedKeyRegistered, signer.registration())
    payload = {"citing_arxiv": "2605.21642", "relation": "extends", "note": "See section 3."}
    citation = submit(SignedCitationSignature, signer.event("citation_signature", payload, number))
    altered = {**signer.event("citation_signature", payload, number), "target": "graph"}
    del altered["event_id"]
    forged = submit(SignedCitationSignature, altered)
    status = get_status.sync(number, client=client, at_least=citation.parsed.position)
    event = get_event.sync(citation.parsed.event_id, client=client)
    record = get_record.sync(number, client=client)
    assert isinstance(forged.parsed, Problem)
    print(json.dumps({
        "registered": registered.status_code, "cited": citation.status_code, "forged": forged.status_code,
        "forged_check": forged.parsed.check,
        "citations": status.verification_status.citation_signatures, "standing": event.standing,
        "note": event.to_dict()["payload"]["note"], "listed": record.inbound_citations.attested.count,
    }))
