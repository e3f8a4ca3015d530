"""A desk for the tests of bad input: a folder with files, a store and settings, in which the built
program is run, and what must hold whenever it refuses."""

import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import pty
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FXBATCH_PROGRAM", str(ROOT / ".build/debug/fxbatch"))
IS_ROOT = os.geteuid() == 0
# A user without rights, whom permissions stop where they would not stop root.
NOBODY = 65534

USAGE, BAD_INPUT, UNAVAILABLE, STORE = 64, 65, 69, 74
WAITS, INTERRUPTED = 4, 130

RUN = ("--pricing", "bank", "--name", "never")

# What only a programmer could read.
INNARDS = re.compile(
    r"Fatal error|HTTPClient|NIO|SSL|errno|descriptor:|Error Domain|NSCocoa|SQLite error|Optional\(|StoreError|Foundation|Swift\."
    r"|\.swift:\d|Thread \d|0x[0-9a-f]{6}|Complaint|ValidationError|[a-z]\w+\([a-z]\w*: ")

# What a refused call may leave behind: its entry in the audit, and when its token was used.
TRACES = re.compile('INSERT INTO "?(audit|tokens)"?[ (]')

CLIENTS = (
    "Client,Client CIF,Fixed Spread,ZAR Account,USD Account\n"
    + "".join(f"Invented Client {n},CIF{n},{300 + n % 50},ZA{n:06d},US{n:06d}\n"
              for n in range(1000, 1010))
    + "Without Accounts,CIF2000,300,,\n")


def rows(count, first=0, cif=None):
    """A good trades file, every amount different."""
    lines = ["Client CIF,Amount ZAR,Reference"]
    for number in range(first, first + count):
        lines.append(f"{cif or f'CIF{1000 + number % 10}'},{10000 + number}.25,R{number}")
    return "\n".join(lines) + "\n"


class Bank:
    """A sandbox bank of its own."""

    def __init__(self, folder, *options):
        ready = pathlib.Path(folder) / f"bank-{time.monotonic_ns()}.env"
        self.log = open(ready.with_suffix(".log"), "w")
        self.process = subprocess.Popen(
            [PROGRAM, "sandbox", "--port", "0", "--settlement-delay", "20",
             "--ready-file", str(ready), *options],
            stdout=subprocess.DEVNULL, stderr=self.log)
        deadline = time.monotonic() + 30
        while not ready.exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("the sandbox did not start")
            time.sleep(0.02)
        self.file = ready
        self.settings = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        self.address = self.settings["FXBATCH_BANK_TOKEN_URL"].split("/oauth2")[0]
        self.port = int(self.address.rsplit(":", 1)[1])

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.address}/sandbox/{path}", body and json.dumps(body).encode(),
            {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Desk:
    """Runs the program on a store of its own."""

    def __init__(self, folder, bank=None):
        self.folder = pathlib.Path(folder)
        self.store = self.folder / "desk.db"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("FXBATCH_")}
        self.environment.update(
            FXBATCH_STORE=f"sqlite:{self.store}", FXBATCH_LEASE_SECONDS="10",
            FXBATCH_BANK_TIMEOUT_MS="2000", FXBATCH_STATUS_POLL_MS="50",
            FXBATCH_BANK_MAX_RPS="1000")
        if bank:
            self.environment.update(bank.settings)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def settings(self, changes):
        """The environment with changes; None takes a setting away."""
        merged = {**self.environment, **changes}
        return {name: value for name, value in merged.items() if value is not None}

    def run(self, *arguments, env={}, **options):
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)], env=self.settings(env), cwd=self.folder,
            capture_output=True, stdin=subprocess.DEVNULL, timeout=60, **options)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return done

    def start(self, *arguments, env={}, **options):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], env=self.settings(env), cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def good(self, *arguments, code=0, **options):
        done = self.run(*arguments, **options)
        if done.returncode != code:
            raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stderr}")
        return done

    def json(self, *arguments):
        return [json.loads(line) for line in self.good(*arguments, "--json").stdout.splitlines()]

    def batch(self, name):
        return next((batch for batch in self.json("list") if batch["name"] == name), None)

    def wait_for_count(self, name, status, count):
        """Until so many trades of a batch stand there."""
        deadline = time.monotonic() + 60
        while not (found := self.batch(name)) or found["counts"][status] < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"no {count} trades of {name} are {status}: {found}")
            time.sleep(0.02)

    def open_for_clients(self):
        self.good("clients", "import", self.file("clients.csv", CLIENTS))
        # What only a person may do takes a token, on a local store too.
        made = self.good("token", "create", "--person", "Invented Person", "--role", "admin")
        self.environment["FXBATCH_TOKEN"] = made.stdout.strip()
        return self

    def fingerprint(self):
        """Everything that is stored, but for who tried what; None where no store is."""
        if not self.store.exists():
            return None
        connection = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            kept = (line for line in connection.iterdump() if not TRACES.match(line))
            return hashlib.sha256("\n".join(kept).encode()).hexdigest()
        finally:
            connection.close()


class Case(unittest.TestCase):
    """A test that knows what a good refusal is."""

    def temporary(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        return folder.name

    def is_plain(self, text):
        for character in text:
            if character == "\n":
                continue
            self.assertGreaterEqual(ord(character), 0x20, repr(text))
            self.assertFalse(0x7F <= ord(character) <= 0x9F, repr(text))
            self.assertNotIn(character, "\u200b\u200e\u200f\u202a\u202e\u2028\u2066", repr(text))

    def told(self, done, code, *words):
        """One clear message for a person, and nothing on standard output."""
        shown = f"\ncode {done.returncode}\nout: {done.stdout[:2000]}\nerr: {done.stderr[:4000]}"
        self.assertEqual(done.returncode, code, shown)
        self.assertEqual(done.stdout, "", shown)
        messages = re.findall(r"^(?:fxbatch|Error): ", done.stderr, re.MULTILINE)
        self.assertEqual(len(messages), 1, shown)
        self.assertIsNone(INNARDS.search(done.stderr), shown)
        self.assertLess(len(done.stderr), 20_000, shown)
        self.is_plain(done.stderr)
        for word in words:
            self.assertIn(word, done.stderr, shown)

    def refuses(self, desk, arguments, code, *words, **options):
        """As `told`, and what is stored is what was stored."""
        before, files = desk.fingerprint(), set(os.listdir(desk.folder))
        done = desk.run(*arguments, **options)
        self.told(done, code, *words)
        self.assertEqual(desk.fingerprint(), before, "the store was changed")
        # The lock of the engine is left in place for good; a store that is not used has no log.
        left = {name for name in set(os.listdir(desk.folder)) - files
                if not name.endswith((".db.lock", ".db-shm", ".db-wal"))}
        self.assertEqual(left, set(), "files were left behind")
        if before is None:
            self.assertEqual(
                [name for name in os.listdir(desk.folder) if name.startswith(desk.store.name)], [])


class SharedCase(Case):
    """With one bank and one desk for all that changes nothing, and one batch that is completed."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        cls.bank = Bank(folder.name)
        cls.addClassCleanup(cls.bank.stop)
        cls.desk = Desk(folder.name, cls.bank).open_for_clients()
        cls.desk.good("run", cls.desk.file("done.csv", rows(2)), *RUN[:2], "--name", "done")


def wait_for(stream, *words):
    """Reads lines until one holds all the words, and returns it."""
    for line in stream:
        if all(word in line for word in words):
            return line
    raise AssertionError(f"the program ended without saying {words}")


def interrupt(process, number=signal.SIGINT):
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def seconds_since(moment):
    return time.time() - datetime.datetime.fromisoformat(moment).timestamp()


def at_terminal(place, arguments, answer):
    """Runs the program at a terminal, answers its question, and returns its code and its words."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *arguments], env=place.settings({"NO_COLOR": "1"}), cwd=place.folder,
        stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown, asked = b"", False
    with contextlib.suppress(OSError):
        while piece := os.read(master, 65_536):
            shown += piece
            if not asked and b"[y/N]" in shown:
                asked = True
                os.write(master, answer.encode())
    os.close(master)
    return process.wait(timeout=60), shown.decode()
