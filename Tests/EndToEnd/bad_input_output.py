"""What reaches standard output: helps, JSON, and nothing that steers a terminal."""

import json
import re
import subprocess

from bad_input_desk import (
    USAGE, SharedCase, Desk, at_terminal)


class Output(SharedCase):
    def commands(self, *path):
        """Every command below one, itself first, as its help lists them."""
        yield path
        listed = self.desk.good(*path, "--help").stdout.partition("SUBCOMMANDS:")[2]
        for name in re.findall(r"^  ([a-z][a-z-]*)(?: \(default\))?(?:  |$)", listed, re.MULTILINE):
            yield from self.commands(*path, name)

    def test_every_help_shows_an_example(self):
        seen = list(self.commands())
        self.assertGreater(len(seen), 25)
        for path in seen:
            with self.subTest(" ".join(path)):
                done = self.desk.good(*path, "--help")
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
                done = self.desk.good(*arguments, "--json")
                for line in done.stdout.splitlines():
                    value = json.loads(line, parse_float=str)
                    value.pop("progress", None)
                    look(value)
        self.assertLessEqual(decimals - found, {"rate"})
        batch = self.desk.batch("done")
        self.assertEqual(batch["created_by"], subprocess.check_output(
            ["id", "-un"], text=True).strip())
        self.assertEqual(batch["policy"], {
            "on_failure": "continue", "tolerated_failures": None, "tolerated_failure_percent": None,
            "max_attempts": 3, "min_margin_pips": "0", "approval": "none",
            "retries": {
                category: {"tries": tries, "first_delay_ms": 500, "greatest_delay_ms": 30000}
                for category, tries in (("transient", 8), ("permanent", 1), ("rule", 1))}})

    def test_nothing_hostile_reaches_a_terminal(self):
        hostile = "Ev\u202eil \u2066name\u2069 \u200f\u200b\u2028end" + "\u0301" * 40
        clients = f"Client,Client CIF,Fixed Spread,ZAR Account,USD Account\n{hostile},CIFX,300,ZA1,US1\n"
        new = Desk(self.temporary(), self.bank)
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
        self.assertNotIn("\x1b", self.desk.good("list").stdout)
        code, shown = at_terminal(self.desk, ("list",), "")
        self.assertEqual((code, "\x1b" in shown), (0, False))
