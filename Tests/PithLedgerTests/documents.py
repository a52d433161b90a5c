"""Runs the commands of a page of the documentation, from the top to the bottom, as a reader would.

documents.py PROGRAM PROJECT PAGE: makes a directory with `scripts/pithledger` and `docs`, serves a ledger in it with the
sample record, and runs the blocks of the page in one shell. A block ```sh is run; ```python and ```js with the name of a file
in its first line are written to that file. A line whose comment says `exit code N` must end with it. A block behind
<!-- not run: REASON --> is not run. Prints a JSON object: the number of blocks that ran, the reasons, and the output.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

program, project, page = sys.argv[1:]
text = (pathlib.Path(project) / page).read_text()
BLOCK = re.compile(r"(?:<!-- not run: (?P<reason>[^>]*) -->\s*)?^```(?P<kind>sh|python|js)\n(?P<body>.*?)^```$", re.M | re.S)


def expecting(line):
    """A command that must end with the exit code that its comment names."""
    found = re.match(r"(?P<command>[^#]*\S)\s+#.*exit code (?P<code>\d+)", line)
    if not found:
        return line
    return "{ %s; } && exit 91 || [ $? = %s ] || exit 92" % (found["command"], found["code"])


def main(folder):
    (folder / "scripts").mkdir()
    (folder / "tmp").mkdir()
    wrapper = folder / "scripts/pithledger"
    wrapper.write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
    wrapper.chmod(0o755)
    (folder / "docs").symlink_to(pathlib.Path(project) / "docs")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PITHLEDGER_")}
    environment["PITHLEDGER_WEBHOOK_ALLOW_HOSTS"] = "127.0.0.1:8099"
    subprocess.run([program, "import", "docs/sample/metamorph.json"], cwd=folder, env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    service = subprocess.Popen([program, "serve", "--port", "0"], cwd=folder, env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = re.search(r"http://[^:]*:(\d+)", service.stdout.readline())[1]
        script, reasons, ran = ["set -eo pipefail"], [], 0
        for block in BLOCK.finditer(text):
            if block["reason"]:
                reasons.append(block["reason"])
                continue
            ran += 1
            body = block["body"].replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("/tmp/", f"{folder}/tmp/")
            if block["kind"] == "sh":
                script += [f"echo '# block {ran}'"] + [expecting(line) for line in body.splitlines()]
            else:
                name = re.match(r"(?:#|//) (\S+)\n", body)
                (folder / name[1]).write_text(body)
        shell = subprocess.Popen(["bash", "-c", "\n".join(script)], cwd=folder, env=environment, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 start_new_session=True)
        try:
            output = shell.communicate(timeout=300)[0]
        finally:
            # What an example started ends with it.
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        print(json.dumps({"blocks": ran, "not_run": reasons, "status": shell.returncode, "output": output[-4000:]}))
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait()


folder = pathlib.Path(tempfile.mkdtemp(prefix="plt-doc-"))
try:
    main(folder)
finally:
    shutil.rmtree(folder, ignore_errors=True)
