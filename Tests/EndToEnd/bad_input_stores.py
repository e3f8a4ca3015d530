"""Stores that cannot be opened, read or written."""

import contextlib
import os
import sqlite3
import subprocess

from bad_input_desk import (
    BAD_INPUT, CLIENTS, IS_ROOT, NOBODY, PROGRAM, RUN, STORE, SharedCase, Desk, rows)


@contextlib.contextmanager
def small_disk(folder, megabytes=2):
    """A disk of its own; None where it cannot be had."""
    place = os.path.join(folder, "small")
    os.mkdir(place)
    mounted = IS_ROOT and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", place],
        capture_output=True).returncode == 0
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", place], check=True)


class Stores(SharedCase):
    COMMANDS = [("list",), ("clients", "import", "clients.csv"), ("run", "good.csv", *RUN)]

    def desk_with(self, content=None):
        new = Desk(self.temporary(), self.bank)
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
                self.told(new.run(*arguments, **options), STORE, "to this user")
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
        for word in (*words, "Go on with: fxbatch run --resume "):
            self.assertIn(word, messages[0])

    def goes_on(self, new):
        new.good("run", "--resume", "slow")
        new.good("verify")
        self.assertEqual(new.batch("slow")["counts"]["completed"], 60)

    def test_a_disk_that_fills_while_a_batch_runs(self):
        new = self.desk_with()
        with small_disk(new.folder, megabytes=32) as place:
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
