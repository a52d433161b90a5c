"""Kills and freezes a served ledger and its private PostgreSQL under load, starts it again at once, and compares
what is left with what was acknowledged.

The campaign runs the program: `serve` with a private PostgreSQL, submissions over HTTP, a checkpoint each second, a
subscriber of the event stream, and replays by the command line. It adopts the processes that a killed ledger leaves,
and waits for only some of them: in a container nobody may.
"""
import argparse, base64, collections, ctypes, datetime, hashlib, http.client, json, os, random, shutil, signal
import socket, subprocess, sys, tempfile, threading, time
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

READY_SECONDS = 10.0
PR_SET_CHILD_SUBREAPER = 36


class Fault(Exception):
    """Something that must not happen."""


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


class Signer:
    def __init__(self, name):
        self.key = Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.fingerprint = hashlib.sha256(public).hexdigest()[:32]
        self.signer = {"key_id": name, "public_key_fingerprint": self.fingerprint,
                       "signer_id": "urn:chaos:" + name, "signer_type": "author"}
        self.registration = {"algorithm": "ed25519", "public_key_b64": base64.b64encode(public).decode()}

    def event(self, kind, payload, subject, target):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"created_at": now, "event_type": kind, "event_version": "1.0", "payload": payload,
                "signer": self.signer, "subject_pith_number": subject, "target": target}
        digest = hashlib.sha256(canonical(body)).digest()
        signature = base64.b64encode(self.key.sign(digest)).decode()
        return "sha256:" + digest.hex(), canonical(
            {**body, "signature": {"algorithm": "ed25519", "signature_b64": signature}})


class Service:
    """The program and its processes."""

    def __init__(self, program, directory, port, log):
        self.program, self.directory, self.port, self.log = program, directory, port, log
        self.process = None
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("PG", "PITHLEDGER_"))}
        self.environment.update(
            PITHLEDGER_CHECKPOINT_INTERVAL_SECONDS="1", PITHLEDGER_KEY_REGISTRATIONS_PER_HOUR="100000")

    def command(self, *arguments, timeout=600):
        return subprocess.run(
            [self.program, *arguments, "--data-dir", self.directory], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--port", str(self.port), "--data-dir", self.directory],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, number=signal.SIGKILL):
        if self.alive:
            self.process.send_signal(number)
            if number == signal.SIGKILL:
                self.process.wait()

    def request(self, method, path, body=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait_until_ready(self, since, limit=READY_SECONDS):
        """Seconds from `since` until the ledger says that it is ready."""
        last = "nothing"
        while True:
            try:
                status, body = self.request("GET", "/readyz", timeout=2)
                if status == 200:
                    return time.monotonic() - since
                last = body.decode(errors="replace")
                if "refusing" in last:
                    raise Fault("the ledger refuses its own log: " + last)
            except (OSError, http.client.HTTPException) as error:
                last = repr(error)
            if not self.alive:
                raise Fault(f"the ledger ended by itself with {self.process.returncode}")
            if time.monotonic() - since > limit:
                raise Fault(f"not ready after {limit} s: {last}")
            time.sleep(0.02)

    # The processes of PostgreSQL.

    @property
    def cluster(self):
        return os.path.realpath(self.directory + "/postgres") + "/data"

    def postgres(self):
        """All live processes of the cluster, the postmaster first."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or read(f"/proc/{entry}/comm") != b"postgres\n":
                continue
            try:
                if os.readlink(f"/proc/{entry}/cwd") == self.cluster:
                    found.append(int(entry))
            except OSError:
                pass
        first = read(self.cluster + "/postmaster.pid").split(b"\n")[0]
        postmaster = int(first) if first.isdigit() else 0
        return sorted(found, key=lambda pid: (pid != postmaster, pid))

    def postmaster(self):
        first = read(self.cluster + "/postmaster.pid").split(b"\n")[0]
        pids = self.postgres()
        return pids[0] if pids and first.isdigit() and pids[0] == int(first) else None

    def inherited(self):
        """Whether the postmaster holds a socket of the ledger's port."""
        pid = self.postmaster()
        if pid is None:
            return False
        sockets = set()
        for line in read("/proc/net/tcp").decode().splitlines()[1:]:
            parts = line.split()
            if int(parts[1].split(":")[1], 16) == self.port and parts[9] != "0":
                sockets.add(f"socket:[{parts[9]}]")
        try:
            held = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
        except OSError:
            return False
        return bool(held & sockets)


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Campaign:
    def __init__(self, service, number, chance, writers):
        self.service, self.number, self.chance = service, number, chance
        self.lock = threading.Lock()
        self.acknowledged = {}
        self.unanswered = collections.deque()
        self.refusals = collections.Counter()
        self.problems = []
        self.ended = threading.Event()
        self.draining = threading.Event()
        self.streamed = []
        self.checkpoints = {}
        self.signers = [Signer(f"writer-{index}") for index in range(writers)]
        self.faults = collections.Counter()
        self.times = collections.defaultdict(list)
        self.replays = collections.Counter()

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    # The load.

    def send(self, event_id, body):
        """Whether the submission was acknowledged; one that is not is sent again later."""
        try:
            status, answer = self.service.request(
                "POST", f"/pith/{self.number}/action/citation_signature", body, timeout=30)
        except (OSError, http.client.HTTPException):
            return False
        if status in (200, 201):
            answer = json.loads(answer)
            if answer["event_id"] != event_id:
                self.problem(f"{event_id} was answered as {answer['event_id']}")
            with self.lock:
                before = self.acknowledged.setdefault(event_id, answer["position"])
            if before != answer["position"]:
                self.problem(f"{event_id} was at {before} and is at {answer['position']}")
            return True
        with self.lock:
            self.refusals[status] += 1
        if status not in (429, 500, 503):
            self.problem(f"a valid submission was answered {status}: {answer[:300]!r}")
        if status == 500:
            self.problem(f"500: {answer[:300]!r}")
        time.sleep(0.2 if status == 429 else 0.02)
        return False

    def write(self, signer, index):
        count = 0
        while not self.ended.is_set():
            item = None
            with self.lock:
                if self.unanswered and (self.draining.is_set() or count % 3 == 0):
                    item = self.unanswered.popleft()
            if item is None:
                if self.draining.is_set():
                    return
                count += 1
                item = signer.event(
                    "citation_signature",
                    {"citing_doi": f"10.1000/{index}.{count}", "relation": "cites"},
                    self.number, "record")
            if not self.send(*item):
                with self.lock:
                    self.unanswered.append(item)
                time.sleep(0.01)

    # The readers.

    def subscribe(self):
        while not self.ended.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=40)
            try:
                last = len(self.streamed) - 1
                headers = {"Last-Event-ID": str(last)} if last >= 0 else {}
                connection.request("GET", "/api/events/stream", headers=headers)
                answer = connection.getresponse()
                if answer.status != 200:
                    raise OSError(answer.status)
                position = None
                while not self.ended.is_set():
                    line = answer.readline()
                    if not line.endswith(b"\n"):
                        break
                    if line.startswith(b"id: "):
                        position = int(line[4:])
                    elif line.startswith(b"data: "):
                        event = json.loads(line[6:])
                        if position != len(self.streamed):
                            self.problem(f"the stream went from {len(self.streamed) - 1} to {position}")
                            return
                        self.streamed.append(event["event_id"])
            except (OSError, ValueError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.05)

    def watch_checkpoints(self):
        largest = -1
        while not self.ended.is_set():
            try:
                status, body = self.service.request("GET", "/checkpoint", timeout=5)
                if status == 200:
                    lines = body.decode().split("\n")
                    size, root = int(lines[1]), lines[2]
                    if self.checkpoints.setdefault(size, (root, body))[0] != root:
                        self.problem(f"two checkpoints of size {size}")
                    if size < largest:
                        self.problem(f"the checkpoint went back from {largest} to {size}")
                    largest = max(largest, size)
            except (OSError, ValueError, IndexError, http.client.HTTPException):
                pass
            time.sleep(0.25)

    def replay_at_times(self):
        chance = random.Random(self.chance.random())
        while not self.ended.wait(chance.uniform(2, 8)):
            if self.draining.is_set():
                return
            try:
                arguments = ["replay", "--check"] if chance.random() < 0.5 else ["replay"]
                result = self.service.command(*arguments, timeout=120)
            except subprocess.TimeoutExpired:
                self.problem("a replay did not end within two minutes")
                continue
            self.replays["whole" if result.returncode == 0 else "interrupted"] += 1
            if result.returncode == 1:
                self.problem("a replay found drift: " + result.stdout.decode()[-500:])

    # The faults.

    def reap(self):
        """Waits for some of the processes that a ledger left, and leaves the others as they are."""
        if self.chance.random() < 0.5:
            return
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == self.service.process.pid:
                continue
            if read(f"/proc/{entry}/comm") == b"postgres\n":
                try:
                    os.waitpid(int(entry), os.WNOHANG)
                except OSError:
                    pass

    def pause(self, low, high):
        time.sleep(self.chance.uniform(low, high))

    def fault(self):
        service, chance = self.service, self.chance
        faults = {
            "ledger": lambda: service.kill(),
            "postmaster": lambda: self.kill_postgres(False),
            "all of PostgreSQL": lambda: self.kill_postgres(True),
            "one backend": self.kill_backend,
            "ledger, then postmaster": lambda: (
                service.kill(), self.pause(0, 0.1), self.kill_postgres(False)),
            "ledger, then all of PostgreSQL": lambda: (
                service.kill(), self.pause(0, 0.1), self.kill_postgres(True)),
            "postmaster, then ledger": lambda: (
                self.kill_postgres(False), self.pause(0, 1.5), service.kill()),
            "all of PostgreSQL, then ledger": lambda: (
                self.kill_postgres(True), self.pause(0, 1.5), service.kill()),
            "ledger in its stop": lambda: (
                service.kill(signal.SIGTERM), self.pause(0, 0.6), service.kill()),
            "ledger in its start": self.kill_in_start,
            "PostgreSQL frozen": lambda: self.freeze(False),
            "PostgreSQL frozen, ledger killed": lambda: self.freeze(True),
            "PostgreSQL frozen, postmaster killed": self.kill_frozen,
            "ledger frozen": self.freeze_ledger,
        }
        name = chance.choice(sorted(faults))
        self.faults[name] += 1
        faults[name]()
        self.reap()
        start = time.monotonic()
        if not service.alive:
            service.start()
        self.times[name].append(service.wait_until_ready(start))
        if service.inherited():
            raise Fault("the postmaster holds a socket of the ledger")

    def kill_postgres(self, everything):
        pids = self.service.postgres()
        signal_all(pids if everything else pids[:1], signal.SIGKILL)

    def kill_backend(self):
        backends = [pid for pid in self.service.postgres() if b"[local]" in read(f"/proc/{pid}/cmdline")]
        if backends:
            signal_all([self.chance.choice(backends)], signal.SIGKILL)

    def kill_in_start(self):
        self.service.kill()
        if self.chance.random() < 0.5:
            self.kill_postgres(self.chance.random() < 0.5)
        for _ in range(self.chance.randint(1, 3)):
            self.service.start()
            self.pause(0, 0.8)
            self.service.kill()

    def freeze(self, kills):
        pids = self.service.postgres()
        signal_all(pids, signal.SIGSTOP)
        try:
            self.pause(0.1, 1.5)
            if kills:
                self.service.kill()
                self.service.start()
                self.pause(0.1, 1.5)
        finally:
            signal_all(reversed(pids), signal.SIGCONT)

    def kill_frozen(self):
        pids = self.service.postgres()
        signal_all(pids, signal.SIGSTOP)
        self.pause(0, 0.5)
        signal_all(pids[:1], signal.SIGKILL)
        if self.chance.random() < 0.5:
            self.service.kill()

    def freeze_ledger(self):
        self.service.kill(signal.SIGSTOP)
        self.pause(0.2, 2)
        if self.chance.random() < 0.5:
            self.service.kill()
        else:
            self.service.kill(signal.SIGCONT)

    # The end.

    def run(self, restarts, seconds):
        service = self.service
        for signer in self.signers:
            _, body = signer.event("key_registered", signer.registration, "pith:registry",
                                   "key:" + signer.fingerprint)
            status, answer = service.request("POST", "/api/events", body)
            if status != 201:
                raise Fault(f"a key was not registered: {status} {answer!r}")
        writers = [threading.Thread(target=self.write, args=(signer, index), daemon=True)
                   for index, signer in enumerate(self.signers)]
        readers = [threading.Thread(target=work, daemon=True)
                   for work in (self.subscribe, self.watch_checkpoints, self.replay_at_times)]
        for thread in writers + readers:
            thread.start()
        end = time.monotonic() + seconds
        done = 0
        while (done < restarts) if restarts else (time.monotonic() < end):
            self.pause(0.2, 1.2)
            self.fault()
            done += 1
            if self.problems:
                raise Fault("; ".join(self.problems[:5]))
            if done % 10 == 0:
                print(f"{done} restarts, {len(self.acknowledged)} events acknowledged", file=sys.stderr)
        self.draining.set()
        for thread in writers + readers[2:]:
            thread.join(120)
            if thread.is_alive():
                raise Fault("the load did not end")
        return done

    def inspect(self):
        """Compares the log with what was acknowledged and streamed."""
        service, ids, next_position, gaps, duplicates = self.service, {}, 0, 0, 0
        while True:
            status, body = service.request("GET", f"/api/events?from={next_position}&limit=1000")
            events = json.loads(body)["events"] if status == 200 else []
            if not events:
                break
            for event in events:
                gaps += event["position"] != next_position
                duplicates += event["event_id"] in ids
                ids[event["event_id"]] = event["position"]
                next_position = event["position"] + 1
        size = json.loads(service.request("GET", "/readyz")[1])["size"]
        gaps += size != next_position
        lost = sum(ids.get(event) != position for event, position in self.acknowledged.items())
        deadline = time.monotonic() + 20
        while len(self.streamed) < size and time.monotonic() < deadline:
            time.sleep(0.05)
        if [ids.get(event) for event in self.streamed] != list(range(size)):
            self.problem(f"the stream had {len(self.streamed)} of {size} events, or others")
        self.ended.set()
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for count, (_, note) in sorted(self.checkpoints.items()):
                files.append(f"{folder}/{count}")
                with open(files[-1], "wb") as file:
                    file.write(note)
            result = service.command("fsck", "--json", "--checkpoint", *files[-500:])
        if result.returncode != 0:
            self.problem("fsck: " + result.stdout.decode()[-1000:] + result.stderr.decode()[-500:])
        result = service.command("replay", "--check", "--json")
        is_equal = result.returncode == 0 and json.loads(result.stdout)["drift"] == []
        service.kill(signal.SIGTERM)
        try:
            service.process.wait(40)
        except subprocess.TimeoutExpired:
            self.problem("the ledger did not stop within 40 s")
        if service.process.returncode != 0 or service.postgres():
            self.problem(f"the stop ended with {service.process.returncode}, and left {service.postgres()}")
        return size, lost, gaps, duplicates, is_equal


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--restarts", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    # Processes whose parent is killed become ours, not those of a first process that waits for them.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    port = options.port
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="pith-chaos-")
    os.chmod(folder, 0o711)
    log = open(folder + "/ledger.log", "ab")
    service = Service(options.program, folder + "/data", port, log)
    campaign = Campaign(service, "", random.Random(options.seed), options.writers)
    sample = os.path.dirname(os.path.abspath(__file__)) + "/../../docs/sample/metamorph.json"
    failure = None
    try:
        result = service.command("import", sample, "--json")
        if result.returncode:
            raise Fault("the import failed: " + result.stderr.decode())
        campaign.number = json.loads(result.stdout)["pith_number"]
        service.start()
        service.wait_until_ready(time.monotonic(), 30)
        done = campaign.run(options.restarts, options.seconds)
        size, lost, gaps, duplicates, is_equal = campaign.inspect()
        for name in sorted(campaign.faults):
            times = campaign.times[name]
            print(f"{name:38} {campaign.faults[name]:4} times, ready after at most {max(times):5.2f} s")
        print(f"{done} restarts, {len(campaign.acknowledged)} events acknowledged of {size}, "
              f"{len(campaign.checkpoints)} checkpoints, {len(campaign.streamed)} streamed, "
              f"replays {dict(campaign.replays)}, refusals {dict(campaign.refusals)}")
        print(f"lost {lost}, gaps {gaps}, duplicates {duplicates}, replay {'equal' if is_equal else 'DIFFERS'}")
        if lost or gaps or duplicates or not is_equal or campaign.problems:
            failure = "; ".join(campaign.problems) or "the log is not what was acknowledged"
    except Fault as fault:
        failure = str(fault)
    finally:
        campaign.ended.set()
        service.kill()
        signal_all(service.postgres(), signal.SIGKILL)
    if failure:
        print(f"FOUND (seed {options.seed}, files in {folder}): {failure}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


main()
