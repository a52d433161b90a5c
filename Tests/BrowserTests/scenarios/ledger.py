"""The ledger that serves the pages, as a scenario uses it beside the browser."""

import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request

import statements
from browser import expect


class Ledger:
    """A ledger with the sample record and with fake external services."""

    def __init__(self, options):
        self.url = options.url.rstrip("/")
        self.program = options.program
        self.data = options.data_dir
        self.services = options.services
        self.number = options.number
        self.short = self.number.split(":")[-1]
        self.home = options.home
        self.pictures = options.pictures
        self.made = None
        # The root of the fake timestamp authority, which lies beside the roots of the fake services.
        self.roots = os.path.join(os.path.dirname(os.environ.get("PITHLEDGER_FETCH_CA_FILE", "")), "tsa-root.pem")

    def statements(self):
        """Makes a realistic history of the sample record, once. Returns event ids and fingerprints by name."""
        if self.made is None:
            self.made = statements.make(self)
        return self.made

    # The program

    def run(self, *words, check=True):
        """Runs `pithledger`. Returns the JSON that it prints."""
        done = subprocess.run([self.program, *words, "--json", "--data-dir", self.data],
                              capture_output=True, text=True, timeout=60)
        self.last_error = done.stderr
        expect(not check or done.returncode == 0, f"pithledger {' '.join(words)}: {done.stderr}")
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        return lines[0] if len(lines) == 1 else lines

    def key(self, name, kind="author", signer=None, vouched=None):
        """Makes and registers a key; the registry vouches for it in this name. Returns the path of its file and its
        fingerprint."""
        path = os.path.join(self.home, name.replace("/", "_") + ".key")
        made = self.run("key", "generate", "--out", path, "--id", name, "--signer", signer or "urn:example:" + name,
                        "--type", kind)
        self.run("key", "register", path)
        fingerprint = made["public_key_fingerprint"]
        if vouched:
            self.run("key", "vouch", fingerprint, "--as", kind, "--name", vouched)
        return path, fingerprint

    # HTTP

    def request(self, path, body=None, method=None, headers=None):
        """Sends a request. Returns the status, the header fields and the bytes of the answer."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def json(self, path, body=None, status=None, headers=None):
        """Sends a request. Returns the JSON of the answer."""
        found, _, answer = self.request(path, body, headers={"Accept": "application/json", **(headers or {})})
        expect(found == status if status else found < 300, f"{path} answers {found}: {answer[:500]}")
        return json.loads(answer)

    def status(self):
        """The verification status of the sample record."""
        return self.json(f"/api/pith-number/{self.short}/status.json")["verification_status"]

    def origin(self):
        """The name of the log, which is the first line of its checkpoint."""
        return self.request("/checkpoint")[2].decode().splitlines()[0]

    # The fake external services

    def outside(self, path, body=b""):
        """Sends a POST request to the fake services of `fake_services.py`. Returns the bytes of the answer."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.services + path, body), context=context) as answer:
            return answer.read()
