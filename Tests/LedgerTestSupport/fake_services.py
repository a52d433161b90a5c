"""The outside world on one machine: an OpenTimestamps calendar that mines a chain of its own, a timestamp
authority, a store, an archive, gateways, and an issuer of identities, all behind one TLS port."""
import base64, datetime, hashlib, hmac, html, json, os, ssl, struct, subprocess, sys, threading, time, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

home = sys.argv[1]


def outlive_nobody(parent=os.getppid()):
    """A test run that is killed cannot end what it started."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


threading.Thread(target=outlive_nobody, daemon=True).start()


def shell(*words):
    subprocess.run(words, cwd=home, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def sha(data):
    return hashlib.sha256(data).digest()


# --- TLS and the authority, made afresh

with open(home + "/tsa.cnf", "w") as file:
    file.write("""[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[host]
subjectAltName = DNS:localhost
[stamping]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
[tsa]
serial = serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1.1
digests = sha256, sha384
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
""")
with open(home + "/serial", "w") as file:
    file.write("01\n")


def certificate(name, subject, extensions, ca=None):
    shell("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")
    if ca is None:
        shell("openssl", "req", "-new", "-x509", "-key", name + ".key", "-sha256", "-days", "30", "-subj", subject,
              "-config", "tsa.cnf", "-extensions", extensions, "-out", name + ".pem")
    else:
        shell("openssl", "req", "-new", "-key", name + ".key", "-subj", subject, "-config", "tsa.cnf",
              "-out", name + ".csr")
        shell("openssl", "x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key",
              "-CAcreateserial", "-sha256", "-days", "30", "-extfile", "tsa.cnf", "-extensions", extensions,
              "-out", name + ".pem")


certificate("root", "/CN=Test Root", "ca")
certificate("web", "/CN=localhost", "host", "root")
certificate("tsa-root", "/CN=Test TSA Root", "ca")
certificate("tsa", "/CN=Test TSA", "stamping", "tsa-root")

# --- the calendar

waiting, done, chain = {}, {}, []


def varuint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def varbytes(data):
    return varuint(len(data)) + data


def pending():
    uri = f"https://localhost:{port}".encode()
    return b"\x00\x83\xdf\xe3\x0d\x2e\xf9\x0c\x8e" + varbytes(varbytes(uri))


def promise(digest):
    nonce = os.urandom(8)
    waiting[sha(digest + nonce)] = True
    return b"\xf0" + varbytes(nonce) + b"\x08" + pending()


def mine():
    """One block over all that waits: a tree of sha256(left + right), its root in a header that others link to."""
    paths = {c: b"" for c in waiting}
    level = [(c, [c]) for c in waiting]
    while len(level) > 1:
        above = []
        for index in range(0, len(level) - 1, 2):
            (left, mine_), (right, other) = level[index], level[index + 1]
            for c in mine_:
                paths[c] += b"\xf0" + varbytes(right) + b"\x08"
            for c in other:
                paths[c] += b"\xf1" + varbytes(left) + b"\x08"
            above.append((sha(left + right), mine_ + other))
        if len(level) % 2:
            above.append(level[-1])
        level = above
    root = level[0][0] if level else bytes(32)
    previous = sha(sha(chain[-1])) if chain else bytes(32)
    nonce = 0
    while True:
        header = struct.pack("<I", 4) + previous + root + struct.pack("<III", int(time.time()), 0x207FFFFF, nonce)
        if int.from_bytes(sha(sha(header)), "little") <= 0x7FFFFF << 232:
            break
        nonce += 1
    height = 1000 + len(chain)
    chain.append(header)
    for c, path in paths.items():
        done[c] = path + b"\x00\x05\x88\x96\x0d\x73\xd7\x19\x01" + varbytes(varuint(height))
    waiting.clear()
    return f"{height} {header.hex()}\n".encode()


# --- the issuer

issuer_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
issuer_kid = "test"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwks():
    public = issuer_key.public_key().public_numbers()
    return json.dumps({"keys": [{"kty": "RSA", "kid": issuer_kid, "use": "sig", "e": number(public.e),
                                 "n": number(public.n)}]}).encode()


def token(order):
    now = int(time.time())
    claims = {"iss": f"https://localhost:{port}", "aud": "APP-TEST", "iat": now, "exp": now + 3600, "amr": "pwd",
              "jti": os.urandom(8).hex()}
    claims.update(order.get("claims", {}))
    claims = {key: value for key, value in claims.items() if value is not None}
    header = {"alg": order.get("alg", "RS256"), "kid": order.get("kid", issuer_kid)}
    header.update(order.get("header", {}))
    text = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    if header["alg"] == "none":
        signature = b"\0"
    elif header["alg"] == "HS256":
        # The old confusion: the public key as a shared secret.
        signature = hmac.new(jwks(), text.encode(), "sha256").digest()
    else:
        key = issuer_key if not order.get("stranger") else rsa.generate_private_key(65537, 2048)
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return (text + "." + b64(signature)).encode()


person = {"sub": "0000-0002-1825-0097", "name": "Zhuang Liu"}


def authorize(query):
    """The page on which a person allows or denies a sign-in: OpenID Connect, implicit flow, with the answer in the fragment."""
    asked = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
    if asked.get("client_id") != "APP-TEST" or asked.get("response_type") != "token" or asked.get("scope") != "openid":
        return b"<!doctype html><title>Error</title><h1>This client asks for something else</h1>"
    given = {"access_token": "unused", "token_type": "bearer", "expires_in": "600",
             "id_token": token({"claims": {**person, "nonce": asked["nonce"]}}).decode(), "state": asked["state"]}
    denied = {"error": "access_denied", "error_description": "User denied access", "state": asked["state"]}
    links = "".join(f'<p><a id="{name}" href="{html.escape(asked["redirect_uri"])}#{urllib.parse.urlencode(answer)}">{name}</a></p>'
                    for name, answer in (("allow", given), ("deny", denied)))
    return f'<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in</h1>{links}'.encode()


# --- S3's verification of a signature

def s3_holds(handler, path):
    found = handler.headers.get("authorization", "")
    stamp = handler.headers.get("x-amz-date", "")
    day = stamp[:8]
    names = "host;x-amz-content-sha256;x-amz-date"
    canonical = "\n".join(["GET", path, ""] + [f"{n}:{handler.headers.get(n)}" for n in names.split(";")]
                          + ["", names, handler.headers.get("x-amz-content-sha256", "")])
    scope = f"{day}/test-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, sha(canonical.encode()).hex()])
    key = b"AWS4secret"
    for part in [day, "test-1", "s3", "aws4_request"]:
        key = hmac.new(key, part.encode(), "sha256").digest()
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    return found == f"AWS4-HMAC-SHA256 Credential=access/{scope}, SignedHeaders={names}, Signature={signature}"


store, seen, broken, slow = {}, [], set(), set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        seen.append(path)
        name = path.rsplit("/", 1)[-1]
        if path.startswith("/timestamp/"):
            commitment = bytes.fromhex(name)
            if commitment in done:
                return self.reply(200, done[commitment])
            return self.reply(404, b"Pending" if commitment in waiting else b"Not found")
        if path == "/oauth/jwks":
            return self.reply(200, jwks())
        if path == "/oauth/authorize":
            return self.reply(200, authorize(query), Content_Type="text/html")
        if path == "/favicon.ico":
            return self.reply(204)
        if name in broken:
            return self.reply(503)
        if name in slow:
            time.sleep(20)
        if path == "/redirect":
            return self.reply(302, Location=urllib.parse.unquote(query))
        if path == "/loop":
            return self.reply(302, Location="/loop")
        if path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(65536))
            except OSError:
                return
        if path == "/silent":
            time.sleep(40)
            return self.reply(200)
        if path.startswith("/bucket/") and not s3_holds(self, path):
            return self.reply(403)
        if path.startswith("/rest/blockhashbyheight/"):
            at = int(name.removesuffix(".hex")) - 1000
            if 0 <= at < len(chain):
                return self.reply(200, sha(sha(chain[at]))[::-1].hex().encode() + b"\n")
        if path.startswith("/rest/headers/1/"):
            for header in chain:
                if sha(sha(header))[::-1].hex() == name.removesuffix(".hex"):
                    return self.reply(200, header.hex().encode() + b"\n")
        if path == "/rest/chaininfo.json":
            return self.reply(200, b'{"chain":"regtest","blocks":%d,"difficulty":4.6e-10}' % (999 + len(chain)))
        if path == "/blocks/tip/height":
            return self.reply(200, b"%d" % (999 + len(chain)))
        if path.startswith("/block-height/"):
            at = int(name) - 1000
            if 0 <= at < len(chain):
                return self.reply(200, sha(sha(chain[at]))[::-1].hex().encode())
        if path.startswith("/block/"):
            for header in chain:
                if sha(sha(header))[::-1].hex() == path.split("/")[2]:
                    return self.reply(200, header.hex().encode())
        if path.startswith("/api/1/content/sha1_git:"):
            name = path.split(":", 1)[1].split("/")[0]
        if name in store:
            extra = {"Memento_Datetime": "Tue, 24 Nov 2026 00:00:00 GMT"} if path.startswith("/memento") else {}
            return self.reply(200, store[name], Content_Type="text/plain", **extra)
        self.reply(404)

    def do_POST(self):
        global issuer_key, issuer_kid
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        name = self.path.rsplit("/", 1)[-1]
        if self.path == "/digest":
            return self.reply(200, promise(body))
        if self.path == "/mine":
            return self.reply(200, mine())
        if self.path == "/tsa":
            with open(home + "/query", "wb") as file:
                file.write(body)
            shell("openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query",
                  "-inkey", "tsa.key", "-signer", "tsa.pem", "-out", "reply")
            with open(home + "/reply", "rb") as file:
                return self.reply(200, file.read(), Content_Type="application/timestamp-reply")
        if self.path == "/tsa-replay":
            with open(home + "/reply", "rb") as file:
                return self.reply(200, file.read(), Content_Type="application/timestamp-reply")
        if self.path == "/rotate":
            issuer_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            issuer_kid = "test-" + os.urandom(4).hex()
            return self.reply(200)
        if self.path == "/count":
            return self.reply(200, str(sum(path.startswith(body.decode()) for path in seen)).encode())
        if self.path.startswith("/break/"):
            broken.add(name)
            return self.reply(200)
        if self.path.startswith("/slow/"):
            slow.add(name)
            return self.reply(200)
        if self.path.startswith("/mend/"):
            broken.discard(name)
            return self.reply(200)
        if self.path == "/person":
            person.update(json.loads(body))
            return self.reply(200)
        if self.path == "/token":
            return self.reply(200, token(json.loads(body)))
        if self.path.startswith("/put/"):
            store[name] = body
            return self.reply(200)
        if self.path.startswith("/drop/"):
            store.pop(name, None)
            return self.reply(200)
        self.reply(404)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = server.server_address[1]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(home + "/web.pem", home + "/web.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(port, flush=True)
server.serve_forever()
