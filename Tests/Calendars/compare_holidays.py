#!/usr/bin/env python3
"""Closed days of 2020 to 2035 as PyPI's `holidays` has them, for the Swift calendars to be tested on.

The rules in FXDomain and those of `holidays` were written by different people; the fixture is the
latter's answer, and a Swift test compares every day of it. Run in an environment that has
requirements.txt beside this file:

    compare_holidays.py --check   fails when the fixture is not what the pinned version answers
    compare_holidays.py --write   writes the fixture anew, after a new version has been pinned
"""

import argparse
import difflib
import pathlib
import sys

import holidays

HERE = pathlib.Path(__file__).resolve().parent
FIXTURE = HERE.parent / "FXDomainTests" / "Fixtures" / "closed-days-2020-2035.csv"
YEARS = range(2020, 2036)


def pinned_version() -> str:
    for line in (HERE / "requirements.txt").read_text().splitlines():
        if line.startswith("holidays=="):
            return line.removeprefix("holidays==")
    raise SystemExit("requirements.txt pins no version of holidays")


def fixture() -> str:
    sources = {
        "ZAR": holidays.country_holidays("ZA", years=YEARS),
        "USD": holidays.financial_holidays("FED", years=YEARS),
        "EUR": holidays.financial_holidays("ECB", years=YEARS),
        "GBP": holidays.country_holidays("GB", subdiv="ENG", years=YEARS),
    }
    lines = [
        f"# From PyPI's holidays {holidays.__version__} by Tests/Calendars/compare_holidays.py:",
        "# South Africa, the financial calendars FED and ECB, England. Weekdays only.",
        "currency,closed_day",
    ]
    for currency, closed in sources.items():
        lines += [f"{currency},{day}" for day in sorted(closed) if day.weekday() < 5]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if holidays.__version__ != pinned_version():
        sys.exit(f"holidays {pinned_version()} is pinned, {holidays.__version__} is installed")

    wanted = fixture()
    if arguments.write:
        FIXTURE.parent.mkdir(exist_ok=True)
        FIXTURE.write_text(wanted)
        return
    differences = list(
        difflib.unified_diff(
            FIXTURE.read_text().splitlines(), wanted.splitlines(), "fixture", "holidays", lineterm=""
        )
    )
    if differences:
        sys.exit("\n".join(differences))
    print(f"{len(wanted.splitlines()) - 3} closed days agree with holidays {holidays.__version__}")


if __name__ == "__main__":
    main()
