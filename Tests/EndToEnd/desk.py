"""A desk of its own for an end-to-end test: the real program, a real sandbox bank as another process,
files in a folder; and the comparison of the desk's books with the bank's."""

import collections
import json
import os
import pathlib
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FXBATCH_PROGRAM", str(ROOT / ".build/debug/fxbatch"))
COMMAND_SECONDS = 600
# The amount of the deal that is booked before the ones that matter.
FIRST_DEAL = "5000.00"


class Wrong(Exception):
    """What a test found."""


def expect(holds, words):
    if not holds:
        raise Wrong(words)


class Bank:
    """The sandbox, and what it says of itself."""

    def __init__(self, folder, *options):
        ready = folder / "bank.env"
        command = [PROGRAM, "sandbox", "--port", "0", "--database", str(folder / "bank.db"),
                   "--ready-file", str(ready), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not ready.exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.stop()
                raise SystemExit("the sandbox did not start")
            time.sleep(0.05)
        lines = ready.read_text().splitlines()
        self.settings = dict(line.split("=", 1) for line in lines if "=" in line)
        self.address = self.settings["FXBATCH_BANK_TOKEN_URL"].split("/oauth2")[0]

    def stop(self):
        self.process.kill()
        self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(f"{self.address}/sandbox/{path}", timeout=10) as answer:
            return json.load(answer)

    def set_faults(self, plan):
        request = urllib.request.Request(
            f"{self.address}/sandbox/faults", json.dumps({"plan": plan}).encode(),
            {"Content-Type": "application/json"}, method="PUT")
        urllib.request.urlopen(request, timeout=10).read()

    def ledger(self):
        deals, after = [], 0
        while page := self.get(f"ledger?after={after}&limit=500"):
            deals += page
            after = page[-1]["number"]
        return deals

    def wait_for_deals(self, count):
        deadline = time.monotonic() + 60
        while len(self.ledger()) < count:
            expect(time.monotonic() < deadline, f"the bank never had {count} deals")
            time.sleep(0.05)

    def received(self, at_least=1):
        """How often each deal transaction id came in a booking call."""
        rows = self.get(f"received?at_least={at_least}&limit=10000")
        return {row["deal_transaction_id"]: row["calls"] for row in rows}


class Desk:
    """A store in a folder, and the commands that are given to it."""

    def __init__(self, folder, bank, **settings):
        self.folder = folder
        self.bank = bank
        self.store = folder / "desk.db"
        self.environment = dict(
            os.environ,
            FXBATCH_STORE=f"sqlite:{self.store}",
            FXBATCH_LEASE_SECONDS="10",
            FXBATCH_BANK_TIMEOUT_MS="1500",
            FXBATCH_BANK_MAX_RPS="500",
            # What happens must not depend on the hour of the test.
            FXBATCH_RECONCILE_AT="off",
            FXBATCH_SETTLEMENT_WARNING_AT="off",
            NO_COLOR="1",
            **bank.settings,
        )
        self.environment.update(settings)

    def run(self, *arguments, allowed=(0,)):
        done = subprocess.run(
            [PROGRAM, *arguments], env=self.environment, capture_output=True, text=True,
            timeout=COMMAND_SECONDS)
        if allowed is not None and done.returncode not in allowed:
            raise SystemExit(
                f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(self, *arguments, **additions):
        """Starts a command that will be disturbed; more settings as keywords."""
        return subprocess.Popen(
            [PROGRAM, *arguments], env=dict(self.environment, **additions),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def import_clients(self, count):
        rows = ["Client,Client CIF,Fixed Spread,ZAR Account,USD Account"]
        for number in range(count):
            rows.append(f"Invented Client {number},CIF{1000 + number},{300 + number},"
                        f"ZA{number:06d},US{number:06d}")
        path = self.folder / "clients.csv"
        path.write_text("\n".join(rows) + "\n")
        self.run("clients", "import", str(path))
        self.sign_in()

    def sign_in(self):
        """What only a person may do takes a token, on a local store too."""
        made = self.run("token", "create", "--person", "Invented Person", "--role", "admin")
        self.environment["FXBATCH_TOKEN"] = made.stdout.strip()

    def book_first_deal(self):
        """One deal without disturbance shows the bank's look-up, so that doubts can be resolved."""
        path = self.folder / "first.csv"
        path.write_text(f"Client CIF,Amount ZAR\nCIF1000,{FIRST_DEAL}\n")
        self.run("run", str(path), "--pricing", "bank", "--name", "first")

    def write_trades(self, amounts, clients):
        """A file of trades for so many clients in turn; returns its path."""
        rows = ["Client CIF,Amount ZAR,Reference"]
        for number, amount in enumerate(amounts):
            rows.append(f"CIF{1000 + number % clients},{amount},R{number}")
        path = self.folder / "trades.csv"
        path.write_text("\n".join(rows) + "\n")
        return str(path)

    def batch(self, name):
        """The id of the batch of that name; none when it was not taken in."""
        listed = map(json.loads, self.run("list", "--json").stdout.splitlines())
        return next((row["id"] for row in listed if row["name"] == name), None)

    def trades(self, batch):
        return [json.loads(line)
                for line in self.run("trades", batch, "--json").stdout.splitlines()]


def count_by_status(trades):
    """How many trades have each status, failures by their reason."""
    return dict(collections.Counter(
        f"failed {trade['error']['code']}" if trade["status"] == "failed" else trade["status"]
        for trade in trades))


def differences(desk, trades, deals, open_statuses=()):
    """What is wrong with the trades of a batch that has come to its end, held against the bank's
    deals for them; and what `verify` has to say. No trade may be open but in the statuses given."""
    problems = [f"a booking call was repeated: {id}, {calls} times"
                for id, calls in desk.bank.received(at_least=2).items()]
    by_id = {}
    for deal in deals:
        if deal["deal_transaction_id"] in by_id:
            problems.append(f"the bank has {deal['deal_transaction_id']} twice")
        by_id[deal["deal_transaction_id"]] = deal
    for trade in trades:
        deal = by_id.pop(trade["deal_transaction_id"], None)
        row = f"row {trade['row']}"
        if trade["status"] == "completed":
            if deal is None:
                problems.append(f"{row} is completed, the bank has no deal")
            elif (deal["cif"], deal["quote_rate"], deal["deal_rate"], deal["deal_amount"]) != (
                    trade["cif_number"], trade["quote_rate"], trade["client_rate"],
                    trade["deal_amount"]):
                problems.append(f"{row} differs from the bank's deal: {deal} {trade}")
        elif trade["status"] == "failed":
            if deal or not trade["error"]["code"]:
                problems.append(f"{row} failed without a reason or with a deal")
        elif trade["status"] not in open_statuses:
            problems.append(f"{row} is {trade['status']}")
    if by_id:
        problems.append(f"{len(by_id)} deals at the bank belong to no trade: {list(by_id)[:3]}")
    verified = desk.run("verify", allowed=None)
    if verified.returncode != 0:
        problems.append(f"verify: {verified.stdout}{verified.stderr}")
    return problems
