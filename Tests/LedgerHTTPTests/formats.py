"""Reads the formats of a record with libraries that others wrote. Prints what is wrong, a line each.

Usage: formats.py BASE RECORD EXPECTED SCHEMA
  EXPECTED  an object with what the formats say
  SCHEMA    the RELAX NG schema of Atom feeds
"""

import gzip
import json
import re
import subprocess
import sys
import tempfile
import urllib.request

import bibtexparser
import pyld.jsonld
import rdflib
import rispy
import signposting

BASE, RECORD, EXPECTED = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
SCHEMA = sys.argv[4]
PAGE = f"{BASE}/pith/{RECORD}"
CITO = rdflib.Namespace("http://purl.org/spar/cito/")
PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")
SDO = rdflib.Namespace("https://schema.org/")
LEDGER = rdflib.Namespace("urn:pithledger:vocabulary:")


def check(condition, what):
    if not condition:
        print(what)


def get(address, **headers):
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode(), answer.headers


def no_document(address, options):
    raise AssertionError(f"the document needs {address}")


def triples(text):
    graph = rdflib.Graph()
    document = pyld.jsonld.expand(json.loads(text), {"documentLoader": no_document})
    check(document, "JSON-LD: nothing is left of it")
    # The quads of pyld, read by rdflib.
    quads = pyld.jsonld.to_rdf(document, {"format": "application/n-quads"})
    graph.parse(data=quads, format="nt")
    other = rdflib.Graph().parse(data=text, format="json-ld")
    check(len(graph) == len(other), f"JSON-LD: pyld reads {len(graph)} triples, rdflib {len(other)}")
    return other


def linked_data():
    text, headers = get(f"{PAGE}/record.jsonld")
    check(headers["Content-Type"] == "application/ld+json", "JSON-LD: media type")
    negotiated, _ = get(PAGE, Accept="application/ld+json")
    check(text == negotiated, "JSON-LD: the page negotiates another document")
    graph, paper = triples(text), rdflib.URIRef(PAGE)
    check((paper, rdflib.RDF.type, SDO.ScholarlyArticle) in graph, "JSON-LD: no article")
    check(str(graph.value(paper, SDO.name)) == EXPECTED["title"], "JSON-LD: title")
    people = {str(name) for person in graph.objects(paper, SDO.author) for name in graph.objects(person, SDO.name)}
    check(EXPECTED["author"] in people, f"JSON-LD: authors {people}")
    if "orcid" in EXPECTED:
        check((paper, SDO.author, rdflib.URIRef(EXPECTED["orcid"])) in graph, "JSON-LD: no iD")
    numbers = {str(graph.value(node, SDO.value)) for node in graph.objects(paper, SDO.identifier)}
    check({EXPECTED["number"], "2412.14164"} <= numbers, f"JSON-LD: identifiers {numbers}")
    for relation, other, inbound in EXPECTED["citations"]:
        other = rdflib.URIRef(other if "://" in other else f"{BASE}/pith/{other}")
        pair = (other, paper) if inbound else (paper, other)
        check((pair[0], CITO[relation], pair[1]) in graph, f"JSON-LD: no {relation} {other}")
        found = [
            node for node in graph.subjects(rdflib.RDF.type, CITO.Citation)
            if graph.value(node, CITO.hasCitingEntity) == pair[0]
            and graph.value(node, CITO.hasCitedEntity) == pair[1]
            and graph.value(node, CITO.hasCitationCharacterization) == CITO[relation]
        ]
        check(len(found) == 1, f"JSON-LD: {len(found)} statements of {relation} {other}")
        marked = any(graph.value(node, LEDGER.isApproximateTerm) for node in found)
        check(marked == (relation in ("updates", "usesConclusionsFrom", "discusses")), f"JSON-LD: mark of {relation}")
    check(EXPECTED["absent"] not in text, "JSON-LD: a withdrawn citation")
    events = list(graph.query(
        """SELECT ?event ?time ?agent WHERE {
             ?event a prov:Entity ; prov:generatedAtTime ?time ; prov:wasGeneratedBy ?activity ; schema:about ?paper .
             ?activity a prov:Activity ; prov:wasAssociatedWith ?agent . ?event prov:wasAttributedTo ?agent .
           }""", initNs={"prov": PROV, "schema": SDO}, initBindings={"paper": paper}))
    check(len(events) == EXPECTED["events"], f"JSON-LD: {len(events)} events")
    for _, time, _ in events:
        check(time.datatype == rdflib.XSD.dateTime and time.value, f"JSON-LD: time {time!r}")
    withdrawn = list(graph.subject_objects(PROV.used))
    check(len(withdrawn) == EXPECTED["used"], f"JSON-LD: {len(withdrawn)} used events")


def head():
    html, _ = get(PAGE, Accept="text/html")
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.S)
    check(len(scripts) == 1, f"page: {len(scripts)} JSON-LD scripts")
    graph = triples(scripts[0])
    check(str(graph.value(rdflib.URIRef(PAGE), SDO.name)) == EXPECTED["title"], "page: title in JSON-LD")
    for type in ("application/atom+xml", "application/json+oembed", "text/xml+oembed"):
        check(f'type="{type}"' in html, f"page: no link to {type}")


def signposts():
    found = signposting.find_signposting_http(PAGE)
    level2 = signposting.find_signposting_linkset(f"{PAGE}/linkset.json")
    check(str(found.citeAs.target) == "https://doi.org/10.48550/arxiv.2412.14164", f"signposting: {found.citeAs}")
    check(str(found.license.target).startswith("http://creativecommons.org/"), "signposting: license")
    check({str(link.target) for link in found.types} >= {"https://schema.org/AboutPage"}, "signposting: types")
    check(len(found.describedBy) == 5, f"signposting: {len(found.describedBy)} descriptions")
    check(len(found.linksets) == 1 and len(found.items) == 1, "signposting: linkset and item")
    if "orcid" in EXPECTED:
        check([str(link.target) for link in found.authors] == [EXPECTED["orcid"]], "signposting: authors")
    page = level2.for_context(PAGE)
    for name in ("authors", "describedBy", "items", "types"):
        one, two = ({(str(link.target), link.type) for link in getattr(side, name)} for side in (found, page))
        check(one == two, f"signposting: levels differ in {name}: {one} {two}")
    check(str(page.citeAs.target) == str(found.citeAs.target), "signposting: levels differ in cite-as")
    for link in [*found.describedBy, *found.items]:
        text, headers = get(str(link.target))
        check(headers["Content-Type"].split(";")[0] == link.type, f"signposting: type of {link.target}")
        for side in (signposting.find_signposting_http(str(link.target)), level2.for_context(str(link.target))):
            back = [side.collection] if link in found.items else side.describes
            check([str(other.target) for other in back] == [PAGE], f"signposting: no way back from {link.target}")


def feed():
    text, headers = get(f"{PAGE}/feed.atom")
    check(headers["Content-Type"].startswith("application/atom+xml"), "Atom: media type")
    with tempfile.NamedTemporaryFile(suffix=".atom") as file:
        file.write(text.encode())
        file.flush()
        run = subprocess.run(
            ["xmllint", "--noout", "--nonet", "--relaxng", SCHEMA, file.name], capture_output=True, text=True)
    check(run.returncode == 0, f"Atom: {run.stderr}")
    ids = re.findall("<id>(.*?)</id>", text)
    check(len(ids) == len(set(ids)), "Atom: an id occurs twice")


def references():
    text, _ = get(f"{PAGE}/citation.bib")
    library = bibtexparser.parse_string(text)
    check(len(library.entries) == 1 and not library.failed_blocks, "BibTeX: not one entry")
    fields = library.entries[0].fields_dict
    check(fields["doi"].value == "10.48550/arxiv.2412.14164", "BibTeX: doi")
    check(len(fields["author"].value.split(" and ")) == 10, "BibTeX: authors")
    text, _ = get(f"{PAGE}/citation.ris")
    items = rispy.loads(text)
    check(len(items) == 1 and len(items[0]["authors"]) == 10, "RIS: authors")
    check(items[0]["title"] == EXPECTED["title"] and items[0]["doi"] == "10.48550/arxiv.2412.14164", "RIS: title, doi")
    text, _ = get(f"{PAGE}/citation.csl.json")
    check(json.loads(text)[0]["title"] == EXPECTED["title"], "CSL-JSON: title")


def pictures():
    for path in (f"{PAGE}/badge.svg", f"{BASE}/oembed?format=xml&url={PAGE}", f"{BASE}/sitemap.xml", f"{BASE}/sitemap/records.xml?from=0"):
        text, _ = get(path)
        run = subprocess.run(["xmllint", "--noout", "--nonet", "-"], input=text.encode(), capture_output=True)
        check(run.returncode == 0, f"{path}: {run.stderr.decode()}")
    check(PAGE in text, "sitemap: the record")


def compression():
    for path in (PAGE, f"{PAGE}/record.jsonld", f"{PAGE}/feed.atom", f"{PAGE}/bundle.json"):
        request = urllib.request.Request(path, headers={"Accept-Encoding": "gzip, deflate, br"})
        with urllib.request.urlopen(request) as answer:
            check(answer.headers["Content-Encoding"] == "gzip", f"{path}: not compressed")
            compressed = gzip.decompress(answer.read())
        if not path.endswith("bundle.json"):
            check(compressed.decode() == get(path)[0], f"{path}: other bytes when compressed")


for part in (linked_data, head, signposts, feed, references, pictures, compression):
    try:
        part()
    except Exception as error:  # noqa: BLE001
        print(f"{part.__name__}: {type(error).__name__}: {error}")
