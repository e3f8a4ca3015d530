"""Options, settings and banks that cannot be used."""

import contextlib
import socket
import threading
import time

from bad_input_desk import (
    BAD_INPUT, RUN, STORE, UNAVAILABLE, USAGE, Bank, SharedCase, Desk, rows)


class Usage(SharedCase):
    def test_a_command_that_makes_no_sense_is_refused(self):
        file = self.desk.file("good.csv", rows(1, first=900))
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
            ("priority with decimals", ("run", file, *RUN, "--priority", "5.5"), ["5.5"]),
            ("priority of nothing", ("run", file, *RUN, "--priority", ""), ["--priority"]),
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
                self.refuses(self.desk, arguments, USAGE, *words)

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
                    self.refuses(self.desk, given, BAD_INPUT, "there is no")

    def test_a_priority_beyond_the_bounds_is_taken_for_the_nearest(self):
        for number, (given, kept) in enumerate([
            ("-5", 1), ("0", 1), ("7", 7), ("11", 10), ("99999999999999999999", 10),
            ("-99999999999999999999", 1),
        ]):
            for form in (["--priority", given], [f"--priority={given}"]):
                with self.subTest(form):
                    name = f"priority {' '.join(form)}"
                    file = self.desk.file("p.csv", rows(1, first=2_000 + 2 * number + len(form)))
                    done = self.desk.good("run", file, "--pricing", "bank", "--name", name, *form)
                    told = f"priority {given} is taken for {kept}\n" in done.stderr
                    self.assertEqual(told, given != "7", done.stderr)
                    self.assertEqual(self.desk.batch(name)["priority"], kept)


class Settings(SharedCase):
    def test_wrong_values_are_all_named_at_once(self):
        file = self.desk.file("good.csv", rows(1, first=910))
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
            ("rules of every kind",
             {"FXBATCH_LIMIT_TRADE_ZAR": "much", "FXBATCH_LIMIT_BATCH_ZAR": "-1",
              "FXBATCH_LIMIT_CLIENT_DAY_ZAR": "1e6", "FXBATCH_LIMIT_DEALER_DAY_ZAR": "1.001",
              "FXBATCH_TRANSFER_FEE_ZAR": "free", "FXBATCH_RULE_BALANCE": "maybe",
              "FXBATCH_RULE_DUPLICATE": "OFF",
              "FXBATCH_ALLOWANCES": "SDA:2026-02-25:2000000.00,XXX:2026-01-01:1,FIA:never:1,SDA"},
             ["FXBATCH_LIMIT_TRADE_ZAR is much", "FXBATCH_LIMIT_BATCH_ZAR is -1",
              "FXBATCH_LIMIT_CLIENT_DAY_ZAR is 1e6", "FXBATCH_LIMIT_DEALER_DAY_ZAR is 1.001",
              "FXBATCH_TRANSFER_FEE_ZAR is free", "FXBATCH_RULE_BALANCE is maybe",
              "off, warning or error", "FXBATCH_RULE_DUPLICATE is OFF",
              "FXBATCH_ALLOWANCES holds XXX:2026-01-01:1", "holds FIA:never:1", "holds SDA;"]),
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
                self.refuses(self.desk, ("run", file, *RUN), BAD_INPUT, *words, env=changes)

    def test_no_bank_at_all_is_told_before_anything_is_made(self):
        new = Desk(self.temporary())
        file = new.file("good.csv", rows(1))
        for arguments in (("run", file, *RUN), ("reconcile",), ("accounts", "sync")):
            with self.subTest(arguments=arguments):
                self.refuses(new, arguments, UNAVAILABLE, "FXBATCH_BANK_TOKEN_URL")

    def test_a_secret_in_a_file_is_read_without_its_line_end(self):
        file = self.desk.file("secret", self.bank.settings["FXBATCH_BANK_CLIENT_SECRET"] + "\r\n")
        self.desk.good("accounts", "sync", env={
            "FXBATCH_BANK_CLIENT_SECRET": None, "FXBATCH_BANK_CLIENT_SECRET_FILE": file})

    def test_a_secret_that_cannot_be_read_is_named_once(self):
        secret = "FXBATCH_BANK_CLIENT_SECRET"
        for name, path, words in [
            ("not there", "/nowhere/secret", ["is not there"]),
            ("empty", self.desk.file("secret", "\n"), ["empty file"]),
            ("a folder", str(self.desk.folder), ["folder"]),
            ("endless", "/dev/zero", ["device"]),
            ("too long", self.desk.file("long", "x" * 100_000), ["65536"]),
            ("not a text", self.desk.file("bytes", b"\xff\xfe\x00"), ["UTF-8"]),
        ]:
            with self.subTest(name):
                changes = {secret: None, secret + "_FILE": path}
                self.refuses(self.desk, ("accounts", "sync"), BAD_INPUT, *words, env=changes)
                told = self.desk.run("accounts", "sync", env=changes).stderr
                self.assertEqual(told.count(secret), 1, told)
        changes = {secret + "_FILE": self.desk.file("secret", "x")}
        self.refuses(
            self.desk, ("accounts", "sync"), BAD_INPUT, secret, secret + "_FILE", "keep one", env=changes)

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
                file = self.desk.file("bad.env", content)
                self.refuses(self.desk, ("list", "--config", file), BAD_INPUT, *words, env=changes)
        for name, path, word in [
            ("not there", "none.env", "is not there"), ("a folder", self.desk.folder, "folder"),
            ("endless", "/dev/zero", "device"),
        ]:
            with self.subTest(name):
                self.refuses(self.desk, ("list", "--config", path), BAD_INPUT, word, "NAME=value")

    def test_the_environment_wins_and_empty_variables_are_not_set(self):
        file = self.desk.file("store.env", "export FXBATCH_STORE = sqlite:/nowhere/x.db \r\n")
        self.desk.good("list", "--config", file)
        self.refuses(
            self.desk, ("list", "--config", file), STORE, "/nowhere", env={"FXBATCH_STORE": ""})

    def test_no_secret_is_shown(self):
        secret = "tell-nobody-7781"
        changes = {"FXBATCH_BANK_CLIENT_SECRET": secret, "FXBATCH_BANK_PASSWORD": secret}
        for arguments in (("settings", "--check"), ("accounts", "sync"), ("settings",)):
            done = self.desk.run(*arguments, env={**changes, "FXBATCH_LOG_LEVEL": "trace"})
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


class Banks(SharedCase):
    def urls(self, base):
        return {
            "FXBATCH_BANK_TOKEN_URL": f"{base}/oauth2/v2.0/token",
            "FXBATCH_BANK_TRADING_URL": f"{base}/trading-channel-service/api/v1",
            "FXBATCH_BANK_ACCOUNT_URL": f"{base}/account/api/v1"}

    def refused_by(self, changes, *words):
        file = self.desk.file("good.csv", rows(1, first=920))
        self.refuses(self.desk, ("run", file, *RUN), UNAVAILABLE, "Nothing was stored", *words, env=changes)

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
        self.refused_by(self.urls(f"https://127.0.0.1:{self.bank.port}"), "encryption")

    def test_a_host_that_is_not_there(self):
        self.refused_by(self.urls("https://bank.invalid"), "bank.invalid is not known")

    def test_wrong_credentials(self):
        for name in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD"):
            with self.subTest(name):
                self.refused_by({f"FXBATCH_BANK_{name}": "wrong"}, "credentials", name)

    def test_a_path_that_the_bank_does_not_have(self):
        self.refused_by({"FXBATCH_BANK_TOKEN_URL": self.bank.address + "/nowhere"})

    def test_a_port_of_the_sandbox_that_is_taken(self):
        done = self.desk.run("sandbox", "--port", str(self.bank.port))
        self.told(done, UNAVAILABLE, "--port")

    def test_files_that_the_sandbox_cannot_have(self):
        for name, option, path, code, word in [
            ("ledger in a folder that is not there", "--database", "no/such.db", STORE, "--database"),
            ("ledger that is a text", "--database", self.desk.file("text", "x" * 5_000), STORE, "ledger"),
            ("ready file in no folder", "--ready-file", "no/such.env", BAD_INPUT, "ready file"),
        ]:
            with self.subTest(name):
                done = self.desk.run("sandbox", "--port", "0", option, path)
                done.stdout = done.stdout if option == "--database" else ""
                self.told(done, code, word)

    def test_a_fault_plan_may_be_empty(self):
        self.assertIn("slow_ms", self.bank.ask("PUT", "faults", {"plan": ""})["plan"])
        other = Bank(self.temporary(), "--faults", "")
        other.stop()
