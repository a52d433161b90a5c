"""Uses a service over TLS. Usage: tls_service.py PROGRAM DATABASE_URL DIRECTORY

Makes certificates, starts the service, replaces the certificate and sends SIGHUP. Prints one JSON object.
"""

import datetime
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

program, url, directory = sys.argv[1:]
os.makedirs(directory, exist_ok=True)
certificate_file, key_file = directory + "/tls.pem", directory + "/tls.key"
environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
environment |= {
    "PITHLEDGER_DATABASE_URL": url, "PITHLEDGER_TLS_CERTIFICATE_FILE": certificate_file,
    "PITHLEDGER_TLS_KEY_FILE": key_file}


def make(days):
    """A certificate that signs itself, as files that are replaced one after the other."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256()))
    for path, data in (
            (certificate_file, certificate.public_bytes(serialization.Encoding.PEM)),
            (key_file, key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))):
        descriptor = os.open(path + ".new", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.write(descriptor, data)
        os.close(descriptor)
        os.rename(path + ".new", path)
    return certificate


def serve():
    service = subprocess.Popen(
        [program, "serve", "--port", "0", "--data-dir", directory, "--json"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return service, service.stdout.readline()


def connect(port, versions=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    if versions:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = versions
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30), server_hostname="localhost")


def serial(port):
    with connect(port) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(True)).serial_number


def ask(port, path, fields=""):
    with connect(port) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{fields}\r\n".encode())
        data = b""
        while part := connection.recv(65536):
            data += part
    return data.decode()


result = {}
# Files that cannot be used stop the program.
first = make(30)
os.chmod(key_file, 0o644)
service, line = serve()
result["readableKey"] = [service.wait(30), service.stderr.read().decode()]
os.chmod(key_file, 0o600)
other = open(certificate_file, "rb").read()
second = make(60)
open(certificate_file, "wb").write(other)
service, line = serve()
result["otherKey"] = [service.wait(30), service.stderr.read().decode()]

first = make(30)
service, line = serve()
result["url"] = json.loads(line)["url"]
port = int(result["url"].rsplit(":", 1)[1])
with connect(port) as connection:
    result["alpn"], result["version"] = connection.selected_alpn_protocol(), connection.version()
with connect(port, (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)) as connection:
    result["tls12"] = connection.version()
try:
    connect(port, (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)).close()
    result["tls11"] = "accepted"
except (ssl.SSLError, OSError):
    result["tls11"] = "refused"
result["plain"] = ""
with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        result["plain"] = connection.recv(100).decode("latin-1")
    except OSError:
        pass
result["links"] = ask(port, "/pith/4OXKXQ4P.json")
result["spoofed"] = ask(
    port, "/pith/4OXKXQ4P.json", "X-Forwarded-Proto: gopher\r\nX-Forwarded-Host: evil.example\r\n"
    "Forwarded: proto=http;host=evil.example\r\nX-Forwarded-Port: 1\r\n")
result["metrics"] = ask(port, "/metrics")
result["expiry"] = int(first.not_valid_after_utc.timestamp() if hasattr(first, "not_valid_after_utc")
                       else first.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp())
result["first"] = serial(port) == first.serial_number


def becomes(certificate, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if serial(port) == certificate.serial_number:
            return True
        time.sleep(0.1)
    return False


with connect(port) as kept:
    kept.sendall(f"GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
    kept.recv(65536)
    third = make(90)
    service.send_signal(signal.SIGHUP)
    result["signal"] = becomes(third, 5)
    # A connection that is open goes on.
    kept.sendall(f"GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
    result["kept"] = "alive" in kept.recv(65536).decode()
    fourth = make(120)
    result["change"] = becomes(fourth, 25)
    # A damaged file changes nothing.
    open(certificate_file, "w").write("damaged")
    service.send_signal(signal.SIGHUP)
    time.sleep(1)
    result["damaged"] = serial(port) == fourth.serial_number
    began = time.monotonic()
    service.send_signal(signal.SIGTERM)
    result["code"] = service.wait(30)
    result["seconds"] = round(time.monotonic() - began, 2)
result["errors"] = service.stderr.read().decode()
print(json.dumps(result))
