"""RFC 3161 tokens over a digest, good and bad in one way each, by authorities made afresh.

Usage: tokens.py DIR DIGESTHEX. Prints an object from a name to the token and the roots to trust, both in
base64, and what must come of it: `verified`, `untrusted`, or the check that refuses."""
import base64, datetime, json, os, subprocess, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

home, digest = sys.argv[1], bytes.fromhex(sys.argv[2])
os.makedirs(home, exist_ok=True)
UTC = datetime.timezone.utc
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


def pem(name, key, certificate):
    with open(f"{home}/{name}.key", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
    with open(f"{home}/{name}.pem", "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def root(file, key=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder().subject_name(name(file)).issuer_name(name(file)).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime.datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256()))
    pem(file, key, certificate)
    return key, certificate


def signer(file, issuer, purposes, critical=True, years=(2020, 2040), key=None, serial=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder().subject_name(name("Authority")).issuer_name(issuer[1].subject)
        .public_key(key.public_key()).serial_number(serial or x509.random_serial_number())
        .not_valid_before(datetime.datetime(years[0], 1, 1, tzinfo=UTC))
        .not_valid_after(datetime.datetime(years[1], 1, 1, tzinfo=UTC)))
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    certificate = builder.sign(issuer[0], hashes.SHA256())
    pem(file, key, certificate)
    return key, certificate


def tlv(tag, content):
    length = len(content)
    head = bytes([length]) if length < 128 else (
        bytes([0x81, length]) if length < 256 else bytes([0x82, length >> 8, length & 255]))
    return bytes([tag]) + head + content


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytes([40 * first + second])
    for number in rest:
        part = [number & 127]
        while number := number >> 7:
            part.insert(0, number & 127 | 128)
        out += bytes(part)
    return tlv(6, out)


def tst_info(imprint=digest, time="20261101120000Z", algorithm="2.16.840.1.101.3.4.2.1"):
    return tlv(0x30, tlv(2, b"\1") + oid("1.2.3.4.1")
               + tlv(0x30, tlv(0x30, oid(algorithm) + tlv(5, b"")) + tlv(4, imprint))
               + tlv(2, b"\7") + tlv(0x18, time.encode()) + tlv(2, b"\x11\x22\x33"))


TST = "1.2.840.113549.1.9.16.1.4"


def weak(name, issuer, digest, bits=None, subject="/CN=Weak", own=False):
    """A certificate by the command line, which signs with what libraries refuse: a signer's, or a root's own."""
    if not os.path.exists(f"{home}/{name}.key"):
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits or 2048}", "-out", name + ".key")
    with open(f"{home}/{name}.cnf", "w") as file:
        file.write("[req]\ndistinguished_name = dn\n[dn]\n[own]\nbasicConstraints = critical, CA:TRUE\n"
                   "[stamping]\nextendedKeyUsage = critical, timeStamping\n")
    words = ["openssl", "req", "-new", "-key", name + ".key", "-subj", subject, "-config", name + ".cnf"]
    if own:
        return run(*words, "-x509", "-days", "7000", "-" + digest, "-extensions", "own", "-out", name + ".pem")
    run(*words, "-out", name + ".csr")
    run("openssl", "x509", "-req", "-in", name + ".csr", "-CA", issuer + ".pem", "-CAkey", issuer + ".key",
        "-set_serial", "77", "-" + digest, "-days", "7000", "-extfile", name + ".cnf", "-extensions", "stamping",
        "-out", name + ".pem")


def run(*words):
    subprocess.run(words, cwd=home, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def token(content, *signers, kind=TST, named=True, with_certificates=True, md="sha256"):
    with open(home + "/content", "wb") as file:
        file.write(content)
    words = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-econtent_type", kind, "-md", md,
             "-outform", "DER", "-in", "content", "-out", "token"]
    for one in signers:
        words += ["-signer", one + ".pem", "-inkey", one + ".key"]
    if named:
        words.append("-cades")
    if not with_certificates:
        words.append("-nocerts")
    subprocess.run(words, cwd=home, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(home + "/token", "rb") as file:
        return file.read()


def response(status, inner):
    return tlv(0x30, tlv(0x30, tlv(2, bytes([status]))) + inner)


def replaced(data, old, new):
    assert data.count(old) >= 1 and len(old) == len(new)
    at = data.index(old)
    return data[:at] + new + data[at + len(old):]


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


one, other = root("root"), root("other")
good_key, good_certificate = signer("good", one, [STAMPING])
second = signer("second", one, [STAMPING])
signer("stranger", other, [STAMPING])
signer("not-critical", one, [STAMPING], critical=False)
signer("two-purposes", one, [STAMPING, ExtendedKeyUsageOID.SERVER_AUTH])
signer("no-purpose", one, [])
signer("stranger-no-purpose", other, [])
signer("short", one, [STAMPING], years=(2024, 2025))
# The same issuer, serial number and key as the good one, and yet another certificate.
signer("twin", one, [], key=good_key, serial=good_certificate.serial_number)

# Authorities and tokens whose signatures nobody should believe any more. Their certificates begin today.
weak("rsa-1024", "root", "sha256", 1024)
weak("rsa-2047", "root", "sha256", 2047)
weak("rsa-2048", "root", "sha256")
weak("certified-by-sha1", "root", "sha1")
weak("stranger-certified-by-sha1", "other", "sha1")
weak("sha1-root", None, "sha1", subject="/CN=sha1-root", own=True)
weak("under-sha1-root", "sha1-root", "sha256")
weak("short-root", None, "sha256", 1024, subject="/CN=short-root", own=True)
weak("under-short-root", "short-root", "sha256")
weak("md5-under-sha1-root", "sha1-root", "md5")
signer("p224", one, [STAMPING], key=ec.generate_private_key(ec.SECP224R1()))
signer("p192", one, [STAMPING], key=ec.generate_private_key(ec.SECP192R1()))
signer("p384", one, [STAMPING], key=ec.generate_private_key(ec.SECP384R1()))
signer("dsa-1024", one, [STAMPING], key=dsa.generate_private_key(1024))
signer("stranger-rsa-1024", other, [STAMPING], key=rsa.generate_private_key(65537, 1024))
NOW = datetime.datetime.now(UTC).strftime("%Y%m%d%H%M%SZ")
WEAK = "rfc3161.weak_algorithm"

good = token(tst_info(), "good")
moved = replaced(good, b"20261101120000Z", b"20251101120000Z")
TDT = "1.2.840.113549.1.9.16.1.5"
cases = {
    "good": (good, "verified"),
    "good response": (response(0, good), "verified"),
    "granted with modifications": (response(1, good), "verified"),
    "long over": (token(tst_info(time="20240601120000Z"), "short"), "verified"),
    "nobody's root": (token(tst_info(), "stranger"), "untrusted"),
    "no certificate": (token(tst_info(), "good", with_certificates=False), "untrusted"),
    "rejected": (response(2, good), "rfc3161.status"),
    "waiting": (response(3, good), "rfc3161.status"),
    "not signed data": (tlv(0x30, oid("1.2.840.113549.1.7.1") + tlv(0xA0, tlv(4, b"x"))), "rfc3161.content_type"),
    "another content": (token(tst_info(), "good", kind=TDT), "rfc3161.econtent_type"),
    "another digest": (token(tst_info(bytes(32)), "good"), "rfc3161.imprint"),
    "another algorithm": (token(tst_info(algorithm="2.16.840.1.101.3.4.2.8"), "good"), "rfc3161.imprint"),
    "two signers": (token(tst_info(), "good", "second"), "rfc3161.signers"),
    "content type attribute": (replaced(token(tst_info(), "good", kind=TDT), oid(TDT), oid(TST)),
                               "rfc3161.content_type"),
    "time moved": (moved, "rfc3161.message_digest"),
    "bad signature": (flipped(good), "rfc3161.signature"),
    "names no certificate": (token(tst_info(), "good", named=False), "rfc3161.ess_certificate"),
    "names another certificate": (token(tst_info(), "good", with_certificates=False), "rfc3161.ess_certificate"),
    "purpose not critical": (token(tst_info(), "not-critical"), "rfc3161.extended_key_usage"),
    "two purposes": (token(tst_info(), "two-purposes"), "rfc3161.extended_key_usage"),
    "no purpose": (token(tst_info(), "no-purpose"), "rfc3161.extended_key_usage"),
    "not valid then": (token(tst_info(), "short"), "rfc3161.chain"),
    "not valid yet": (token(tst_info(time="20230601120000Z"), "short"), "rfc3161.chain"),
    "trailing byte": (good + b"\0", "rfc3161.trailing"),
    "trailing byte after a response": (response(0, good) + b"\0", "rfc3161.trailing"),
    # Strong enough, and not.
    "over sha384": (token(tst_info(), "good", md="sha384"), "verified"),
    "over sha512": (token(tst_info(), "good", md="sha512"), "verified"),
    "by rsa 2048": (token(tst_info(time=NOW), "rsa-2048"), "verified"),
    "by p-384": (token(tst_info(), "p384"), "verified"),
    "under a root that signed itself over sha1": (token(tst_info(time=NOW), "under-sha1-root"), "verified"),
    "over md5": (token(tst_info(time=NOW), "rsa-2048", md="md5"), WEAK),
    "over sha1": (token(tst_info(), "good", md="sha1"), WEAK),
    "over sha224": (token(tst_info(), "good", md="sha224"), WEAK),
    "over ripemd160": (token(tst_info(time=NOW), "rsa-2048", md="ripemd160"), WEAK),
    "over sha1, nobody's root": (token(tst_info(), "stranger", md="sha1"), WEAK),
    "by rsa 1024": (token(tst_info(time=NOW), "rsa-1024"), WEAK),
    "by rsa 2047": (token(tst_info(time=NOW), "rsa-2047"), WEAK),
    "by rsa 1024, nobody's root": (token(tst_info(), "stranger-rsa-1024"), WEAK),
    "by p-224": (token(tst_info(), "p224"), WEAK),
    "by p-192": (token(tst_info(), "p192"), WEAK),
    "by dsa 1024": (token(tst_info(), "dsa-1024"), WEAK),
    "certified over sha1": (token(tst_info(time=NOW), "certified-by-sha1"), WEAK),
    "certified over sha1, nobody's root": (token(tst_info(time=NOW), "stranger-certified-by-sha1"), WEAK),
    "certified over md5": (token(tst_info(time=NOW), "md5-under-sha1-root"), WEAK),
    "under a root of rsa 1024": (token(tst_info(time=NOW), "under-short-root"), WEAK),
    "over sha1, bad signature": (flipped(token(tst_info(), "good", md="sha1")), "rfc3161.signature"),
    "over sha1, names no certificate": (token(tst_info(), "good", md="sha1", named=False), WEAK),
    # What fails twice is refused by the earlier check.
    "rejected, another digest": (response(2, token(tst_info(bytes(32)), "good")), "rfc3161.status"),
    "another digest, two signers": (token(tst_info(bytes(32)), "good", "second"), "rfc3161.imprint"),
    "another digest, bad signature": (flipped(token(tst_info(bytes(32)), "good")), "rfc3161.imprint"),
    "time moved, bad signature": (flipped(moved), "rfc3161.message_digest"),
    "bad signature, no purpose": (flipped(token(tst_info(), "no-purpose")), "rfc3161.signature"),
    "names none, no purpose": (token(tst_info(), "no-purpose", named=False), "rfc3161.ess_certificate"),
    "no purpose, nobody's root": (token(tst_info(), "stranger-no-purpose"), "rfc3161.extended_key_usage"),
    "bad signature, trailing byte": (flipped(good) + b"\0", "rfc3161.signature"),
    "not valid then, trailing byte": (token(tst_info(), "short") + b"\0", "rfc3161.chain"),
    "nobody's root, trailing byte": (token(tst_info(), "stranger") + b"\0", "rfc3161.trailing"),
}


def trusted(case):
    files = ["root", "twin"] if case == "names another certificate" else ["root"]
    if "under a root" in case or "md5" in case:
        files += ["sha1-root", "short-root"]
    return b"".join(open(f"{home}/{file}.pem", "rb").read() for file in files)


print(json.dumps({
    case: {"token": base64.b64encode(data).decode(), "roots": base64.b64encode(trusted(case)).decode(),
           "expected": expected}
    for case, (data, expected) in cases.items()}))
