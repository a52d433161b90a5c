"""A ledger and fake external services of their own, for scenarios that a person runs and for pictures."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]


@contextlib.contextmanager
def started(program):
    """Starts the fake services and `pithledger serve` with the sample record, in temporary directories.

    Returns the address of the ledger, its data directory, and the address of the fake services. The settings of the
    ledger are in the environment, so that commands have them too.
    """
    with contextlib.ExitStack() as stack:
        outside = stack.enter_context(tempfile.TemporaryDirectory(prefix="plt-"))
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="plt-"))

        def start(*words):
            process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            line = process.stdout.readline().strip()
            if not line:
                raise SystemExit(f"{words[0]} did not start")
            return line

        port = start("python3", str(ROOT / "Tests/LedgerTestSupport/fake_services.py"), outside)
        services = f"https://localhost:{port}"
        for name, value in {
                "FETCH_ALLOW_HOSTS": "localhost", "FETCH_CA_FILE": outside + "/root.pem", "OTS_CALENDARS": services,
                "ORCID_CLIENT_ID": "APP-TEST", "ORCID_ISSUER": services, "HEADER_CONFIRMATIONS": "1",
                "BARE_ACTIONS_PER_HOUR": "10000", "KEY_REGISTRATIONS_PER_HOUR": "10000"}.items():
            os.environ["PITHLEDGER_" + name] = value
        # The private PostgreSQL of a ledger that root runs has another user.
        os.chmod(data, 0o711)
        data += "/ledger"
        subprocess.run([program, "import", str(ROOT / "docs/sample/metamorph.json"), "--data-dir", data], check=True,
                       stdout=subprocess.DEVNULL)
        line = start(program, "serve", "--host", "127.0.0.1", "--port", "0", "--data-dir", data)
        yield line.removeprefix("listening on "), data, services
