#!/usr/bin/env python3
"""Runs `fxbatch bench` with small sizes and holds what must be exact: every figure is there, each
trade was booked exactly once, and an import of 100,000 trades stays within its bound of memory.

No time is asserted: speed is told as ratios, to be read by people, in BENCHMARKS.md.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FXBATCH_PROGRAM", str(ROOT / ".build/debug/fxbatch"))
MEMORY_BOUND_BYTES = 100_000_000

SMALL = {
    "ceiling": ["ceiling_fdatasyncs_per_second", "ceiling_raw_1_transitions_per_second",
                "ceiling_raw_64_transitions_per_second", "ceiling_raw_512_transitions_per_second"],
    "engine": ["engine_trades_per_second", "engine_transitions_per_second",
               "engine_commits_per_second", "engine_rows_per_commit", "engine_to_raw_ratio",
               "engine_raw_512_transitions_per_second", "engine_peak_bytes"],
    "schedule": ["schedule_booked_milliseconds", "schedule_ideal_booked_milliseconds",
                 "schedule_booked_ratio", "schedule_ended_milliseconds", "schedule_ended_ratio"],
}


def bench(folder, *arguments):
    command = [PROGRAM, "bench", *arguments, "--rounds", "1", "--folder", folder, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


def check(holds, sentence):
    if not holds:
        raise SystemExit(f"FAILED: {sentence}")
    print(f"ok: {sentence}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        small = bench(
            folder, "ceiling", "engine", "schedule", "--trades", "400", "--batches", "3",
            "--at-once", "20", "--slow-trades", "20", "--latency", "5")
        for part, names in SMALL.items():
            missing = [name for name in names if not small.get(name, 0) > 0]
            check(not missing, f"{part} tells its figures {missing or ''}")
        for part in ("engine", "schedule"):
            check(small[f"{part}_wrong_bookings"] == 0, f"{part}: each trade is booked exactly once")
        check(
            small["schedule_booked_milliseconds"] >= small["schedule_ideal_booked_milliseconds"],
            "nothing is faster than the ideal schedule")

        large = bench(folder, "import", "--trades", "100000")
        above = large["import_above_idle_bytes"]
        check(0 < above <= MEMORY_BOUND_BYTES,
              f"100,000 trades are imported with {above / 1e6:.1f} MB above an idle process")
        check(not os.listdir(folder), "nothing is left behind")


if __name__ == "__main__":
    sys.exit(main())
