#!/usr/bin/env python3
"""The command line under bad input, as a hostile and a clumsy user would meet it: one clear message
that says what to do, the right exit code, and nothing half done.

  Tests/EndToEnd/bad_input.py [-v] [Class | Class.test_name …]

It runs the built program against a real sandbox bank. What only root can set up (a full disk), or
only somebody else than root can meet (missing rights), is skipped with its reason where it cannot be.
"""

import concurrent.futures
import contextlib
import datetime
import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from bad_input_desk import (
    BAD_INPUT, CLIENTS, INTERRUPTED, IS_ROOT, NOBODY, PROGRAM, STORE, UNAVAILABLE, USAGE, WAITS,
    Bank, Case, Desk, interrupt, rows, wait_for)

shared = None
bank = None
desk = None


def setUpModule():
    """One bank and one desk for all that changes nothing, with one batch that is completed."""
    global shared, bank, desk
    shared = tempfile.TemporaryDirectory()
    os.chmod(shared.name, 0o755)
    bank = Bank(shared.name)
    desk = Desk(shared.name, bank).open_for_clients()
    desk.good("run", desk.file("done.csv", rows(2)), "--pricing", "bank", "--name", "done")


def tearDownModule():
    bank.stop()
    shared.cleanup()


RUN = ("--pricing", "bank", "--name", "never")
HEADER = "Client CIF,Amount ZAR\n"
MANY = 300_001

# What is wrong with a trades file, the file, and words of the message.
TRADE_FILES = [
    ("unknown client", HEADER + "CIF9999,1000.00\n", ["row 1", "CIF9999", "client_unknown"]),
    ("client without accounts", HEADER + "CIF2000,1000\n", ["row 1", "account_unknown"]),
    ("amount zero", HEADER + "CIF1000,0\n", ["row 1", "Amount ZAR", "above zero"]),
    ("amount zero with decimals", HEADER + "CIF1000,0.00\n", ["row 1", "above zero"]),
    ("negative amount", HEADER + "CIF1000,-5.00\n", ["row 1", "Amount ZAR"]),
    ("too many decimals", HEADER + "CIF1000,10.123\n", ["row 1", "at most 2 decimals"]),
    ("exponent", HEADER + "CIF1000,1e5\n", ["row 1", "malformed_number"]),
    ("thousands comma", HEADER + 'CIF1000,"1,000.00"\n', ["row 1", "malformed_number"]),
    ("amount beyond all bounds", HEADER + "CIF1000,99999999999999999999\n",
     ["row 1", "smaller number"]),
    ("not a number", HEADER + "CIF1000,NaN\nCIF1001,abc\nCIF1002,٣\n",
     ["row 1", "row 2", "row 3", "3 problems"]),
    ("empty amount", HEADER + "CIF1000,\n", ["row 1", "Fill in this cell"]),
    ("unknown pair", "Client CIF,Amount ZAR,CurPair\nCIF1000,10,ZAR/ZAR\n", ["row 1", "CurPair"]),
    ("unknown currency", "Client CIF,Amount,Currency\nCIF1000,10,XXQ\n", ["row 1", "Currency"]),
    ("currency that is not in the pair", "Client CIF,Amount,Currency\nCIF1000,10,EUR\n",
     ["row 1", "USD or ZAR"]),
    ("unknown side", "Client CIF,Amount ZAR,Side\nCIF1000,10,hold\n", ["row 1", "Side"]),
    ("unknown delivery", "Client CIF,Amount ZAR,Deal Type\nCIF1000,10,soon\n", ["Deal Type"]),
    ("fixed row without a rate", "Client CIF,Amount ZAR,Fix Rate?\nCIF1000,10,yes\n",
     ["row 1", "Fixed Rate"]),
    ("everything wrong at once", HEADER + "CIF9999,10\nCIF1000,0\nCIF1000,1.234\n",
     ["row 1", "client_unknown", "row 2", "row 3", "3 problems"]),
    ("repetitions beside other faults",
     HEADER + "CIF1000,5\nCIF1000,1e5\nCIF1000,5\n", ["row 2", "row 3", "repeats row 1"]),
    ("not UTF-8", HEADER.encode() + b"CIF1000\xff\xfe,10\n", ["row 1", "UTF-8"]),
    ("UTF-16", (HEADER + "CIF1000,10\n").encode("utf-16"), ["UTF-8"]),
    ("NUL bytes", HEADER + "CIF1\x00000,10\n", ["row 1", "NUL"]),
    ("escape sequence in a cell", HEADER + "CIF\x1b[31m,10\n", ["row 1"]),
    ("reference that turns the line", "Client CIF,Amount ZAR,Reference\nCIF9999,x,\u202eabc\n",
     ["row 1"]),
    ("missing column", "Client CIF,Amount\nCIF1000,10\n", ["Add to the header", "Currency"]),
    ("missing columns, all named", "Something\nCIF1000\n", ["Client CIF", "Amount ZAR"]),
    ("duplicate header", "Client CIF,Amount ZAR,Amount ZAR\nCIF1000,10,20\n", ["only one"]),
    ("duplicate rows", HEADER + "CIF1000,10\nCIF1000,10\n", ["row 2", "repeats row 1"]),
    ("trades that were dealt already", rows(2), ["row 1", "row 2", "repeats a trade of batch"]),
    ("empty file", "", ["header row"]),
    ("byte order mark only", b"\xef\xbb\xbf", ["header row"]),
    ("header only", HEADER, ["at least one row"]),
    ("blank lines only", "\n\n\n", ["header"]),
    ("semicolons", HEADER.replace(",", ";") + "CIF1000;10\n", ["comma"]),
    ("tabs", HEADER.replace(",", "\t") + "CIF1000\t10\n", ["comma"]),
    ("carriage returns only", HEADER.replace("\n", "\r") + "CIF1000,72.10\r", ["line feed"]),
    ("unclosed quote", HEADER + 'CIF1000,"10\nCIF1001,20\n', ["quote"]),
    ("text after a quote", HEADER + 'CIF1000,"10"x\n', ["row 1", "quote"]),
    ("too many cells", HEADER + "CIF1000,10,20,30\n", ["row 1"]),
    ("too few cells", HEADER + "CIF1000\n", ["row 1"]),
    ("one huge line", "x" * 5_000_000, ["65536"]),
    ("a huge cell", HEADER + "CIF1000," + "9" * 1_000_000 + "\n", ["row 1", "65536"]),
    ("hundreds of columns", ",".join(f"c{n}" for n in range(5_000)) + "\n", ["column"]),
    ("300,001 rows", lambda: HEADER + "".join(f"CIF1000,{n}.25\n" for n in range(1, MANY + 1)),
     ["300000"]),
    ("a picture", bytes(range(256)) * 40, ["fxbatch: "]),
]

# Files that are odd, and good all the same.
ODD_GOOD_FILES = [
    ("byte order mark", b"\xef\xbb\xbf" + (HEADER + "CIF1000,71.10\n").encode(), None),
    ("unknown columns are named",
     "Client CIF,Amount ZAR,Colour\x1b[31m\u202e\nCIF1000,73.10,red\n", "warning: "),
    ("no line end", HEADER + "CIF1000,74.10", None),
    ("every cell quoted", '"Client CIF","Amount ZAR"\n"CIF1000","75.10"\n', None),
]


class TradeFiles(Case):
    def test_a_bad_file_is_refused_whole(self):
        for name, content, words in TRADE_FILES:
            with self.subTest(name):
                content = content() if callable(content) else content
                file = desk.file("bad.csv", content)
                self.refuses(desk, ("run", file, *RUN), BAD_INPUT, *words)
                if name == "300,001 rows":
                    os.unlink(file)

    def test_a_bad_file_is_told_before_a_store_that_is_not_there(self):
        new = Desk(self.temporary(), bank)
        file = new.file("bad.csv", HEADER + "CIF1000,5\nCIF1000,1e5\n")
        self.refuses(new, ("run", file, *RUN), BAD_INPUT, "row 2")

    def test_with_json_the_problems_are_one_line_that_names_every_row(self):
        file = desk.file("bad.csv", HEADER + "CIF9999,1.00\nCIF1000,2.00\nCIF9998,3.00\n")
        done = desk.run("run", file, *RUN, "--json")
        self.assertEqual(done.returncode, BAD_INPUT)
        answer = json.loads(done.stdout)
        self.assertEqual([error["row"] for error in answer["errors"]], [1, 3])
        self.assertEqual(answer["total"], 2)

    def test_an_odd_file_is_taken(self):
        for name, content, warning in ODD_GOOD_FILES:
            with self.subTest(name):
                file = desk.file("odd.csv", content)
                done = desk.good("run", file, "--pricing", "bank", "--name", name)
                self.is_plain(done.stderr)
                self.assertEqual("warning: " in done.stderr, warning is not None, done.stderr)

    def test_what_is_no_file_is_refused(self):
        os.mkfifo(desk.folder / "pipe.csv")
        for name, path, words in [
            ("a pipe that nobody writes into", desk.folder / "pipe.csv", ["pipe"]),
            ("an endless device", "/dev/zero", ["device"]),
            ("a terminal", "/dev/tty", []),
            ("a folder", desk.folder, ["folder"]),
            ("not there", "nowhere.csv", ["nowhere.csv is not there"]),
            ("a file of a file", desk.file("plain.txt", "x") + "/x.csv", ["cannot be read"]),
            ("a name with an escape sequence", "no\x1b[31m\u202e.csv", ["is not there"]),
            ("a name that is too long", "x" * 5_000, ["cannot be read"]),
        ]:
            with self.subTest(name):
                self.refuses(desk, ("run", path, *RUN), BAD_INPUT, *words)
                self.refuses(desk, ("clients", "import", path), BAD_INPUT, *words)

    def test_the_same_file_again_is_refused_unless_duplicates_are_allowed(self):
        file = desk.file("again.csv", HEADER + "CIF1003,881.10\nCIF1004,882.10\n")
        desk.good("run", file, "--pricing", "bank", "--name", "once")
        self.refuses(desk, ("run", file, *RUN), BAD_INPUT, "row 1", "row 2", "--allow-duplicates")
        desk.good("run", file, "--pricing", "bank", "--name", "twice", "--allow-duplicates")


class ClientFiles(Case):
    def test_a_bad_file_is_refused_whole(self):
        header = "Client,Client CIF,Fixed Spread\n"
        for name, content, words in [
            ("missing columns", "Client\nX\n", ["Client CIF", "Fixed Spread"]),
            ("a spread that is no number", header + "New,CIF3000,much\n", ["row 1", "Spread"]),
            ("a spread with an exponent", header + "New,CIF3000,1e2\n", ["row 1"]),
            ("a client twice", header + "New,CIF3000,1\nNew,CIF3000,2\n", ["row 2"]),
            ("no name", header + ",CIF3000,1\n", ["row 1", "Client"]),
            ("a line break in a name", header + '"New\nName",CIF3000,1\n', ["row 1"]),
            ("an endless name", header + "N" * 300 + ",CIF3000,1\n", ["row 1", "200"]),
            ("one bad row among good ones", CLIENTS + "New,,x,,\n", ["row 12"]),
            ("empty", "", ["header"]),
            ("not UTF-8", header.encode() + b"\xff,CIF3000,1\n", ["UTF-8"]),
        ]:
            with self.subTest(name):
                file = desk.file("bad.csv", content)
                self.refuses(desk, ("clients", "import", file), BAD_INPUT, *words)

    def test_a_bad_file_makes_no_store(self):
        new = Desk(self.temporary())
        self.refuses(new, ("clients", "import", new.file("bad.csv", "Client\nX\n")), BAD_INPUT)


class Usage(Case):
    def test_a_command_that_makes_no_sense_is_refused(self):
        file = desk.file("good.csv", rows(1, first=900))
        for name, arguments, words in [
            ("no such command", ("dance",), ["dance"]),
            ("no such option", ("list", "--fast"), ["--fast"]),
            ("neither file nor batch", ("run",), ["--resume"]),
            ("file and batch", ("run", file, "--resume", "done"), ["either"]),
            ("no pricing", ("run", file), ["--pricing"]),
            ("unknown pricing", ("run", file, "--pricing", "guess"), ["otc", "bank", "fixed"]),
            ("resuming with options of a new batch",
             ("run", "--resume", "done", "--name", "x"), ["--resume"]),
            ("priority that is no number", ("run", file, *RUN, "--priority", "abc"), ["abc"]),
            ("no trades at once", ("run", file, *RUN, "--max-concurrent-trades", "0"), ["1 to 100"]),
            ("too many at once", ("run", file, *RUN, "--max-concurrent-trades", "101"), ["100"]),
            ("margin that is no number", ("run", file, *RUN, "--min-margin", "1e3"), ["pips"]),
            ("empty name", ("run", file, "--pricing", "bank", "--name", ""), ["name"]),
            ("name that steers terminals",
             ("run", file, "--pricing", "bank", "--name", "a\x1b[31mb"), ["control"]),
            ("endless name", ("run", file, "--pricing", "bank", "--name", "n" * 201), ["200"]),
            ("list of a status that is none", ("list", "--status", "lost"), ["running"]),
            ("list of nothing", ("list", "--limit", "0"), ["1 to 500"]),
            ("trades of a status that is none", ("trades", "done", "--status", "x"), ["in_doubt"]),
            ("retry of nothing in particular", ("retry", "done"), ["--all"]),
            ("retry of everything twice", ("retry", "done", "--all", "--code", "timeout"), ["one"]),
            ("retry of a code that is none", ("retry", "done", "--code", "bad_luck"), ["bad_luck"]),
            ("priority without a number", ("priority", "done", "high"), ["high"]),
            ("rate zero", ("rate", "set", "USD/ZAR", "0"), ["above zero"]),
            ("rate with an exponent", ("rate", "set", "USD/ZAR", "1e1"), ["1e1"]),
            ("rate of no pair", ("rate", "set", "USDZAR!", "17"), ["USD/ZAR"]),
            ("resolve both ways",
             ("resolve", "x", "--booked", "A", "--not-booked", "--note", "n"), ["either"]),
            ("resolve without a note", ("resolve", "x", "--not-booked"), ["--note"]),
            ("an escape sequence", ("list", "--\x1b[31m\u202e"), []),
            ("a port beyond all", ("sandbox", "--port", "70000"), ["--port is from 0 to 65535"]),
            ("a negative port", ("sandbox", "--port=-1"), ["--port is from 0 to 65535"]),
            ("a fault that is none", ("sandbox", "--faults", "wat=1"), ["wat"]),
            ("more faults than calls",
             ("sandbox", "--port", "0", "--faults", "late=900,slow=900"), ["1000"]),
            ("a day that is none", ("sandbox", "--pricing-day", "2025-02-30"), ["2025-02-30"]),
            ("negative life", ("sandbox", "--port", "0", "--quote-life=-5"), ["--quote-life is from 0"]),
        ]:
            with self.subTest(name):
                self.refuses(desk, arguments, USAGE, *words)

    def test_ids_that_do_not_exist_are_named(self):
        gone = "0191aaaa-0000-7000-8000-000000000000"
        for arguments in [
            ("show", "{}"), ("trades", "{}"), ("errors", "{}"), ("events", "{}"), ("pause", "{}"),
            ("resume", "{}"), ("cancel", "{}"), ("retry", "{}", "--all"), ("priority", "{}", "3"),
            ("run", "--resume", "{}"), ("resolve", "{}"), ("retry", "done", "--trade", "{}"),
            ("resolve", "{}", "--not-booked", "--note", "n", "--yes"), ("reconcile", "{}"),
        ]:
            for name in (gone, "nobody's", "a%\x1b[31m"):
                with self.subTest(arguments=arguments, name=name):
                    given = [part.replace("{}", name) for part in arguments]
                    self.refuses(desk, given, BAD_INPUT, "there is no")

    def test_a_priority_beyond_the_bounds_is_taken_for_the_nearest(self):
        for given, kept in (("0", 1), ("11", 10), ("-3", 1), ("7", 7)):
            with self.subTest(given):
                name = f"priority {given}"
                file = desk.file("p.csv", rows(1, first=2_000 + kept * 13 + len(given)))
                done = desk.good(
                    "run", file, "--pricing", "bank", "--name", name, f"--priority={given}")
                self.assertEqual(f"is taken for {kept}" in done.stderr, given != "7", done.stderr)
                self.assertEqual(desk.batch(name)["priority"], kept)


class Settings(Case):
    def test_wrong_values_are_all_named_at_once(self):
        file = desk.file("good.csv", rows(1, first=910))
        for name, changes, words in [
            ("no number", {"FXBATCH_LEASE_SECONDS": "abc"}, ["FXBATCH_LEASE_SECONDS is abc"]),
            ("negative", {"FXBATCH_LEASE_SECONDS": "-5"}, ["FXBATCH_LEASE_SECONDS is -5"]),
            ("with a unit", {"FXBATCH_BANK_TIMEOUT_MS": "5s"}, ["whole number"]),
            ("with decimals", {"FXBATCH_DOUBT_MARGIN_SECONDS": "1.5"}, ["whole number"]),
            ("beyond all", {"FXBATCH_BANK_MAX_RPS": "99999999999999999999"}, ["10000"]),
            ("lease shorter than two time-outs",
             {"FXBATCH_LEASE_SECONDS": "4", "FXBATCH_BANK_TIMEOUT_MS": "2000"},
             ["FXBATCH_LEASE_SECONDS is 4", "at least 5"]),
            ("three at once",
             {"FXBATCH_LEASE_SECONDS": "x", "FXBATCH_BANK_MAX_RPS": "y",
              "FXBATCH_CLOSED_DAYS": "ZAR:never"},
             ["FXBATCH_LEASE_SECONDS", "FXBATCH_BANK_MAX_RPS", "FXBATCH_CLOSED_DAYS"]),
            ("log level", {"FXBATCH_LOG_LEVEL": "loud"}, ["FXBATCH_LOG_LEVEL is loud"]),
            ("store of no kind", {"FXBATCH_STORE": "/tmp/x.db"}, ["sqlite:PATH"]),
            ("store without a path", {"FXBATCH_STORE": "sqlite:"}, ["sqlite:PATH"]),
            ("store on a server", {"FXBATCH_STORE": "postgres://u@h/db"}, ["not available yet"]),
            ("half a bank",
             {"FXBATCH_BANK_PASSWORD": None, "FXBATCH_BANK_ACCOUNT_URL": None,
              "FXBATCH_BANK_CLIENT_ID": ""},
             ["half", "FXBATCH_BANK_PASSWORD", "FXBATCH_BANK_ACCOUNT_URL", "FXBATCH_BANK_CLIENT_ID"]),
            ("plain http to a stranger",
             {"FXBATCH_BANK_TOKEN_URL": "http://bank.example/token"},
             ["FXBATCH_BANK_TOKEN_URL", "https"]),
            ("http to a name like loopback",
             {"FXBATCH_BANK_TRADING_URL": "http://127.0.0.1.bank.example/v1"}, ["https"]),
            ("no URL", {"FXBATCH_BANK_TRADING_URL": "bank"}, ["is not a URL"]),
            ("a password in a URL",
             {"FXBATCH_BANK_ACCOUNT_URL": "https://u:hidden@bank.example/v1"}, ["user"]),
            ("the authorities' file is not there",
             {"FXBATCH_BANK_CA_FILE": "/nowhere.pem"}, ["FXBATCH_BANK_CA_FILE"]),
            ("a certificate without its key",
             {"FXBATCH_BANK_CLIENT_CERTIFICATE_FILE": "/nowhere.pem"},
             ["FXBATCH_BANK_CLIENT_KEY_FILE"]),
        ]:
            with self.subTest(name):
                self.refuses(desk, ("run", file, *RUN), BAD_INPUT, *words, env=changes)

    def test_no_bank_at_all_is_told_before_anything_is_made(self):
        new = Desk(self.temporary())
        file = new.file("good.csv", rows(1))
        for arguments in (("run", file, *RUN), ("reconcile",), ("accounts", "sync")):
            with self.subTest(arguments=arguments):
                self.refuses(new, arguments, UNAVAILABLE, "FXBATCH_BANK_TOKEN_URL")

    def test_a_secret_in_a_file_is_read_without_its_line_end(self):
        file = desk.file("secret", bank.settings["FXBATCH_BANK_CLIENT_SECRET"] + "\r\n")
        desk.good("accounts", "sync", env={
            "FXBATCH_BANK_CLIENT_SECRET": None, "FXBATCH_BANK_CLIENT_SECRET_FILE": file})

    def test_a_secret_that_cannot_be_read_is_named_once(self):
        secret = "FXBATCH_BANK_CLIENT_SECRET"
        for name, path, words in [
            ("not there", "/nowhere/secret", ["is not there"]),
            ("empty", desk.file("secret", "\n"), ["empty file"]),
            ("a folder", str(desk.folder), ["folder"]),
            ("endless", "/dev/zero", ["device"]),
            ("too long", desk.file("long", "x" * 100_000), ["65536"]),
            ("not a text", desk.file("bytes", b"\xff\xfe\x00"), ["UTF-8"]),
        ]:
            with self.subTest(name):
                changes = {secret: None, secret + "_FILE": path}
                self.refuses(desk, ("accounts", "sync"), BAD_INPUT, *words, env=changes)
                told = desk.run("accounts", "sync", env=changes).stderr
                self.assertEqual(told.count(secret), 1, told)
        changes = {secret + "_FILE": desk.file("secret", "x")}
        self.refuses(
            desk, ("accounts", "sync"), BAD_INPUT, secret, secret + "_FILE", "keep one", env=changes)

    def test_a_bad_file_of_settings_is_refused(self):
        for name, content, words in [
            ("a misspelt name", "FXBATCH_LEASE_SECOND=10\n", ["line 1", "FXBATCH_LEASE_SECOND"]),
            ("no value", "\n# remark\nFXBATCH_STORE\n", ["line 3", "NAME=value"]),
            ("a name twice", "FXBATCH_LOG_LEVEL=info\nFXBATCH_LOG_LEVEL=error\n", ["line 2", "again"]),
            ("all of it", "A=1\nB\nFXBATCH_BANK_MAX_RPS=x\n", ["line 1", "line 2", "MAX_RPS is x"]),
            ("no text", b"\x00\x01\xff", ["UTF-8"]),
            ("no end", "x" * 100_000, ["65536"]),
        ]:
            with self.subTest(name):
                changes = {"FXBATCH_BANK_MAX_RPS": None}
                file = desk.file("bad.env", content)
                self.refuses(desk, ("list", "--config", file), BAD_INPUT, *words, env=changes)
        for name, path, word in [
            ("not there", "none.env", "is not there"), ("a folder", desk.folder, "folder"),
            ("endless", "/dev/zero", "device"),
        ]:
            with self.subTest(name):
                self.refuses(desk, ("list", "--config", path), BAD_INPUT, word, "NAME=value")

    def test_the_environment_wins_and_empty_variables_are_not_set(self):
        file = desk.file("store.env", "export FXBATCH_STORE = sqlite:/nowhere/x.db \r\n")
        desk.good("list", "--config", file)
        self.refuses(
            desk, ("list", "--config", file), STORE, "/nowhere", env={"FXBATCH_STORE": ""})

    def test_no_secret_is_shown(self):
        secret = "tell-nobody-7781"
        changes = {"FXBATCH_BANK_CLIENT_SECRET": secret, "FXBATCH_BANK_PASSWORD": secret}
        for arguments in (("settings", "--check"), ("accounts", "sync"), ("settings",)):
            done = desk.run(*arguments, env={**changes, "FXBATCH_LOG_LEVEL": "trace"})
            self.assertNotIn(secret, done.stdout + done.stderr)


@contextlib.contextmanager
def listener(answer=None):
    """A port of this machine that answers every connection with a text, or never."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                held.append(connection)
                if answer is not None:
                    connection.sendall(answer)
                    connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for connection in held:
            connection.close()


class Banks(Case):
    def urls(self, base):
        return {
            "FXBATCH_BANK_TOKEN_URL": f"{base}/oauth2/v2.0/token",
            "FXBATCH_BANK_TRADING_URL": f"{base}/trading-channel-service/api/v1",
            "FXBATCH_BANK_ACCOUNT_URL": f"{base}/account/api/v1"}

    def refused_by(self, changes, *words):
        file = desk.file("good.csv", rows(1, first=920))
        self.refuses(desk, ("run", file, *RUN), UNAVAILABLE, "Nothing was stored", *words, env=changes)

    def test_a_bank_that_nobody_listens_for(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.refused_by(
            self.urls(f"http://127.0.0.1:{port}"), "Connection refused.", "FXBATCH_BANK_TOKEN_URL")

    def test_a_bank_that_never_answers(self):
        with listener() as port:
            before = time.monotonic()
            self.refused_by(
                {**self.urls(f"http://127.0.0.1:{port}"), "FXBATCH_BANK_TIMEOUT_MS": "300"})
            self.assertLess(time.monotonic() - before, 10)

    def test_a_bank_that_talks_no_http(self):
        with listener(b"SSH-2.0-nothing\r\n") as port:
            self.refused_by(self.urls(f"http://127.0.0.1:{port}"), "does not speak HTTP")

    def test_a_bank_that_is_a_web_page(self):
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/html\r\n\r\n<html>"
        with listener(page) as port:
            self.refused_by(self.urls(f"http://127.0.0.1:{port}"))

    def test_encryption_to_a_port_that_has_none(self):
        self.refused_by(self.urls(f"https://127.0.0.1:{bank.port}"), "encryption")

    def test_a_host_that_is_not_there(self):
        self.refused_by(self.urls("https://bank.invalid"), "bank.invalid is not known")

    def test_wrong_credentials(self):
        for name in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD"):
            with self.subTest(name):
                self.refused_by({f"FXBATCH_BANK_{name}": "wrong"}, "credentials", name)

    def test_a_path_that_the_bank_does_not_have(self):
        self.refused_by({"FXBATCH_BANK_TOKEN_URL": bank.address + "/nowhere"})

    def test_a_port_of_the_sandbox_that_is_taken(self):
        done = desk.run("sandbox", "--port", str(bank.port))
        self.told(done, UNAVAILABLE, "--port")

    def test_files_that_the_sandbox_cannot_have(self):
        for name, option, path, code, word in [
            ("ledger in a folder that is not there", "--database", "no/such.db", STORE, "--database"),
            ("ledger that is a text", "--database", desk.file("text", "x" * 5_000), STORE, "ledger"),
            ("ready file in no folder", "--ready-file", "no/such.env", BAD_INPUT, "ready file"),
        ]:
            with self.subTest(name):
                done = desk.run("sandbox", "--port", "0", option, path)
                done.stdout = done.stdout if option == "--database" else ""
                self.told(done, code, word)

    def test_a_fault_plan_may_be_empty(self):
        self.assertIn("slow_ms", bank.ask("PUT", "faults", {"plan": ""})["plan"])
        other = Bank(self.temporary(), "--faults", "")
        other.stop()


@contextlib.contextmanager
def small_disk(folder):
    """A disk of two megabytes; None where it cannot be had."""
    place = os.path.join(folder, "small")
    os.mkdir(place)
    mounted = IS_ROOT and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=777", "tmpfs", place],
        capture_output=True).returncode == 0
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", place], check=True)


class Stores(Case):
    COMMANDS = [("list",), ("clients", "import", "clients.csv"), ("run", "good.csv", *RUN)]

    def desk_with(self, content=None):
        new = Desk(self.temporary(), bank)
        new.file("clients.csv", CLIENTS)
        new.file("good.csv", rows(1))
        if content is not None:
            new.store.write_bytes(content)
        return new

    def refused_by_all(self, new, *words, commands=COMMANDS, **options):
        for arguments in commands:
            with self.subTest(arguments=arguments):
                content = new.store.read_bytes() if new.store.is_file() else None
                done = new.run(*arguments, **options)
                self.told(done, STORE, *words)
                if content is not None:
                    self.assertEqual(new.store.read_bytes(), content, "the file was changed")

    def test_no_store_is_made_by_what_needs_one(self):
        new = self.desk_with()
        for arguments in [("list",), ("run", "good.csv", *RUN), ("pause", "x"), ("verify",),
                          ("resolve", "x"), ("retry", "x", "--all"), ("reconcile",)]:
            with self.subTest(arguments=arguments):
                self.refuses(new, arguments, STORE, "is not there", "clients import")
        self.refuses(
            new, ("list",), STORE, "is not there", env={"FXBATCH_STORE": "sqlite:no/such/x.db"})

    def test_a_folder(self):
        new = self.desk_with()
        new.store.mkdir()
        self.refused_by_all(new, "is a folder")

    def test_a_text_file(self):
        self.refused_by_all(self.desk_with(b"Client,Amount\nthis is a text\n" * 50), "SQLite")

    def test_an_empty_file(self):
        self.refused_by_all(self.desk_with(b""), "empty", "migrate", commands=[("list",)])

    def test_a_path_below_a_file(self):
        new = self.desk_with()
        changes = {"FXBATCH_STORE": f"sqlite:{new.folder}/clients.csv/x.db"}
        for arguments in self.COMMANDS:
            self.refuses(new, arguments, STORE, "clients.csv", env=changes)

    def test_the_database_of_another_program(self):
        new = self.desk_with()
        other = sqlite3.connect(new.store)
        other.execute("CREATE TABLE songs (name TEXT)")
        other.commit()
        other.close()
        self.refused_by_all(new, "another program")

    def test_a_newer_store(self):
        new = self.desk_with().open_for_clients()
        newer = sqlite3.connect(new.store)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        self.refused_by_all(new, "99", "newer program")

    def good_bytes(self):
        new = self.desk_with().open_for_clients()
        with contextlib.closing(sqlite3.connect(new.store)) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return new.store.read_bytes()

    def test_a_truncated_store(self):
        whole = self.good_bytes()
        for size in (50, 4096, len(whole) // 2 // 4096 * 4096, len(whole) - 4096):
            with self.subTest(size):
                new = self.desk_with(whole[:size])
                for arguments in (("verify",), ("clients", "import", "clients.csv"),
                                  ("run", "good.csv", *RUN)):
                    done = new.run(*arguments)
                    self.told(done, STORE)

    def test_a_corrupt_store(self):
        whole = bytearray(self.good_bytes())
        for place in range(4096, len(whole)):
            whole[place] = (whole[place] * 7 + place) % 256
        new = self.desk_with(bytes(whole))
        for arguments in self.COMMANDS + [("verify",)]:
            with self.subTest(arguments=arguments):
                self.told(new.run(*arguments), STORE, "damaged")

    def test_a_lock_that_another_program_holds(self):
        new = self.desk_with().open_for_clients()
        before = new.fingerprint()
        holder = sqlite3.connect(new.store, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        try:
            self.told(new.run("clients", "import", "clients.csv"), STORE, "locked", "Try again")
            new.good("list")
        finally:
            holder.execute("ROLLBACK")
            holder.close()
        self.assertEqual(new.fingerprint(), before)

    def as_nobody(self, new):
        """Options that run the program as somebody who has no rights."""
        if not IS_ROOT:
            return {}
        os.chmod(new.folder, 0o755)
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        try:
            works = new.run("--help", **options).returncode == 0
        except OSError:
            works = False
        if not works:
            self.skipTest("the built program cannot be run as another user than root here")
        return options

    def test_rights_that_are_missing(self):
        new = self.desk_with().open_for_clients()
        options = self.as_nobody(new)
        before = new.fingerprint()
        for path in (new.store, new.folder / "clients.csv", new.folder / "good.csv"):
            os.chmod(path, 0)
        self.told(new.run("list", **options), STORE)
        for arguments in (("clients", "import", "clients.csv"), ("run", "good.csv", *RUN)):
            self.told(new.run(*arguments, **options), BAD_INPUT, "Permission denied")
        for path in (new.folder / "clients.csv", new.folder / "good.csv"):
            os.chmod(path, 0o644)
        os.chmod(new.store, 0o444)
        os.chmod(new.folder, 0o555)
        try:
            for arguments in (("clients", "import", "clients.csv"), ("run", "good.csv", *RUN)):
                self.told(new.run(*arguments, **options), STORE, "cannot be written")
            changes = {"FXBATCH_STORE": f"sqlite:{new.folder}/new.db"}
            done = new.run("clients", "import", "clients.csv", env=changes, **options)
            self.told(done, STORE, "cannot be written")
            changes = {"FXBATCH_STORE": f"sqlite:{new.folder}/sub/new.db"}
            done = new.run("clients", "import", "clients.csv", env=changes, **options)
            self.told(done, STORE, "cannot be made")
        finally:
            os.chmod(new.folder, 0o755)
        self.assertEqual(new.fingerprint(), before)

    def many_clients(self, new):
        lines = ["Client,Client CIF,Fixed Spread"]
        lines += [f"{'Invented ' * 10}{n},CIF{n},300" for n in range(30_000)]
        return new.file("many.csv", "\n".join(lines) + "\n")

    def test_a_full_disk(self):
        new = self.desk_with()
        many = self.many_clients(new)
        with small_disk(new.folder) as place:
            if place is None:
                self.skipTest("a small disk can be mounted by root only")
            changes = {"FXBATCH_STORE": f"sqlite:{place}/desk.db"}
            new.good("clients", "import", "clients.csv", env=changes)
            clients = new.good("clients", "list", env=changes).stdout
            done = new.run("clients", "import", many, env=changes)
            self.told(done, STORE, "disk is full", "nothing was written")
            self.assertEqual(new.good("clients", "list", env=changes).stdout, clients)
            new.good("verify", env=changes)

    def test_a_store_cannot_be_made_on_a_full_disk(self):
        new = self.desk_with()
        with small_disk(new.folder) as place:
            if place is None:
                self.skipTest("a small disk can be mounted by root only")
            with contextlib.suppress(OSError), open(f"{place}/filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)
            changes = {"FXBATCH_STORE": f"sqlite:{place}/desk.db"}
            done = new.run("clients", "import", "clients.csv", env=changes)
            self.told(done, STORE, "disk is full")
            self.assertEqual(os.listdir(place), ["filler"])
            os.unlink(f"{place}/filler")
            new.good("clients", "import", "clients.csv", env=changes)

    def running(self, new, changes):
        """A slow run of which two trades are completed."""
        new.environment.update(changes)
        new.good("clients", "import", "clients.csv")
        file = new.file("slow.csv", rows(60))
        run = new.start(
            "run", file, *RUN[:2], "--name", "slow", env={"FXBATCH_BANK_MAX_RPS": "20"})
        new.wait_for_count("slow", "completed", 2)
        return run

    def ended_for_the_store(self, run, *words):
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, STORE, err)
        messages = [line for line in err.splitlines() if line.startswith("fxbatch: ")]
        self.assertEqual(len(messages), 1, err)
        for word in words:
            self.assertIn(word, messages[0])

    def goes_on(self, new):
        new.good("run", "--resume", "slow")
        new.good("verify")
        self.assertEqual(new.batch("slow")["counts"]["completed"], 60)

    def test_a_disk_that_fills_while_a_batch_runs(self):
        new = self.desk_with()
        with small_disk(new.folder) as place:
            if place is None:
                self.skipTest("a small disk can be mounted by root only")
            run = self.running(new, {"FXBATCH_STORE": f"sqlite:{place}/desk.db"})
            with contextlib.suppress(OSError), open(f"{place}/filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)
            self.ended_for_the_store(run, "disk is full")
            os.unlink(f"{place}/filler")
            self.goes_on(new)

    def test_a_lock_that_another_program_takes_while_a_batch_runs(self):
        new = self.desk_with()
        run = self.running(new, {})
        holder = sqlite3.connect(new.store, isolation_level=None, timeout=30)
        holder.execute("BEGIN EXCLUSIVE")
        try:
            self.ended_for_the_store(run, "locked", "Try again")
        finally:
            holder.execute("ROLLBACK")
            holder.close()
        self.goes_on(new)

    def test_a_limit_on_the_size_of_files(self):
        new = self.desk_with().open_for_clients()
        before = new.fingerprint()
        many = self.many_clients(new)
        limited = subprocess.run(
            ["bash", "-c", 'ulimit -f 1000; exec "$0" "$@"', PROGRAM, "clients", "import", many],
            env=new.settings({}), cwd=new.folder, capture_output=True, text=True, timeout=60)
        self.told(limited, STORE)
        self.assertEqual(new.fingerprint(), before)
        new.good("verify")


class Orders(Case):
    def test_orders_in_the_wrong_state_are_refused(self):
        for arguments in [
            ("pause", "done"), ("resume", "done"), ("cancel", "done"), ("priority", "done", "3"),
        ]:
            with self.subTest(arguments=arguments):
                self.refuses(desk, arguments, BAD_INPUT, "the batch", "is success")
        self.refuses(desk, ("retry", "done", "--all"), BAD_INPUT, "fxbatch errors")
        trade = desk.json("trades", "done")[0]["id"]
        self.refuses(desk, ("retry", "done", "--trade", trade), BAD_INPUT)
        desk.good("run", desk.file("o.csv", rows(1, first=7_000)), *RUN[:2], "--name", "other")
        self.refuses(desk, ("retry", "other", "--trade", trade), BAD_INPUT)

    def test_a_trade_that_is_not_in_doubt_is_not_resolved(self):
        trade = desk.json("trades", "done")[0]["id"]
        for decision in (("--not-booked",), ("--booked", "FX1")):
            for more in ((), ("--yes",), ("--yes", "--json")):
                with self.subTest(decision=decision, more=more):
                    self.refuses(
                        desk, ("resolve", trade, *decision, "--note", "n", *more), BAD_INPUT,
                        "completed", "in doubt")

    def test_orders_about_a_batch_that_waits(self):
        file = desk.file("waits.csv", rows(300, first=5_000))
        running = desk.start(
            "run", file, "--pricing", "bank", "--name", "waits", env={"FXBATCH_BANK_MAX_RPS": "5"})
        wait_for(running.stderr, "300 trades taken in")
        done = interrupt(running)
        self.assertEqual(done.returncode, INTERRUPTED)
        self.refuses(desk, ("resume", "waits"), BAD_INPUT, "can be paused or cancelled")
        desk.good("pause", "waits")
        self.refuses(desk, ("pause", "waits"), BAD_INPUT, "is paused", "resumed")
        for given, kept in (("0", 1), ("11", 10)):
            desk.good("priority", "waits", given)
            self.assertEqual(desk.batch("waits")["priority"], kept)
        done = desk.run("run", "--resume", "waits")
        self.assertEqual(done.returncode, WAITS, done.stderr)
        self.assertIn("fxbatch resume", done.stderr)
        # A reader that goes away early: no complaint, whatever is left unsaid.
        listing = desk.start("trades", "waits", "--json")
        listing.stdout.readline()
        listing.stdout.close()
        listing.wait(timeout=60)
        self.assertEqual(listing.stderr.read(), "")
        listing.stderr.close()
        desk.good("cancel", "waits")
        done = desk.run("cancel", "waits")
        self.told(done, BAD_INPUT)
        desk.good("run", "--resume", "waits", code=3 if self.completed("waits") == 0 else 1)
        self.refuses(desk, ("cancel", "waits"), BAD_INPUT, "tried again")

    def completed(self, name):
        return desk.batch(name)["counts"]["completed"]


class Doubts(Case):
    """A bank that loses its answers and looks nothing up."""

    def test_a_doubt_is_told_resolved_and_never_guessed(self):
        folder = self.temporary()
        blind = Bank(folder, "--lookup", "none", "--faults", "lost_after=1000", "--quote-life", "3000")
        self.addCleanup(blind.stop)
        new = Desk(folder, blind).open_for_clients()
        new.environment.update(FXBATCH_ESCALATION_SECONDS="1", FXBATCH_DOUBT_MARGIN_SECONDS="2")
        done = new.run("run", new.file("a.csv", rows(1, cif="CIF1000")), *RUN[:2], "--name", "first")
        self.assertEqual(done.returncode, WAITS, done.stderr)
        trade = new.json("trades", "first")[0]
        self.assertEqual(trade["status"], "in_doubt")
        self.assertIn(f"fxbatch resolve {trade['id']}", done.stderr)
        # Nothing else is booked before the bank has shown that it can look deals up.
        done = new.run("run", new.file("b.csv", rows(1, cif="CIF1001")), *RUN[:2], "--name", "next")
        self.assertEqual(done.returncode, WAITS, done.stderr)
        self.assertIn(f"wait for trade {trade['id']}", done.stderr)
        self.refuses(new, ("retry", "first", "--all"), BAD_INPUT)
        no = ("resolve", trade["id"], "--not-booked", "--note", "asked")
        self.refuses(new, no, USAGE, "--yes")
        code, shown = at_terminal(new, no, "n\n")
        self.assertEqual(code, USAGE, shown)
        self.assertIn("nothing was changed", shown)
        self.assertIn("Record that this trade was NOT booked?", shown)
        time.sleep(max(0, 5.5 - seconds_since(trade["updated_at"])))
        hostile = ("resolve", trade["id"], "--booked", "FX\x1b[31m1", "--note", "seen")
        self.refuses(new, hostile, USAGE, "--booked")
        yes = ("resolve", trade["id"], "--booked", "FX1", "--note", "seen\u202e")
        code, shown = at_terminal(new, yes, "y\n")
        self.assertEqual(code, 0, shown)
        self.assertIn("it closed the connection", shown)
        self.assertEqual(new.json("trades", "first")[0]["status"], "completed")
        self.assertEqual(new.json("show", "first")[0]["status"], "success")

    def test_an_early_no_is_refused(self):
        folder = self.temporary()
        blind = Bank(folder, "--lookup", "none", "--faults", "lost_after=1000")
        self.addCleanup(blind.stop)
        new = Desk(folder, blind).open_for_clients()
        new.environment.update(FXBATCH_ESCALATION_SECONDS="1")
        new.good("run", new.file("a.csv", rows(1)), *RUN, code=WAITS)
        trade = new.json("trades", "never")[0]["id"]
        self.refuses(
            new, ("resolve", trade, "--not-booked", "--note", "n", "--yes"), BAD_INPUT,
            "may still book it")

    def test_the_doubt_of_another_batch_is_named(self):
        new = Desk(self.temporary(), bank).open_for_clients()
        new.good("run", new.file("shown.csv", rows(1)), *RUN[:2], "--name", "shown")
        bank.ask("POST", "next", {"call": "book", "fault": "lost_before"})
        running = new.start(
            "run", new.file("a.csv", rows(1, first=50, cif="CIF1001")), *RUN[:2], "--name", "doubtful")
        new.wait_for_count("doubtful", "in_doubt", 1)
        self.assertEqual(interrupt(running).returncode, INTERRUPTED)
        doubtful = new.batch("doubtful")
        self.assertEqual(doubtful["counts"]["in_doubt"], 1)
        done = new.run(
            "run", new.file("b.csv", rows(1, first=60, cif="CIF1001")), *RUN[:2], "--name", "same")
        self.assertEqual(done.returncode, WAITS, done.stderr)
        self.assertIn("1 trades wait for doubts of the same clients", done.stderr)
        self.assertIn(f"fxbatch run --resume {doubtful['id']}", done.stderr)
        new.good("run", new.file("c.csv", rows(1, first=70, cif="CIF1002")), *RUN[:2])


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


class Pricing(Case):
    def test_the_desk_s_own_rate_must_be_there_and_fresh(self):
        quoted = desk.json("trades", "done")[0]["quote_rate"]
        new = Desk(self.temporary(), bank).open_for_clients()
        file = new.file("otc.csv", rows(2))
        self.refuses(
            new, ("run", file, "--pricing", "otc"), BAD_INPUT, "row 1", "row 2", "OTC rate",
            "otc_rate_missing")
        self.refuses(new, ("rate", "show", "USD/ZAR"), BAD_INPUT, "fxbatch rate set")
        new.good("rate", "set", "USD/ZAR", quoted)
        self.refuses(new, ("rate", "set", "USD/ZAR", "99"), BAD_INPUT, "--confirm")
        time.sleep(1.1)
        self.refuses(
            new, ("run", file, "--pricing", "otc"), BAD_INPUT, "otc_rate_stale",
            env={"FXBATCH_OTC_MAX_AGE_SECONDS": "1"})
        done = new.good("run", file, "--pricing", "otc", "--json")
        batch = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((batch["status"], batch["pricing"]), ("success", "otc"))
        self.refuses(
            new, ("run", new.file("f.csv", rows(2, first=40)), "--pricing", "fixed"), BAD_INPUT,
            "row 1", "row 2", "Fixed Rate", "missing_fixed_rate")


class Output(Case):
    def commands(self, *path):
        """Every command below one, itself first, as its help lists them."""
        yield path
        listed = desk.good(*path, "--help").stdout.partition("SUBCOMMANDS:")[2]
        for name in re.findall(r"^  ([a-z][a-z-]*)(?: \(default\))?(?:  |$)", listed, re.MULTILINE):
            yield from self.commands(*path, name)

    def test_every_help_shows_an_example(self):
        seen = list(self.commands())
        self.assertGreater(len(seen), 25)
        for path in seen:
            with self.subTest(" ".join(path)):
                done = desk.good(*path, "--help")
                self.assertEqual(done.stderr, "")
                self.assertRegex(
                    done.stdout.partition("USAGE:")[0], rf"(?m)^\s+fxbatch {' '.join(path)}")

    def test_json_is_one_object_a_line_and_carries_decimals_as_texts(self):
        decimals = {
            "deal_amount", "spread", "quote_rate", "client_rate", "counter_amount", "margin_pips",
            "margin_amount", "min_margin_pips", "rate"}
        found = set()

        def look(value, name=None):
            self.assertNotIsInstance(value, float, name)
            if name in decimals and value is not None:
                found.add(name)
                self.assertRegex(value, r"^-?\d+(\.\d+)?$", name)
            members = value.items() if isinstance(value, dict) else (
                ((name, item) for item in value) if isinstance(value, list) else ())
            for key, member in members:
                look(member, key)

        for arguments in [
            ("list",), ("show", "done"), ("trades", "done"), ("events", "done"),
            ("errors", "done"), ("clients", "list"), ("accounts", "list"), ("verify",),
        ]:
            with self.subTest(arguments=arguments):
                done = desk.good(*arguments, "--json")
                for line in done.stdout.splitlines():
                    value = json.loads(line, parse_float=str)
                    value.pop("progress", None)
                    look(value)
        self.assertLessEqual(decimals - found, {"rate"})
        batch = desk.batch("done")
        self.assertEqual(batch["created_by"], subprocess.check_output(
            ["id", "-un"], text=True).strip())
        self.assertEqual(batch["policy"]["min_margin_pips"], "0")

    def test_nothing_hostile_reaches_a_terminal(self):
        hostile = "Ev\u202eil \u2066name\u2069 \u200f\u200b\u2028end" + "\u0301" * 40
        clients = f"Client,Client CIF,Fixed Spread,ZAR Account,USD Account\n{hostile},CIFX,300,ZA1,US1\n"
        new = Desk(self.temporary(), bank)
        new.good("clients", "import", new.file("c.csv", clients))
        trades = f"Client CIF,Amount ZAR,Reference\nCIFX,10.00,{hostile}\n"
        done = new.good(
            "run", new.file("t.csv", trades), "--pricing", "bank", "--name", hostile)
        self.is_plain(done.stdout)
        self.is_plain(done.stderr)
        for arguments in [("list",), ("show", hostile), ("trades", hostile), ("events", hostile),
                          ("clients", "list")]:
            for more in ((), ("--json",)):
                with self.subTest(arguments=arguments, more=more):
                    done = new.good(*arguments, *more)
                    self.is_plain(done.stdout + done.stderr)
        self.assertEqual(new.json("clients", "list")[0]["name"], hostile)
        self.assertEqual(new.json("trades", hostile)[0]["external_ref"], hostile)
        self.assertIn("\\u{202e}", new.good("clients", "list").stdout)

    def test_colours_are_for_terminals_that_want_them(self):
        self.assertNotIn("\x1b", desk.good("list").stdout)
        code, shown = at_terminal(desk, ("list",), "")
        self.assertEqual((code, "\x1b" in shown), (0, False))


class TwoAtOnce(Case):
    """A second run, interrupts, and a process that is killed."""

    SLOW = {"FXBATCH_BANK_MAX_RPS": "20"}

    def test_a_second_run_watches_and_takes_over_when_the_first_is_killed(self):
        new = Desk(self.temporary(), bank).open_for_clients()
        first = new.start(
            "run", new.file("a.csv", rows(100, cif="CIF1000")), "--pricing", "bank", "--name",
            "first", env=self.SLOW)
        new.wait_for_count("first", "completed", 2)
        second = new.start(
            "run", new.file("b.csv", rows(2, first=500, cif="CIF1001")), "--pricing", "bank",
            "--name", "second", "--json", env=self.SLOW)
        wait_for(second.stderr, "another fxbatch runs the engine")
        first.kill()
        first.communicate()
        out, err = second.communicate(timeout=60)
        self.assertEqual(second.returncode, 0, err)
        self.assertEqual(json.loads(out.splitlines()[-1])["status"], "success")
        new.good("run", "--resume", "first")
        self.assertEqual(new.batch("first")["status"], "success")
        new.good("verify")

    def test_a_booking_that_a_killed_run_left_is_named_to_whoever_waits_for_it(self):
        new = Desk(self.temporary(), bank).open_for_clients()
        new.good("run", new.file("shown.csv", rows(1)), *RUN[:2], "--name", "shown")
        bank.ask("POST", "next", {"call": "book", "fault": "slow"})
        first = new.start(
            "run", new.file("a.csv", rows(1, first=50, cif="CIF1001")), *RUN[:2], "--name", "killed")
        new.wait_for_count("killed", "booking", 1)
        first.kill()
        first.communicate()
        done = new.run(
            "run", new.file("b.csv", rows(1, first=60, cif="CIF1001")), *RUN[:2], "--name", "same")
        self.assertEqual(done.returncode, WAITS, done.stderr)
        killed = new.batch("killed")["id"]
        self.assertIn(f"fxbatch run --resume {killed}", done.stderr)
        new.good("run", "--resume", "killed")
        new.good("run", "--resume", "same")
        new.good("verify")

    def test_one_signal_ends_a_run_that_can_go_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                new = Desk(self.temporary(), bank).open_for_clients()
                running = new.start(
                    "run", new.file("a.csv", rows(40)), "--pricing", "bank", "--name", "a",
                    env=self.SLOW)
                wait_for(running.stderr, "running")
                done = interrupt(running, number)
                self.assertEqual(done.returncode, INTERRUPTED, done.stderr)
                batch = new.batch("a")
                self.assertIn(f"fxbatch run --resume {batch['id']}", done.stderr)
                self.assertIsNone(batch["lock"])
                self.assertGreater(batch["counts"]["pending"], 0)
                new.good("run", "--resume", batch["id"])
                new.good("verify")


def main():
    """Runs the classes beside each other, since most of their time is waiting; one alone, or what
    else `unittest` understands, in this process."""
    if len(sys.argv) > 1:
        unittest.main()
    classes = [TwoAtOnce, Usage, TradeFiles, Doubts, Stores, Banks, Settings, Orders, Output,
               Pricing, ClientFiles]

    def run(case):
        return subprocess.run(
            [sys.executable, __file__, case.__name__], capture_output=True, text=True, timeout=300)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as workers:
        for case, done in zip(classes, workers.map(run, classes)):
            summary = done.stderr.strip().splitlines()
            print(f"{case.__name__}: {summary[-3]} {summary[-1]}", flush=True)
            if done.returncode != 0:
                failed += 1
                print(done.stdout + done.stderr)
    print(f"{len(classes) - failed} classes passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
