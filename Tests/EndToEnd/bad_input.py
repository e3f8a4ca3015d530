#!/usr/bin/env python3
"""The command line under bad input, as a hostile and a clumsy user would meet it: one clear message
that says what to do, the right exit code, and nothing half done.

  Tests/EndToEnd/bad_input.py [-v] [Class | Class.test_name …]

It runs the built program against a real sandbox bank. What only root can set up (a full disk), or
only somebody else than root can meet (missing rights), is skipped with its reason where it cannot be.
"""

import concurrent.futures
import subprocess
import sys
import unittest

from bad_input_files import ClientFiles, TradeFiles
from bad_input_output import Output
from bad_input_reconcile import Reconciling
from bad_input_runs import Doubts, Orders, Pricing, TwoAtOnce, Waits
from bad_input_settings import Banks, Settings, Usage
from bad_input_stores import Stores


def main():
    """Runs the classes beside each other, since most of their time is waiting; one alone, or what
    else `unittest` understands, in this process."""
    if len(sys.argv) > 1:
        unittest.main()
    classes = [TwoAtOnce, Usage, TradeFiles, Doubts, Waits, Stores, Banks, Settings, Orders, Output,
               Pricing, ClientFiles, Reconciling]

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
