"""A bank whose books differ from ours: what `reconcile` tells, and when it is too early to tell."""

import json
import sqlite3

from bad_input_desk import BAD_INPUT, RUN, WAITS, Bank, Case, Desk, rows


class Reconciling(Case):
    def setUp(self):
        folder = self.temporary()
        self.ledger = f"{folder}/bank.db"
        bank = Bank(folder, "--database", self.ledger)
        self.addCleanup(bank.stop)
        self.desk = Desk(folder, bank).open_for_clients()
        self.desk.good("run", self.desk.file("a.csv", rows(2)), *RUN[:2], "--name", "done")
        self.trade = self.desk.json("trades", "done")[0]

    def change(self, sql):
        """In the bank's own books; `:deal` is the first trade's."""
        with sqlite3.connect(self.ledger, timeout=10) as connection:
            connection.execute(sql, {"deal": self.trade["deal_transaction_id"]})

    def reconciled(self, code):
        return json.loads(self.desk.good("reconcile", "--json", code=code).stdout)

    def test_agreement(self):
        for arguments in ((), ("done",)):
            self.assertIn("agree", self.desk.good("reconcile", *arguments).stdout)
        self.assertEqual(self.reconciled(0)["unexplained_lines"], 0)

    def test_two_deals_under_one_id(self):
        self.change(
            "INSERT INTO entries (cif, account, day, reference, amount, balance) SELECT cif, account, "
            "day, reference, amount, balance FROM entries WHERE reference = :deal")
        answer = self.reconciled(WAITS)
        self.assertFalse(answer["agrees"])
        self.assertEqual(answer["total"], 2, answer)
        for sentence in answer["differences"]:
            self.assertIn(self.trade["id"], sentence)
            self.assertIn("2 lines", sentence)

    def test_another_amount(self):
        self.change(
            "UPDATE entries SET amount = amount + 1 WHERE reference = :deal AND amount < 0")
        answer = self.reconciled(WAITS)
        self.assertEqual(answer["total"], 1, answer)
        self.assertIn(self.trade["deal_amount"], answer["differences"][0])

    def test_a_line_that_no_trade_explains(self):
        self.change("UPDATE entries SET reference = 'FX of nobody' WHERE reference = :deal")
        answer = self.reconciled(WAITS)
        self.assertEqual(answer["unexplained_lines"], 2, answer)
        self.assertIn("FX of nobody", answer["differences"][0])
        # In a batch of its own as well.
        told = self.desk.good("reconcile", "done", code=WAITS).stdout
        self.assertIn("2 differences", told)

    def test_a_deal_that_the_bank_may_still_show(self):
        self.change("UPDATE deals SET booked_at = booked_at + 600000 WHERE deal_transaction_id = :deal")
        answer = self.reconciled(WAITS)
        self.assertFalse(answer["agrees"])
        self.assertEqual(answer["total"], 0, answer)
        self.assertTrue(answer["too_early_until"])
        told = self.desk.good("reconcile", code=WAITS).stdout
        self.assertIn(f"too early to tell, since the bank may show deals of ours until "
                      f"{answer['too_early_until']}", told)

    def test_a_trade_that_is_settled_is_not_resolved(self):
        self.refuses(
            self.desk,
            ("resolve", self.trade["id"], "--booked", " ", "--note", "n", "--yes"), 64, "--booked")
        self.refuses(
            self.desk,
            ("resolve", self.trade["id"], "--booked", "SBX2", "--note", "n", "--yes"), BAD_INPUT,
            "is completed")
