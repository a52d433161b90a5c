"""Checks the description: OpenAPI 3.1, each JSON Schema, and answers of the service against their schemas."""
import json
import sys
import urllib.request

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

server, number = sys.argv[1:]


def read(path):
    with urllib.request.urlopen(server + path) as answer:
        return json.load(answer)


description = read("/openapi.json")
OpenAPIV31SpecValidator(description).validate()
names = sorted(description["components"]["schemas"])
schemas = {}
for name in names:
    schema = read(f"/schemas/{name}.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    schemas[name] = jsonschema.Draft202012Validator(schema)

checked = {}
for name, path in [
    ("record", f"/pith/{number}.json"), ("status", f"/api/pith-number/{number}/status.json"),
    ("bundle", f"/pith/{number}/bundle.json"), ("state", f"/pith/{number}/state.json"),
    ("event_page", "/api/events?limit=1000"), ("key_page", "/api/keys"),
    ("graph", f"/api/pith-number/{number}/graph.json"), ("record_page", "/api/records"),
    ("citation_page", f"/api/pith-number/{number}/citations.json"),
]:
    value = read(path)
    schemas[name].validate(value)
    checked[name] = value
# Each event and each payload, and what is no event.
types = set()
for event in checked["event_page"]["events"]:
    schemas["event"].validate(event)
    schemas["payload_" + event["event_type"]].validate(event["payload"])
    types.add(event["event_type"])
    for broken in ({**event, "payload": {"unknown": 1}}, {**event, "position": -1}, {**event, "event_type": "other"}):
        assert not schemas["event"].is_valid(broken), broken
try:
    read("/api/pith-number/nothing/status.json")
except urllib.error.HTTPError as error:
    schemas["problem"].validate(json.load(error))
print(json.dumps({"schemas": len(names), "types": sorted(types)}))
