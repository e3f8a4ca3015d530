#!/usr/bin/env python3
"""Drives every command twice, on a local store and at a running server, and holds what `--json` prints
of both against each other: exit codes and answers are the same, but for what time and chance decide.

  Tests/EndToEnd/command_line.py [-v]
"""

import contextlib
import getpass
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from desk import PROGRAM, Bank, Desk

PERSON = getpass.getuser()
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# What chance, time or the way of a call decides; only whether it is there is compared.
VOLATILE = {
    "quote_id", "quote_rate", "client_rate", "counter_amount", "margin_amount", "deal_reference",
    "deal_transaction_id", "countered", "margin", "rounding_difference", "balance", "request_id",
    "address", "token", "number", "seq", "version", "trades_per_second", "queue_position",
    "next_cursor", "attempts", "evidence", "confirmed_by", "generation", "lock", "before", "after",
    "bank_transaction_id"}


class Server:
    """`fxbatch serve` on a store of its own."""

    def __init__(self, desk, folder, **settings):
        ready = folder / "ready"
        self.log = open(folder / "serve.log", "w")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--ready-file", str(ready)],
            env=dict(desk.environment, FXBATCH_LISTEN="127.0.0.1:0", **settings),
            stdout=subprocess.DEVNULL, stderr=self.log)
        deadline = time.monotonic() + 30
        while not ready.exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("the server did not start: " + (folder / "serve.log").read_text())
            time.sleep(0.05)
        self.url = ready.read_text().strip()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()


class Script:
    """The commands, given in one place; what they printed, made comparable."""

    def __init__(self, desk):
        self.desk = desk
        self.names = {}
        self.told = []

    def plain(self, value, name=None):
        if name in VOLATILE:
            return value is not None
        if isinstance(value, dict):
            # Whoever acts at a server has a token; on a local store the operating system names them.
            return {key: self.plain(member, key) for key, member in value.items()
                    if key != "token_id"}
        if isinstance(value, list):
            return [self.plain(item, name) for item in value]
        if isinstance(value, str):
            value = UUID.sub(lambda id: self.names.setdefault(id[0], f"id {len(self.names)}"), value)
            return MOMENT.sub("moment", value)
        return value

    def run(self, *arguments, code=0, compare=True):
        """Gives a command for people, then the same for programs unless it changes something."""
        done = self.desk.run(*arguments, "--json", allowed=None)
        if done.returncode != code:
            raise AssertionError(
                f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        if "fault in fxbatch" in done.stderr or "Fatal" in done.stderr:
            raise AssertionError(f"{arguments}: {done.stderr}")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        given = " ".join(self.plain(list(arguments))).replace(f"{self.desk.folder}/", "")
        self.told.append((given, code,
                          self.plain(answers) if compare else None))
        return answers

    def look(self, *arguments, code=0):
        """A look changes nothing, so it is taken in words as well."""
        words = self.desk.run(*arguments, allowed=(code,)).stdout
        assert words.strip(), f"{arguments} says nothing"
        assert "\x1b" not in words, f"{arguments} steers the terminal"
        return self.run(*arguments, code=code)


def file(folder, name, text):
    path = folder / name
    path.write_text(text)
    return str(path)


def reference_data(script, folder):
    clients = file(folder, "clients.csv", (
        "Client,Client CIF,Fixed Spread,ZAR Account,USD Account,Colour\n"
        "Invented One,CIF1000,358,ZA1,US1,red\nInvented Two,CIF1001,300,ZA2,US2,blue\n"))
    script.run("clients", "import", clients)
    script.run("clients", "import", file(folder, "bad.csv", "Client,Client CIF\nX,Y\n"), code=65)
    script.look("clients", "list")
    script.look("clients", "show", "CIF1000")
    script.run("clients", "show", "nobody", code=65)
    script.run("clients", "set", "CIF1000", "--spread", "340")
    script.run("clients", "set", "CIF2000", "--name", "New", "--spread", "10", "--account", "ZAR=ZA9")
    script.run("clients", "set", "CIF2000", "--inactive")
    script.run("clients", "remove", "CIF2000")
    script.run("accounts", "sync")
    script.look("accounts", "list", "--client", "CIF1001")
    script.run("rate", "show", "USD/ZAR", code=65)
    script.run("rate", "set", "USD/ZAR", "17.5")
    script.run("rate", "set", "USD/ZAR", "99", code=65)
    script.look("rate", "show", "USD/ZAR")
    script.look("rate", "list")
    script.run("rate", "set", "USD/ZAR", "90", "--confirm")


def staged(script, folder):
    trades = file(folder, "staged.csv", (
        "Client CIF,Amount ZAR,Reference,Colour\nCIF1000,100.00,S1,red\nCIF1001,200.00,S2,blue\n"))
    batch = script.run("submit", trades, "--pricing", "bank", "--name", "draft",
                       "--max-attempts", "2", "--on-failure", "pause")[0]
    script.run("submit", file(folder, "wrong.csv", "Client CIF,Amount ZAR\nCIF1,0\nCIF1000,x\n"),
               "--pricing", "bank", code=65)
    script.run("submit", trades, "--pricing", "bank", code=65)
    script.run("validate", "draft")
    script.run("edit", "draft", "--rename", "plan", "--max-concurrent-trades", "7",
               "--tolerated-failures", "3", "--priority", "9")
    remove = script.run("trades", "plan")[1]["id"]
    script.run("edit", "plan", "--trades", file(folder, "change.json", json.dumps({
        "add": [{"cif_number": "CIF1001", "deal_amount": "300.00"}], "remove": [remove]})))
    script.look("trades", "plan")
    script.run("priority", "plan", "3")
    script.look("show", batch["id"])
    script.run("clone", "plan")
    script.run("delete", "plan (copy)")
    script.run("show", "plan (copy)", code=65)
    script.run("pause", "plan", code=65)
    script.run("run", "--resume", "plan")
    script.run("cancel", "plan", code=65)
    script.run("retry", "plan", "--all", code=65)


def dealt(script, folder):
    good = file(folder, "good.csv", (
        "Client CIF,Amount ZAR,Reference\nCIF1000,1000.00,G1\nCIF1001,2000.00,G2\n"))
    done = script.run("run", good, "--pricing", "bank", "--name", "good")[-1]
    assert done["status"] == "success", done
    for command in ("show", "errors", "events", "results", "trades"):
        # Trades of one batch take their steps in an order of chance.
        script.desk.run(command, "good")
        if command != "events":
            script.look(command, "good")
    script.run("trades", "good", "--status", "failed")
    script.run("trades", "good", "--client", "CIF1001")
    script.look("trades", "--client", "CIF1001", "--limit", "1")
    first = script.run("trades", "good")[0]["id"]
    script.look("trade", "show", first)
    script.run("trade", "retry", first, code=65)
    script.run("trade", "cancel", first, code=65)
    script.run("resolve", first, "--not-booked", "--note", "n", "--yes", code=65)
    script.run("trade", "show", "01910000-0000-7000-8000-000000000000", code=65)
    exported = script.desk.run("export", "good").stdout
    assert exported.count("\n") == 3, exported
    script.desk.run("export", "good", "--format", "ndjson", "--output", str(folder / "out.ndjson"))
    assert len((folder / "out.ndjson").read_text().splitlines()) == 2
    script.desk.run("export", "good", "--output", str(folder / "out.ndjson"), allowed=(65,))
    script.look("watch", "good")
    # A margin that nobody quotes: every trade fails by our own rule.
    bad = file(folder, "failing.csv", "Client CIF,Amount ZAR\nCIF1000,3000.00\nCIF1001,4000.00\n")
    script.run("run", bad, "--pricing", "bank", "--name", "failing", "--min-margin", "9999", code=2)
    script.look("errors", "failing")
    script.look("list", "--needs-decision")
    script.run("retry", "failing", "--code", "bank_timeout", code=65)
    script.run("retry", "failing", "--code", "rate_check", "--note", "again", compare=False)
    script.run("run", "--resume", "failing", code=2)
    script.run("accept", "failing", "--note", "the clients were told")
    script.run("accept", "failing", "--note", "twice", code=65)


def lists(script, folder):
    for arguments in (["list"], ["list", "--sort", "created_at"], ["list", "--status", "success"],
                      ["list", "--query", "good"], ["list", "--recent", "--limit", "2"],
                      ["list", "--active"], ["queue"], ["locks"], ["me"], ["kill-switch"]):
        script.look(*arguments)
    page = script.desk.run("list", "--limit", "1")
    cursor = re.search(r"--cursor (\S+)", page.stderr)[1]
    script.run("list", "--limit", "1", "--cursor", cursor, compare=False)
    script.run("list", "--limit", "1", "--cursor", "nonsense", code=65)
    script.run("locks", "cleanup")
    script.run("kill-switch", "engage", "--reason", "odd quotes", compare=False)
    script.look("kill-switch", "show")
    script.run("kill-switch", "release", "--reason", "mended", compare=False)
    made = script.run("token", "create", "--person", "Invented", "--role", "viewer")[0]
    script.run("token", "create", "--person", "Invented", "--role", "dealer",
               "--expires-at", "2020-01-01T00:00:00.000Z", code=65)
    script.look("audit", "--limit", "3")
    script.run("token", "revoke", made["issued"]["id"])
    script.run("token", "revoke", "nothing", code=65)
    script.look("token", "list")


def cancelled(script, folder):
    """What is under way when it is cancelled differs, so only the end is compared."""
    script.run("kill-switch", "engage", "--reason", "to have time", compare=False)
    trades = file(folder, "late.csv", "Client CIF,Amount ZAR\nCIF1000,7000.00\n")
    script.run("submit", trades, "--pricing", "bank", "--name", "late", compare=False)
    script.run("start", "late", compare=False)
    script.run("cancel", "late", "--yes", compare=False)
    ended = script.run("run", "--resume", "late", code=3, compare=False)[-1]
    assert ended["counts"]["cancelled"] == 1, ended


def drive(desk, folder):
    script = Script(desk)
    for part in (reference_data, staged, dealt, lists, cancelled):
        part(script, folder)
    return script.told


class CommandLine(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.places = 0

    def desk(self, bank):
        self.places += 1
        folder = self.folder / str(self.places)
        folder.mkdir()
        desk = Desk(folder, bank, FXBATCH_STATUS_POLL_MS="50", FXBATCH_COLLAR_BASIS_POINTS="0")
        for name in ("FXBATCH_SERVER", "FXBATCH_TOKEN", "FXBATCH_TOKEN_FILE"):
            desk.environment.pop(name, None)
        return desk

    def bank(self, *options):
        folder = self.folder / f"bank {time.monotonic_ns()}"
        folder.mkdir()
        bank = Bank(folder, "--settlement-delay", "20", *options)
        self.addCleanup(bank.stop)
        return bank

    def token(self, desk, role="admin", person=PERSON):
        made = desk.run("token", "create", "--local", "--person", person, "--role", role)
        return made.stdout.strip()

    def served(self, bank, **settings):
        """A desk of which every command goes to a server, as whom this test runs."""
        desk = self.desk(bank)
        token = self.token(desk)
        server = Server(desk, desk.folder, **settings)
        self.addCleanup(server.stop)
        away = self.desk(bank)
        away.environment.update(FXBATCH_SERVER=server.url, FXBATCH_TOKEN=token)
        return desk, away, server

    def test_both_ways_answer_the_same(self):
        local = self.desk(self.bank())
        local.environment["FXBATCH_TOKEN"] = self.token(local)
        here = drive(local, local.folder)
        desk, away, _ = self.served(self.bank())
        there = drive(away, away.folder)
        self.assertFalse(away.store.exists(), "a command for the server made a local store")
        self.assertEqual(len(here), len(there))
        for ours, theirs in zip(here, there):
            with self.subTest(ours[0]):
                self.assertEqual(ours, theirs)
        for place in (local, desk):
            place.run("verify")

    def test_what_cannot_be_done_at_a_server_is_told(self):
        desk, away, server = self.served(self.bank())
        viewer = self.token(desk, "viewer", "Looker")
        token_file = file(self.folder, "looker.token", viewer + "\n")
        self.assertIn("Looker, viewer", away.run("me", "--token-file", token_file).stdout)
        for arguments, code, words in [
            (("pause", "x", "--token-file", token_file), 65, "no batch named"),
            (("rate", "set", "USD/ZAR", "17", "--token-file", token_file), 65, "takes the role dealer"),
            (("me", "--token-file", "nowhere"), 65, "--token-file"),
            (("me", "--server", "http://127.0.0.1:1"), 69, "Connection refused"),
            (("me", "--server", server.url.replace("http", "https")), 69, "encryption"),
            (("me", "--server", "http://desk.example"), 64, "loopback"),
            (("me", "--server", away.bank.address), 69, "no fxbatch server"),
            (("me", "--server", server.url, "--local"), 64, "--local"),
        ]:
            with self.subTest(arguments):
                done = away.run(*arguments, allowed=(code,))
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")
        away.environment["FXBATCH_TOKEN"] = "fxb_nobody_knows_this_token_0123456789"
        self.assertIn("unknown", away.run("list", allowed=(65,)).stderr)
        del away.environment["FXBATCH_TOKEN"]
        refused = away.run("list", "--json", allowed=(65,))
        self.assertEqual(json.loads(refused.stdout)["code"], "unauthenticated")
        self.assertIn("--token-file", refused.stderr)

    def test_only_a_person_releases_the_kill_switch_of_a_local_store(self):
        desk = self.desk(self.bank())
        desk.run("kill-switch", "engage", "--reason", "x")
        self.assertIn("person's token", desk.run("kill-switch", "release", allowed=(65,)).stderr)
        desk.environment["FXBATCH_TOKEN"] = self.token(desk, "approver")
        self.assertIn("Only an admin", desk.run("kill-switch", "release", allowed=(65,)).stderr
                      .replace("only an", "Only an"))
        desk.environment["FXBATCH_TOKEN"] = self.token(desk)
        desk.run("kill-switch", "release")

    def test_another_person_approves(self):
        desk = self.desk(self.bank())
        desk.import_clients(1)
        submitter = self.token(desk, "approver")
        approver = self.token(desk, "approver", "Another Person")
        del desk.environment["FXBATCH_TOKEN"]
        trades = desk.write_trades(["1000.00"], 1)
        desk.run("submit", trades, "--pricing", "bank", "--name", "big", "--approval", "required")
        desk.run("start", "big", allowed=(4,))
        self.assertIn("person's token", desk.run("approve", "big", allowed=(65,)).stderr)
        desk.environment["FXBATCH_TOKEN"] = submitter
        self.assertIn("somebody else", desk.run("approve", "big", allowed=(65,)).stderr)
        desk.environment["FXBATCH_TOKEN"] = approver
        desk.run("approve", "big")
        desk.run("run", "--resume", "big")

    def test_an_interrupt_ends_the_watching_and_not_the_batch(self):
        _, away, _ = self.served(self.bank("--latency", "40"))
        away.run("clients", "import", file(self.folder, "c.csv", (
            "Client,Client CIF,Fixed Spread,ZAR Account,USD Account\nOne,CIF1000,1,Z,U\n")))
        lines = "".join(f"CIF1000,{1000 + n}.00\n" for n in range(40))
        trades = file(self.folder, "t.csv", "Client CIF,Amount ZAR\n" + lines)
        running = away.start("run", trades, "--pricing", "bank", "--name", "long")
        watching = subprocess.Popen(
            [PROGRAM, "watch", "--json"], env=away.environment, stdout=subprocess.PIPE, text=True)
        for line in running.stderr:
            if "running" in line:
                break
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
        self.assertEqual(running.returncode, 130, said)
        self.assertIn("fxbatch watch", said)
        away.run("watch", "long")
        self.assertEqual(json.loads(away.run("show", "long", "--json").stdout)["status"], "success")
        away.run("run", "--resume", "long")
        watching.send_signal(signal.SIGTERM)
        types = {json.loads(line)["type"] for line in watching.stdout}
        watching.stdout.close()
        watching.wait(timeout=30)
        self.assertLessEqual({"snapshot", "batch.progress", "trade.completed"}, types)

    def test_a_running_server_hears_of_what_is_done_on_its_store(self):
        desk, away, _ = self.served(self.bank())
        desk.run("clients", "import", file(self.folder, "c.csv", (
            "Client,Client CIF,Fixed Spread,ZAR Account,USD Account\nOne,CIF1000,1,Z,U\n")))
        trades = file(self.folder, "t.csv", "Client CIF,Amount ZAR\nCIF1000,1000.00\n")
        desk.run("submit", trades, "--pricing", "bank", "--name", "beside", "--start")
        away.run("watch", "beside")
        self.assertEqual(json.loads(desk.run("show", "beside", "--json").stdout)["status"], "success")

    def test_certificates_are_verified(self):
        key, certificate = str(self.folder / "key.pem"), str(self.folder / "cert.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
             "-out", certificate], check=True, capture_output=True)
        _, away, server = self.served(
            self.bank(), FXBATCH_TLS_CERTIFICATE_FILE=certificate, FXBATCH_TLS_KEY_FILE=key)
        self.assertTrue(server.url.startswith("https://"), server.url)
        self.assertIn("certificate", away.run("me", allowed=(69,)).stderr)
        self.assertIn(PERSON, away.run("me", "--ca-file", certificate).stdout)
        away.environment["FXBATCH_SERVER_CA_FILE"] = certificate
        self.assertIn("nothing is under way", self.watched(away))

    def watched(self, desk):
        """What `watch` has told within a moment, through the live feed."""
        watching = subprocess.Popen(
            [PROGRAM, "watch", "--json"], env=desk.environment, stdout=subprocess.PIPE, text=True)
        first = json.loads(watching.stdout.readline())
        watching.kill()
        watching.communicate()
        return "nothing is under way" if not first["data"]["batches"] else str(first)

    def test_shells_complete_commands_and_names(self):
        desk = self.desk(self.bank())
        desk.import_clients(1)
        trades = desk.write_trades(["1000.00"], 1)
        desk.run("submit", trades, "--pricing", "bank", "--name", "morning")
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("fxbatch", desk.run("--generate-completion-script", shell).stdout)
        script = desk.run("--generate-completion-script", "bash").stdout
        asked = re.search(r"---completion show -- (\S+)", script)
        self.assertIsNotNone(asked, "names of batches are not asked for")
        self.assertRegex(desk.run("--version").stdout, r"^\d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    with contextlib.suppress(KeyError):
        del os.environ["FXBATCH_SERVER"]
    result = unittest.main(exit=False).result
    wrong = len({getattr(case, "test_case", case) for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - wrong} passed, {wrong} failed")
    sys.exit(1 if wrong else 0)
