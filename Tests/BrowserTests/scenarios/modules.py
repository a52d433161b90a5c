"""The modules of JavaScript that make bytes, compared with Python's."""

import base64
import hashlib
import json
import random

from browser import expect

RUN = """
    const [name, items, done] = arguments;
    const folder = document.querySelector('link[rel=stylesheet]').href.replace('style.css', '');
    const load = module => import(folder + module);
    const work = {
      canonical: async () => {
        const { canonicalText } = await load('canonical-json.js');
        return items.map(item => canonicalText(JSON.parse(item)));
      },
      refusals: async () => {
        const { canonicalText } = await load('canonical-json.js');
        let deep = 1;
        for (let i = 0; i < 65; i++) deep = [deep];
        const values = [1.5, -0, 2 ** 53, -(2 ** 53), NaN, Infinity, undefined, () => 1, Symbol('x'), 10n, '\\ud800', '\\udc00a',
          {'\\ud800': 1}, [undefined], [,], {a: undefined}, new Date(0), new Map(), new (class { a = 1 })(), deep];
        return values.map(value => { try { return canonicalText(value); } catch (error) { return error.name; } });
      },
      hashes: async () => {
        const { Sha256 } = await load('sha256.js');
        const { hex, unbase64 } = await load('encoding.js');
        return items.map(([data, cuts]) => {
          const bytes = unbase64(data), hash = new Sha256();
          let at = 0;
          for (const cut of [...cuts, bytes.length]) { hash.update(bytes.subarray(at, cut)); at = cut; }
          return hex(hash.digest());
        });
      },
      encodings: async () => {
        const { base64, base64url, hex, unbase64, unbase64url, unhex } = await load('encoding.js');
        return items.map(text => {
          const bytes = unbase64(text);
          return [hex(bytes), base64(unhex(hex(bytes))), base64url(bytes), base64(unbase64url(base64url(bytes)))];
        });
      },
      papers: async () => {
        const { citingMember } = await load('paper-names.js');
        return items.map(item => citingMember(item) ?? null);
      },
      nonces: async () => {
        const { nonceFor } = await load('orcid.js');
        return items.map(([subject, key]) => nonceFor(subject, key));
      },
    };
    work[name]().then(done, error => done('failed: ' + error));"""


def run(browser, name, items=()):
    browser.visit("/your-key")
    result = browser.driver.execute_async_script(RUN, name, list(items))
    expect(not isinstance(result, str), result)
    return result


def value(random, depth=0):
    """A random value that has a canonical form."""
    kind = random.randrange(4 if depth > 4 else 6)
    if kind == 0:
        return random.choice([None, True, False])
    if kind == 1:
        return random.choice([0, 1, -1, 2**53 - 1, 1 - 2**53, random.randrange(-10**15, 10**15)])
    if kind in (2, 3):
        return text(random)
    if kind == 4:
        return [value(random, depth + 1) for _ in range(random.randrange(5))]
    return {text(random): value(random, depth + 1) for _ in range(random.randrange(6))}


def text(random):
    ranges = [(0, 0x1F), (0x20, 0x7F), (0x80, 0x2FF), (0x2000, 0x2070), (0xD700, 0xD7FF), (0xE000, 0xE0FF), (0xFF00, 0xFFFF),
              (0x10000, 0x100FF), (0x1F600, 0x1F64F), (0x10FF00, 0x10FFFF)]
    return "".join(chr(random.randint(*random.choice(ranges))) for _ in range(random.randrange(6)))


def canonical_json(browser, ledger):
    """Random values have the canonical text of Python's json module, and what has none is refused."""
    seed = random.randrange(2**32)
    source = random.Random(seed)
    values = [value(source) for _ in range(3000)]
    values += [{"\uffff": 1, "\U00010000": 2, "\ue000": 3, "é": 4, "e\u0301": 5, "": 6, "a": 7, "A": 8}, "\u2028\u007f/<>&'"]
    found = run(browser, "canonical", [json.dumps(item) for item in values])
    for item, text in zip(values, found):
        expected = json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        expect(text == expected, f"seed {seed}: {expected!r} is written as {text!r}")
    refused = run(browser, "refusals")
    expect(set(refused) == {"TypeError"}, f"{refused}")


def hashes(browser, ledger):
    """SHA-256 in pieces is that of Python's hashlib."""
    source = random.Random(7)
    items, expected = [], []
    for length in [*range(0, 200), 1000, 65_536, 100_001]:
        data = source.randbytes(length)
        cuts = sorted(source.randrange(length + 1) for _ in range(source.randrange(4)))
        items.append([base64.b64encode(data).decode(), cuts])
        expected.append(hashlib.sha256(data).hexdigest())
    expect(run(browser, "hashes", items) == expected, "the digests")


def encodings(browser, ledger):
    """Hexadecimal, base64 and base64url are Python's, there and back."""
    source = random.Random(8)
    data = [source.randbytes(length) for length in [*range(0, 70), 100_000]]
    plain = [base64.b64encode(item).decode() for item in data]
    for item, text, row in zip(data, plain, run(browser, "encodings", plain)):
        expect(row == [item.hex(), text, base64.urlsafe_b64encode(item).decode().rstrip("="), text], f"{item[:20]}")


def paper_names(browser, ledger):
    """Names of papers are recognised as people write them."""
    cases = {"2605.21642": {"citing_arxiv": "2605.21642"}, " arXiv:2605.21642v2 ": {"citing_arxiv": "2605.21642v2"},
             "https://arxiv.org/abs/2605.21642": {"citing_arxiv": "2605.21642"},
             "https://arxiv.org/pdf/2605.21642v1.pdf": {"citing_arxiv": "2605.21642v1"},
             "math.GT/0309136": {"citing_arxiv": "math.GT/0309136"}, "10.1000/xyz(1)": {"citing_doi": "10.1000/xyz(1)"},
             "https://doi.org/10.1000/xyz": {"citing_doi": "10.1000/xyz"}, "doi: 10.1000/x": {"citing_doi": "10.1000/x"},
             "pith:2024:4oxkxq4pbccphocvzk2pkpzta2": {"citing_pith_number": "pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2"},
             "4OXKXQ4P": None, "": None, "10.1000": None, "javascript:alert(1)": None, "a paper": None}
    expect(run(browser, "papers", cases) == list(cases.values()), "the members")


def nonces(browser, ledger):
    """The nonce of a sign-in is the one of the specification."""
    key = "0" * 32
    def nonce(text):
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    expect(run(browser, "nonces", [[ledger.number, None], [ledger.number, key]]) ==
           [nonce("pithledger:author:" + ledger.number), nonce(f"pithledger:author:{ledger.number}:{key}")], "the nonces")
