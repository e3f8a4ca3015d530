"""Files of trades and clients that are wrong, odd, or no files at all."""

import json
import os

from bad_input_desk import (
    BAD_INPUT, CLIENTS, RUN, SharedCase, Desk, rows)

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
    ("an amount that comes to nothing at its fixed rate",
     "Client CIF,Amount ZAR,Fix Rate?,Fixed Rate\nCIF1000,0.08,yes,18\n",
     ["row 1", "Amount", "USD 0.00", "amount_too_small"]),
    ("a spread beyond all sense", "Client CIF,Amount ZAR,Spread\nCIF1000,10,99999999\n",
     ["row 1", "Spread", "-10000 to 10000 pips", "spread_out_of_bounds"]),
    ("a fixed spread just below the bound",
     "Client CIF,Amount ZAR,Fixed Spread\nCIF1000,10,-10000.0001\n",
     ["row 1", "Fixed Spread", "-10000 to 10000 pips"]),
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


class TradeFiles(SharedCase):
    def test_a_bad_file_is_refused_whole(self):
        for name, content, words in TRADE_FILES:
            with self.subTest(name):
                content = content() if callable(content) else content
                file = self.desk.file("bad.csv", content)
                self.refuses(self.desk, ("run", file, *RUN), BAD_INPUT, *words)
                if name == "300,001 rows":
                    os.unlink(file)

    def test_a_bad_file_is_told_before_a_store_that_is_not_there(self):
        new = Desk(self.temporary(), self.bank)
        file = new.file("bad.csv", HEADER + "CIF1000,5\nCIF1000,1e5\n")
        self.refuses(new, ("run", file, *RUN), BAD_INPUT, "row 2")

    def test_with_json_the_problems_are_one_line_that_names_every_row(self):
        file = self.desk.file("bad.csv", HEADER + "CIF9999,1.00\nCIF1000,2.00\nCIF9998,3.00\n")
        done = self.desk.run("run", file, *RUN, "--json")
        self.assertEqual(done.returncode, BAD_INPUT)
        answer = json.loads(done.stdout)
        self.assertEqual([error["row"] for error in answer["errors"]], [1, 3])
        self.assertEqual(answer["total_errors"], 2)

    def test_an_odd_file_is_taken(self):
        for name, content, warning in ODD_GOOD_FILES:
            with self.subTest(name):
                file = self.desk.file("odd.csv", content)
                done = self.desk.good("run", file, "--pricing", "bank", "--name", name)
                self.is_plain(done.stderr)
                self.assertEqual("warning: " in done.stderr, warning is not None, done.stderr)

    def test_what_is_no_file_is_refused(self):
        os.mkfifo(self.desk.folder / "pipe.csv")
        for name, path, words in [
            ("a pipe that nobody writes into", self.desk.folder / "pipe.csv", ["pipe"]),
            ("an endless device", "/dev/zero", ["device"]),
            ("a terminal", "/dev/tty", []),
            ("a folder", self.desk.folder, ["folder"]),
            ("not there", "nowhere.csv", ["nowhere.csv is not there"]),
            ("a file of a file", self.desk.file("plain.txt", "x") + "/x.csv", ["cannot be read"]),
            ("a name with an escape sequence", "no\x1b[31m\u202e.csv", ["is not there"]),
            ("a name that is too long", "x" * 5_000, ["cannot be read"]),
        ]:
            with self.subTest(name):
                self.refuses(self.desk, ("run", path, *RUN), BAD_INPUT, *words)
                self.refuses(self.desk, ("clients", "import", path), BAD_INPUT, *words)

    def test_the_same_file_again_is_refused_unless_duplicates_are_allowed(self):
        file = self.desk.file("again.csv", HEADER + "CIF1003,881.10\nCIF1004,882.10\n")
        self.desk.good("run", file, "--pricing", "bank", "--name", "once")
        self.refuses(self.desk, ("run", file, *RUN), BAD_INPUT, "row 1", "row 2", "--allow-duplicates")
        self.desk.good("run", file, "--pricing", "bank", "--name", "twice", "--allow-duplicates")


class ClientFiles(SharedCase):
    def test_a_bad_file_is_refused_whole(self):
        header = "Client,Client CIF,Fixed Spread\n"
        for name, content, words in [
            ("missing columns", "Client\nX\n", ["Client CIF", "Fixed Spread"]),
            ("a spread that is no number", header + "New,CIF3000,much\n", ["row 1", "Spread"]),
            ("a spread with an exponent", header + "New,CIF3000,1e2\n", ["row 1"]),
            ("a spread beyond all sense", header + "New,CIF3000,-99999999\n",
             ["row 1", "Fixed Spread", "-10000 to 10000 pips", "spread_out_of_bounds"]),
            ("a client twice", header + "New,CIF3000,1\nNew,CIF3000,2\n", ["row 2"]),
            ("no name", header + ",CIF3000,1\n", ["row 1", "Client"]),
            ("a line break in a name", header + '"New\nName",CIF3000,1\n', ["row 1"]),
            ("an endless name", header + "N" * 300 + ",CIF3000,1\n", ["row 1", "200"]),
            ("one bad row among good ones", CLIENTS + "New,,x,,\n", ["row 12"]),
            ("empty", "", ["header"]),
            ("not UTF-8", header.encode() + b"\xff,CIF3000,1\n", ["UTF-8"]),
        ]:
            with self.subTest(name):
                file = self.desk.file("bad.csv", content)
                self.refuses(self.desk, ("clients", "import", file), BAD_INPUT, *words)

    def test_a_bad_file_makes_no_store(self):
        new = Desk(self.temporary())
        self.refuses(new, ("clients", "import", new.file("bad.csv", "Client\nX\n")), BAD_INPUT)
