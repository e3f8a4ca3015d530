"""Orders in the wrong state, waits, doubts, prices, and two runs at once."""

import json
import signal
import time

from bad_input_desk import (
    BAD_INPUT, INTERRUPTED, RUN, UNAVAILABLE, USAGE, WAITS, Bank, SharedCase, Desk, at_terminal, interrupt,
    rows, seconds_since, wait_for)


class Orders(SharedCase):
    def test_orders_in_the_wrong_state_are_refused(self):
        for arguments in [
            ("pause", "done"), ("resume", "done"), ("cancel", "done"), ("priority", "done", "3"),
        ]:
            with self.subTest(arguments=arguments):
                self.refuses(self.desk, arguments, BAD_INPUT, "the batch", "is success")
        self.refuses(self.desk, ("retry", "done", "--all"), BAD_INPUT, "fxbatch errors")
        trade = self.desk.json("trades", "done")[0]["id"]
        self.refuses(self.desk, ("retry", "done", "--trade", trade), BAD_INPUT)
        self.desk.good("run", self.desk.file("o.csv", rows(1, first=7_000)), *RUN[:2], "--name", "other")
        self.refuses(self.desk, ("retry", "other", "--trade", trade), BAD_INPUT)

    def test_a_trade_that_is_not_in_doubt_is_not_resolved(self):
        trade = self.desk.json("trades", "done")[0]["id"]
        for decision in (("--not-booked",), ("--booked", "FX1")):
            for more in ((), ("--yes",), ("--yes", "--json")):
                with self.subTest(decision=decision, more=more):
                    self.refuses(
                        self.desk, ("resolve", trade, *decision, "--note", "n", *more), BAD_INPUT,
                        "completed", "in doubt")

    def test_orders_about_a_batch_that_waits(self):
        file = self.desk.file("waits.csv", rows(300, first=5_000))
        running = self.desk.start(
            "run", file, "--pricing", "bank", "--name", "waits", env={"FXBATCH_BANK_MAX_RPS": "5"})
        wait_for(running.stderr, "taken in: 300 trades")
        done = interrupt(running)
        self.assertEqual(done.returncode, INTERRUPTED)
        self.refuses(self.desk, ("resume", "waits"), BAD_INPUT, "can be paused or cancelled")
        self.desk.good("pause", "waits")
        self.refuses(self.desk, ("pause", "waits"), BAD_INPUT, "is paused", "resumed")
        for kept, given in ((1, ["0"]), (10, ["11"]), (1, ["--", "-5"]), (10, ["9" * 20])):
            done = self.desk.good("priority", "waits", *given)
            self.assertIn(f"priority {given[-1]} is taken for {kept}\n", done.stderr)
            self.assertEqual(self.desk.batch("waits")["priority"], kept)
        done = self.desk.run("run", "--resume", "waits")
        self.assertEqual(done.returncode, WAITS, done.stderr)
        self.assertIn("fxbatch resume", done.stderr)
        # A reader that goes away early: no complaint, whatever is left unsaid.
        listing = self.desk.start("trades", "waits", "--json")
        listing.stdout.readline()
        listing.stdout.close()
        listing.wait(timeout=60)
        self.assertEqual(listing.stderr.read(), "")
        listing.stderr.close()
        self.desk.good("cancel", "waits")
        done = self.desk.run("cancel", "waits")
        self.told(done, BAD_INPUT)
        self.desk.good("run", "--resume", "waits", code=3 if self.completed("waits") == 0 else 1)
        self.refuses(self.desk, ("cancel", "waits"), BAD_INPUT, "tried again")

    def completed(self, name):
        return self.desk.batch(name)["counts"]["completed"]


class Waits(SharedCase):
    """A bank whose status query fails from the start."""

    def test_what_a_run_waits_for_is_told(self):
        folder = self.temporary()
        mute = Bank(folder, "--faults", "status.error_before=1000")
        self.addCleanup(mute.stop)
        new = Desk(folder, mute).open_for_clients()
        file = new.file("a.csv", rows(3))
        run = new.start("run", file, *RUN[:2], "--name", "waits")
        wait_for(run.stderr, "waiting: the bank has not yet shown the deal that was booked alone")
        for command in ("show", "errors"):
            shown = new.good(command, "waits").stdout
            for word in ("waiting: ", "HTTP status 5", "nothing else is booked until it does",
                         "next try at "):
                self.assertIn(word, shown)
        done = interrupt(run)
        self.assertEqual(done.returncode, INTERRUPTED, done.stderr)
        self.assertIn("it waited: the bank has not yet shown", done.stderr)
        self.assertNotIn("waiting: ", new.good("show", "waits").stdout)

        # A new session begins with the same question about the deal that is known by now.
        run = new.start("run", "--resume", "waits")
        wait_for(run.stderr, "waiting: the bank has not answered the question whether")
        mute.ask("PUT", "faults", {"plan": ""})
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, err)
        self.assertEqual(new.batch("waits")["counts"]["completed"], 3)


class Doubts(SharedCase):
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
        # The bank's statement has the deal: who calls it not booked has to insist, and is not believed
        # for good.
        self.refuses(new, (*no, "--yes"), BAD_INPUT, "has a deal of this trade", "--insist")
        new.good(*no, "--yes", "--insist")
        done = new.run("reconcile")
        self.assertEqual(done.returncode, WAITS, done.stdout)
        self.assertIn("It is in doubt now", done.stdout)
        shown = new.good("show", "first").stdout
        for words in ("needs a decision", "names the deal", f"fxbatch resolve {trade['id']}"):
            self.assertIn(words, shown)
        yes = ("resolve", trade["id"], "--booked", "FX1", "--note", "seen\u202e")
        self.refuses(new, (*yes, "--yes"), BAD_INPUT, "knows no deal FX1", "--insist")
        self.refuses(
            new, (*yes, "--yes"), UNAVAILABLE, "could not be asked", "--insist",
            env={"FXBATCH_BANK_TRADING_URL": "http://127.0.0.1:1/t"})
        code, shown = at_terminal(new, yes, "y\n")
        self.assertEqual(code, 0, shown)
        self.assertIn("knows no deal FX1", shown)
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
            "may still answer")

    def test_the_doubt_of_another_batch_is_named(self):
        new = Desk(self.temporary(), self.bank).open_for_clients()
        new.good("run", new.file("shown.csv", rows(1)), *RUN[:2], "--name", "shown")
        self.bank.ask("POST", "next", {"call": "book", "fault": "lost_before"})
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


class Pricing(SharedCase):
    def test_the_desk_s_own_rate_must_be_there_and_fresh(self):
        quoted = self.desk.json("trades", "done")[0]["quote_rate"]
        new = Desk(self.temporary(), self.bank).open_for_clients()
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


    def test_an_amount_that_comes_to_nothing_is_never_booked(self):
        new = Desk(self.temporary(), self.bank).open_for_clients()
        file = new.file("small.csv", "Client CIF,Amount ZAR\nCIF1000,0.01\n")
        booked = len(self.bank.ask("GET", "ledger"))
        new.good("run", file, *RUN[:2], "--name", "small", code=2)
        error = new.json("trades", "small")[0]["error"]
        self.assertEqual((error["code"], error["category"]), ("rate_check", "rule"))
        self.assertIn("too small", error["message"])
        self.assertEqual(len(self.bank.ask("GET", "ledger")), booked)
        # Once there is a reference, the file is refused for it.
        new.good("rate", "set", "USD/ZAR", self.desk.json("trades", "done")[0]["quote_rate"])
        for pricing in ("otc", "bank"):
            self.refuses(
                new, ("run", file, "--pricing", pricing, "--allow-duplicates"), BAD_INPUT, "row 1",
                "USD 0.00", "amount_too_small")

    def test_a_value_date_that_a_cut_off_moved_is_told_wherever_it_is_written(self):
        new = Desk(self.temporary(), self.bank).open_for_clients()
        passed = {"FXBATCH_CUT_OFFS": "spot:ZAR:00:00,cash:ZAR:00:00"}
        for name, env in [("ordinary", {}), ("late", passed)]:
            with self.subTest(name):
                file = new.file(f"{name}.csv", rows(1, first=len(name) * 100))
                done = new.good("run", file, *RUN[:2], "--name", name, env=env)
                trade = new.json("trades", name)[0]
                (intent,) = [event["data"]["note"] for event in new.json("events", name)
                             if event["data"]["to"] == "booking"]
                told = f"{trade['deal_transaction_id']}, value date {trade['value_date']}"
                # On a day that is closed in South Africa no cut-off is missed.
                if "their cut-off has passed" in done.stderr:
                    told += ", a business day later: the cut-off of ZAR has passed"
                self.assertEqual(intent, told)


class TwoAtOnce(SharedCase):
    """A second run, interrupts, and a process that is killed."""

    SLOW = {"FXBATCH_BANK_MAX_RPS": "20"}

    def test_a_second_run_watches_and_takes_over_when_the_first_is_killed(self):
        new = Desk(self.temporary(), self.bank).open_for_clients()
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
        new = Desk(self.temporary(), self.bank).open_for_clients()
        new.good("run", new.file("shown.csv", rows(1)), *RUN[:2], "--name", "shown")
        self.bank.ask("POST", "next", {"call": "book", "fault": "slow"})
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
                new = Desk(self.temporary(), self.bank).open_for_clients()
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
