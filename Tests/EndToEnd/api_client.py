"""A client of the HTTP API, written from its contract alone: a server as a process, and calls that
outlive a lost answer. How to follow the log is in live_feeds.py."""

import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import uuid

from desk import PROGRAM

START_SECONDS = 60
CALL_SECONDS = 30
# A call that is repeated until it is answered: through kills, starts and rates that are exceeded.
SURE_SECONDS = 120
# The state of a connection in /proc/net/tcp.
ESTABLISHED = "01"
ENDED = {"success", "partial_success", "failed", "cancelled"}


class Wrong(Exception):
    pass


def expect(holds, words):
    if not holds:
        raise Wrong(words)


def wait_until(question, words, seconds=60):
    """Asks until the answer is not empty, and answers it; waits longer between each two questions."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while not (answer := question()):
        expect(time.monotonic() < deadline, f"not within {seconds} s: {words}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    return answer


class Lost(Exception):
    """No answer came: nobody knows whether the call had its effect."""


class Answer:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    def __repr__(self):
        return f"{self.status} {self.fields.get('Content-Type')} {self.body[:400]!r}"

    def json(self):
        return json.loads(self.body)

    def absent(self):
        """Whether the server has no such call at all."""
        return self.status == 405 or b"Nothing is at this path" in self.body

    def problem(self):
        """What is wrong with it as an answer to a wrong request; empty when nothing is."""
        if self.fields.get("Content-Type", "").split(";")[0] != "application/problem+json":
            return f"no problem+json: {self!r}"
        try:
            told = self.json()
        except ValueError:
            return f"no JSON: {self!r}"
        missing = [name for name in ("type", "title", "status", "detail", "instance")
                   if not told.get(name)]
        if missing:
            return f"{missing} missing: {self!r}"
        return "" if told["status"] == self.status else f"another status inside: {self!r}"


class Server:
    """`fxbatch serve` on a free port, over the store of a desk; its log is kept in a file."""

    def __init__(self, desk, **settings):
        self.desk = desk
        self.environment = dict(desk.environment, FXBATCH_LISTEN="127.0.0.1:0", **settings)
        self.log = desk.folder / "server.log"
        self.process = None
        self.start()

    def start(self):
        ready = self.desk.folder / "server.url"
        ready.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--ready-file", str(ready)], env=self.environment,
                stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists() or not ready.read_text().strip():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.kill()
                raise SystemExit(f"the server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)
        self.url = ready.read_text().strip().rstrip("/")
        self.port = urllib.parse.urlsplit(self.url).port

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self, seconds=30):
        """Asks it to end; answers how long that took and its exit code."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=seconds)
        return time.monotonic() - begin, code

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def connections(self):
        """How many connections to it are open, as its own side of them sees it."""
        rows = [line.split() for line in open("/proc/net/tcp")][1:]
        return sum(row[1].endswith(f":{self.port:04X}") and row[3] == ESTABLISHED for row in rows)

    def admin(self):
        path = pathlib.Path(f"{self.desk.store}.admin-token")
        return Api(self, path.read_text().strip())

    def socket(self, patience=CALL_SECONDS):
        return socket.create_connection(("127.0.0.1", self.port), timeout=patience)


class Api:
    """Calls with one person's token, or with a browser's session; one connection for each thread."""

    def __init__(self, server, token=None, cookie=None, csrf=None):
        self.server = server
        self.token = token
        self.cookie = cookie
        self.csrf = csrf
        self.kept = threading.local()

    def identity(self):
        fields = {}
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        if self.cookie:
            fields["Cookie"] = self.cookie
        if self.csrf:
            fields["X-CSRF-Token"] = self.csrf
        return fields

    def call(self, method, path, body=None, type=None, key=None, seconds=CALL_SECONDS, **fields):
        """One request, one answer. A body that is not bytes or text is sent as JSON; fields are
        given with `_` for `-`."""
        sent = self.identity() | {n.replace("_", "-"): v for n, v in fields.items()}
        if key:
            sent["Idempotency-Key"] = key
        if body is not None:
            if not isinstance(body, (bytes, str)):
                body, type = json.dumps(body), type or "application/json"
            body = body.encode() if isinstance(body, str) else body
            if type:
                sent["Content-Type"] = type
        connection = self.connection(seconds)
        try:
            connection.request(method, path, body, sent)
            got = connection.getresponse()
            endless = (got.getheader("Content-Type") or "").startswith("text/event-stream")
            answer = Answer(got.status, got.headers, b"" if endless else got.read())
        except (OSError, http.client.HTTPException) as reason:
            self.forget()
            raise Lost(f"{method} {path}: {reason!r}") from reason
        if got.will_close or endless:
            self.forget()
        return answer

    def connection(self, seconds):
        url = self.server.url
        if getattr(self.kept, "url", None) != url:
            self.forget()
            self.kept.url = url
            self.kept.connection = http.client.HTTPConnection(
                "127.0.0.1", self.server.port, timeout=seconds)
        return self.kept.connection

    def forget(self):
        if getattr(self.kept, "url", None):
            self.kept.connection.close()
            self.kept.url = None

    def sure(self, method, path, body=None, type=None, key=None, **fields):
        """A call whose answer counts: repeated, with the same key, until there is one."""
        key = key or (str(uuid.uuid4()) if method == "POST" else None)
        deadline, pause = time.monotonic() + SURE_SECONDS, 0.05
        while True:
            try:
                answer = self.call(method, path, body, type, key, **fields)
            except Lost as lost:
                answer, told = None, str(lost)
            else:
                told = repr(answer)
                in_flight = key and answer.status == 409 and b"flight" in answer.body
                if answer.status not in (429, 503) and not in_flight:
                    return answer
            expect(time.monotonic() < deadline, f"{method} {path} had no answer: {told}")
            wait = answer and answer.fields.get("Retry-After")
            time.sleep(min(float(wait), 5) if wait else pause)
            pause = min(pause * 2, 1)

    def get(self, path, **query):
        """The JSON of an answer that must be 200."""
        pairs = {name: value for name, value in query.items() if value is not None}
        if pairs:
            path += "?" + urllib.parse.urlencode(pairs, doseq=True)
        answer = self.sure("GET", path)
        expect(answer.status == 200, f"GET {path}: {answer!r}")
        return answer.json()

    def pages(self, path, **query):
        """Every item of a list, page by page."""
        items, cursor = [], None
        while True:
            page = self.get(path, cursor=cursor, **query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def post(self, path, body=None, wanted=(200,), **more):
        """The answer to a POST that is repeated until it is answered, with a status that is wanted."""
        answer = self.sure("POST", path, body, **more)
        expect(answer.status in wanted, f"POST {path} {str(body)[:300]}: {answer!r}")
        return answer

    def issue(self, name, role, **more):
        """A client with a new token; only an admin may ask."""
        body = {"name": name, "person": f"{name}@example.test", "role": role, **more}
        answer = self.post("/api/tokens", body, (200, 201)).json()
        api = Api(self.server, answer["token"])
        api.id = answer["issued"]["id"]
        return api

    def batch(self, id):
        return self.get(f"/api/batches/{id}")

    def ended(self, id, seconds=120):
        """The batch once it is final."""
        def final():
            batch = self.batch(id)
            return batch if batch["status"] in ENDED else None
        return wait_until(final, f"the end of batch {id}", seconds)

    def trades(self, id):
        return self.pages(f"/api/batches/{id}/trades", limit=500)


def import_clients(api, count):
    rows = ["Client,Client CIF,Fixed Spread,ZAR Account,USD Account"]
    rows += [f"Invented Client {n},CIF{1000 + n},{300 + n},ZA{n:06d},US{n:06d}" for n in range(count)]
    return api.post("/api/clients/import", "\n".join(rows) + "\n", type="text/csv").json()


def trade_rows(count, clients, tag, first=0):
    """So many trades in JSON, with references that occur once."""
    return [{"cif_number": f"CIF{1000 + n % clients}", "deal_amount": f"{10000 + n * 37}.25",
             "deal_currency": "ZAR", "external_ref": f"{tag}-{n}"}
            for n in range(first, first + count)]


def count_problems(batch, trades):
    """What does not fit between a batch's counts and its trades."""
    counts, problems = batch["counts"], []
    found = {}
    for trade in trades:
        found[trade["status"]] = found.get(trade["status"], 0) + 1
    for name, number in counts.items():
        wanted = len(trades) if name == "total" else found.get(name, 0)
        if number != wanted:
            problems.append(f"{batch['name']}: {number} {name} counted, {wanted} trades")
    return problems


def alike(problem):
    """The words of a problem without what differs from one time to the next."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", problem)[:160]


def report(passed, problems):
    """The last lines of a script, and its exit code. Of problems that are alike the first is told."""
    first, counts = {}, {}
    for problem in problems:
        first.setdefault(alike(problem), problem)
        counts[alike(problem)] = counts.get(alike(problem), 0) + 1
    for shape, problem in first.items():
        more = f" (and {counts[shape] - 1} alike)" if counts[shape] > 1 else ""
        print(f"WRONG: {problem}{more}")
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


def raise_file_limit():
    """A thousand connections need as many descriptors, here and in the server that inherits it."""
    import resource
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
