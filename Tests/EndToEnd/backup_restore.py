#!/usr/bin/env python3
"""Backs a store up while an engine works on it, books on, and restores the copy: deals were booked that
the copy does not know. The loss must be seen at the next start, nothing may be booked before the bank
was asked for them, and in the end no deal is booked twice and none is forgotten.

  Tests/EndToEnd/backup_restore.py [--trades 24] [--seed 1]
"""

import argparse
import json
import pathlib
import signal
import sys
import tempfile
import time

from desk import Bank, Desk, expect, Wrong

MARGIN_SECONDS = 2
QUOTE_SECONDS = 3
WAITS_FOR_PERSON = 4
BAD_INPUT = 65
STORE_TROUBLE = 74


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trades", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    problem = None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # Slow enough that a batch is under way for seconds.
        bank = Bank(folder, "--seed", str(options.seed), "--quote-life", str(QUOTE_SECONDS * 1000),
                    "--latency", "150")
        try:
            desk = Desk(folder, bank, FXBATCH_DOUBT_MARGIN_SECONDS=str(MARGIN_SECONDS),
                        FXBATCH_LISTEN="127.0.0.1:0")
            refuse_what_is_no_store(desk)
            batch, copy, lost = back_up_under_way(desk, options.trades)
            print(f"{len(lost)} deals were booked after the copy was made", flush=True)
            refuse_what_is_no_copy(desk, copy)
            restore(desk, copy)
            hold(desk, batch)
            reconcile(desk, lost)
            finish(desk, batch, options.trades, len(lost))
            restore_elsewhere(desk, folder / "elsewhere", copy)
        except Wrong as wrong:
            problem = wrong
            print("WRONG:", wrong)
        finally:
            bank.stop()
    print("0 passed, 1 failed" if problem else "1 passed, 0 failed")
    sys.exit(1 if problem else 0)


def refuse_what_is_no_store(desk):
    absent = desk.run("backup", str(desk.folder / "copy.db"), allowed=(STORE_TROUBLE,))
    expect("is not there" in absent.stderr, f"backed up what is not there: {absent.stderr}")


def back_up_under_way(desk, count):
    """Answers the batch, the copy, and the deals that were booked after it was made."""
    # A client for each trade.
    desk.import_clients(count)
    server = desk.start("serve")
    trades = desk.write_trades([f"{10000 + n * 37}.25" for n in range(count)], count)
    run = desk.start("run", trades, "--pricing", "bank", "--name", "morning",
                     "--max-concurrent-trades", "2")
    desk.bank.wait_for_deals(count // 4)
    copy = desk.folder / "copy.db"
    made = desk.run("backup", str(copy))
    expect("bytes" in made.stdout and "events until" in made.stdout, f"no figures: {made.stdout}")
    expect(copy.stat().st_mode & 0o777 == 0o600, "others may read the copy")
    again = desk.run("backup", str(copy), allowed=(BAD_INPUT,))
    expect("is there already" in again.stderr, f"written over: {again.stderr}")
    leftovers = [path.name for path in desk.folder.glob("copy.db?*")]
    expect(not leftovers, f"left beside the copy: {leftovers}")
    known = len(desk.bank.ledger())
    desk.bank.wait_for_deals(max(known + 2, count * 3 // 4))
    busy = desk.run("restore", str(copy), allowed=(STORE_TROUBLE,))
    expect("an engine runs" in busy.stderr, f"restored under an engine: {busy.stderr}")
    for process in (server, run):
        process.send_signal(signal.SIGTERM)
    for process in (server, run):
        process.communicate(timeout=60)
    inside = {trade["deal_transaction_id"]
              for trade in trades_of_copy(desk, copy) if trade["deal_transaction_id"]}
    lost = [deal for deal in desk.bank.ledger() if deal["deal_transaction_id"] not in inside]
    expect(lost, "no deal was booked after the copy was made")
    return desk.batch("morning"), copy, lost


def trades_of_copy(desk, copy):
    """Read through the program, as from any store."""
    looker = Desk(desk.folder, desk.bank)
    looker.environment["FXBATCH_STORE"] = f"sqlite:{copy}"
    return looker.trades(looker.batch("morning"))


def refuse_what_is_no_copy(desk, copy):
    before = desk.store.read_bytes()
    garbage = desk.folder / "garbage.db"
    garbage.write_bytes(b"no database at all" * 400)
    torn = desk.folder / "torn.db"
    content = bytearray(copy.read_bytes())
    content[4096 * 9:4096 * 12] = bytes(4096 * 3)
    torn.write_bytes(content)
    for path, code in ((garbage, STORE_TROUBLE), (torn, STORE_TROUBLE),
                       (desk.folder / "absent.db", BAD_INPUT), (desk.folder, BAD_INPUT)):
        desk.run("restore", str(path), allowed=(code,))
    expect(desk.store.read_bytes() == before, "a refused restore changed the store")
    leftovers = [path.name for path in desk.folder.glob("desk.db.re*")]
    expect(not leftovers, f"left by refused restores: {leftovers}")


def restore(desk, copy):
    done = desk.run("restore", str(copy))
    expect("fxbatch reconcile" in done.stdout, f"not told what to do next: {done.stdout}")
    aside = [path for path in desk.folder.glob("desk.db.replaced-*")
             if not path.name.endswith(("-wal", "-shm"))]
    expect(len(aside) == 1, f"the store that was there is not aside: {aside}")
    expect(copy.exists(), "the copy is gone")


def hold(desk, batch):
    """The loss is seen at the next start, told, and holds everything back."""
    deals = len(desk.bank.ledger())
    verified = desk.run("verify", allowed=(STORE_TROUBLE,))
    expect("acknowledged" in verified.stdout, f"verify did not see the loss: {verified.stdout}")
    ready = desk.folder / "url"
    server = desk.start("serve", "--ready-file", str(ready))
    deadline = time.monotonic() + 30
    while not ready.exists():
        expect(time.monotonic() < deadline, "the server did not start on a restored store")
        time.sleep(0.05)
    shown = json.loads(desk.run("kill-switch", "show", "--json").stdout)
    expect(shown["engaged"] and shown["reconciliation_due"], f"nothing is held: {shown}")
    refused = desk.run("kill-switch", "release", allowed=(WAITS_FOR_PERSON,))
    expect("fxbatch reconcile" in refused.stderr, f"release was not refused: {refused.stderr}")
    server.send_signal(signal.SIGTERM)
    _, words = server.communicate(timeout=60)
    expect("the store has lost events" in words, f"the log does not tell of it: {words}")
    resumed = desk.run("run", "--resume", batch, allowed=(WAITS_FOR_PERSON,))
    expect("fxbatch reconcile" in resumed.stderr, f"not told: {resumed.stderr}")
    expect(len(desk.bank.ledger()) == deals, "booked on a store that had lost events")


def reconcile(desk, lost):
    def ask(allowed=(WAITS_FOR_PERSON,)):
        return json.loads(desk.run("reconcile", "--json", allowed=allowed).stdout)["lost_time"]

    answer = ask()
    if not answer["reconciled"]:
        # What was under way at the loss might still have come: asking later is asking again.
        expect(answer["too_early_until"], f"nothing says why it is not done: {answer}")
        time.sleep(2 * QUOTE_SECONDS + MARGIN_SECONDS + 1)
        answer = ask()
    expect(answer["reconciled"], f"the reconciliation was not done: {answer}")
    expect(answer["lost_deals"] == len(lost), f"{len(lost)} deals were lost: {answer}")
    desk.run("kill-switch", "release", "--reason", "reconciled")


def finish(desk, batch, count, lost):
    """Persons settle what the bank has, and the batch goes on with the rest."""
    desk.run("run", "--resume", batch, allowed=(0, WAITS_FOR_PERSON))
    settled = 0
    for trade in desk.trades(batch):
        if trade["status"] != "in_doubt":
            continue
        shown = json.loads(desk.run("resolve", trade["id"], "--json").stdout)
        words = " ".join(item["summary"] for item in shown["evidence"])
        deal = next((d for d in desk.bank.ledger() if d["deal_transaction_id"] in words), None)
        expect(deal, f"the evidence names no deal of the bank: {shown}")
        desk.run("resolve", trade["id"], "--booked", deal["deal_reference"], "--note",
                 "seen at the bank", "--yes")
        settled += 1
    expect(settled == lost, f"{settled} doubts for {lost} lost deals")
    desk.run("run", "--resume", batch)
    deals = desk.bank.ledger()
    expect(len(deals) == count, f"{len(deals)} deals for {count} trades")
    expect(len({deal["cif"] for deal in deals}) == count, "a client was booked twice")
    expect(not desk.bank.received(at_least=2), "a booking call was repeated")
    desk.run("verify")


def restore_elsewhere(desk, folder, copy):
    """On a machine that has nothing but the copy, nobody knows how much is missing."""
    other = Desk(desk.folder, desk.bank)
    other.environment["FXBATCH_STORE"] = f"sqlite:{folder}/desk.db"
    done = other.run("restore", str(copy))
    expect("that was there" not in done.stdout, f"something was put aside: {done.stdout}")
    verified = other.run("verify", allowed=(STORE_TROUBLE,))
    expect("mark" in verified.stdout, f"verify misses no mark: {verified.stdout}")
    started = other.run("run", "--resume", "morning", allowed=(WAITS_FOR_PERSON,))
    expect("kill switch is engaged" in started.stderr, f"nothing was held: {started.stderr}")


main()
