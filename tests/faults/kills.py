#!/usr/bin/env python3
"""P4: acknowledged means kept. People make accounts and ask to break the glass in a browser while texts are imported at
the terminal; the server and the import are killed (-9) at any moment, and so is now and then PostgreSQL itself. After
each kill everything that was acknowledged is there, once; what was not acknowledged is there whole or not at all; the log
has a line for each deed and is unbroken."""
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import threading
import time

from drill import (PROGRAM, Browser, Failures, Server, call, chance, cluster, count, end, folder, new_workspace, people, run)

broken = Failures("P4")
WRITERS = 3
acknowledged_in_all = killed_in_all = 0
# Killing takes as long as the disk takes to sync; DRILL_MINUTES ends it sooner, with the count it came to.
MINUTES = float(os.environ.get("DRILL_MINUTES", "600"))
UNTIL = 0.0


class Writer(threading.Thread):
    """Makes accounts and asks for glass until told to stop; notes what was acknowledged and what was only tried."""

    def __init__(self, browser, name, study):
        super().__init__(daemon=True)
        self.browser, self.name_, self.study = browser, name, study
        self.acknowledged, self.number, self.halt, self.struck = [], 0, False, False

    def run(self):
        while not self.halt:
            self.number += 1
            label = f"{self.name_}-{self.number}"
            try:
                if self.number % 3 == 0:
                    status, _ = self.browser.ask("POST", "/glass", study=self.study, source="7000000000000", reason=f"because of {label} and more", hours="2")
                    kind = "glass"
                else:
                    status, _ = self.browser.ask("POST", "/accounts", name=label, role="coder", study="", place="", organisation="")
                    kind = "account"
            except Exception:
                return  # killed: what it answered, if anything, nobody heard
            if status in (200, 303):
                self.acknowledged.append((kind, label))
            elif not (self.struck and status == 503):  # its database is gone: it says so
                broken(f"{kind}: refused with {status}")
                return
            else:
                return


def drill(postgres, kills):
    global acknowledged_in_all, killed_in_all
    label = "PostgreSQL" if postgres else "SQLite"
    with folder() as path:
        where = new_workspace(path / "w", postgres.address if postgres else None, example=False)
        recovery = people(where)

        def ask(query):
            """As another program would read the database, while a server has it open."""
            if postgres:
                return [line.split("|") for line in postgres.sql(query).splitlines()]
            with contextlib.closing(sqlite3.connect(f"file:{where / 'understory.db'}?mode=ro", uri=True, timeout=30)) as database:
                return [[str(value) for value in row] for row in database.execute(query)]

        server = Server(where)
        sessions = [Browser(server.port).sign_in("keeper") for _ in range(WRITERS)]
        study = "1000000000000"
        acknowledged, imported, tried_imports = {"account": [], "glass": []}, 0, 0
        begun = time.time()
        for number in range(kills):
            if time.time() > UNTIL:
                kills = number
                break
            for session in sessions:
                session.move(server.port)
            writers = [Writer(session, f"k{number}-{i}", study) for i, session in enumerate(sessions)]
            for writer in writers:
                writer.start()
            importing = None
            if number % 2 == 0:
                text = path / f"text-{number}.txt"
                text.write_text(f"Told before kill {number}. " * 200)
                importing = subprocess.Popen([PROGRAM, "import", "-w", str(where), "--study", "X", "--recovery-key", str(recovery), str(text)],
                                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                tried_imports += 1
            time.sleep(chance.uniform(0.01, 0.25))
            struck = postgres and number % 20 == 10
            if struck:
                for writer in writers:
                    writer.struck = True
                (postgres.kill if chance.random() < 0.5 else postgres.stop)()
            server.kill()
            if importing:
                if chance.random() < 0.5:
                    importing.kill()
                receipt = importing.communicate()[0]
                # The receipt is printed once everything is kept.
                imported += b"text-" in receipt or importing.returncode in (0, 3)
            for writer in writers:
                writer.halt = True
                writer.join()
                for kind, name in writer.acknowledged:
                    acknowledged[kind].append(name)
            if struck:
                postgres.start()
            server = Server(where)
            kept = {"account": [], "glass": [], "source": [], "import": []}
            for kind, value in ask("select 'account', name from account union all select 'glass', reason from glass union all "
                                   "select 'source', guid from source union all select 'import', cast(id as text) from import"):
                kept[kind].append(value)
            names, reasons = set(kept["account"]), [reason.split()[2] for reason in kept["glass"]]
            for name in acknowledged["account"][-200:]:
                if name not in names:
                    broken(f"{label}, kill {number}: account {name} was acknowledged and is lost")
            for name in acknowledged["glass"][-200:]:
                if reasons.count(name) != 1:
                    broken(f"{label}, kill {number}: glass {name} was acknowledged and is there {reasons.count(name)} times")
            sources, receipts = len(kept["source"]), len(kept["import"])
            if not imported <= sources <= tried_imports or sources != receipts:
                broken(f"{label}, kill {number}: {imported} imports acknowledged, {tried_imports} tried, {sources} sources and {receipts} receipts kept")
                imported = sources
            if number % 50 == 49:
                checked = call("verify", "-w", where, "--recovery-key", recovery)
                if checked.returncode != 0 or b"unbroken" not in checked.stdout:
                    broken(f"{label}, kill {number}: verify says {checked.stderr.decode()}")
        # In the end everything once more, with the log.
        checked = call("verify", "-w", where, "--recovery-key", recovery)
        if checked.returncode != 0 or b"unbroken" not in checked.stdout:
            broken(f"{label}: verify says {checked.stderr.decode()}")
        names = [name for name, in ask("select name from account")]
        reasons = [reason.split()[2] for reason, in ask("select reason from glass")]
        lost = (set(acknowledged["account"]) - set(names)) | (set(acknowledged["glass"]) - set(reasons))
        doubled = len(names) - len(set(names)) + len(reasons) - len(set(reasons))
        if lost or doubled:
            broken(f"{label}: {len(lost)} lost, {doubled} doubled")
        entries = [json.loads(entry) for entry, in ask("select entry from audit_entry order by number")]
        made = sum("made, with the role" in json.dumps(entry) for entry in entries)
        half = int(ask("select count(*) from account a where not exists (select 1 from account_grant g where g.account_id = a.id)")[0][0])
        if made != len(names) - 1 or half:
            broken(f"{label}: {len(names) - 1} accounts made and {made} of them in the log, {half} without their role")
        if sum('ask_glass' in json.dumps(entry) for entry in entries) != len(reasons):
            broken(f"{label}: the log lacks lines for glass")
        server.kill()
        total = len(acknowledged["account"]) + len(acknowledged["glass"]) + imported
        acknowledged_in_all += total
        killed_in_all += kills
        print(f"  {label}: {kills} kills, {total} writes acknowledged ({imported} imports), {len(lost)} lost, {doubled} doubled, "
              f"{len(entries)} lines of the log unbroken, {time.time() - begun:.0f} s", flush=True)


# A fresh workspace every hundred: pages list what was made, and writing them would become the work.
KILLS = count(10, 1000)
UNTIL = time.time() + MINUTES * 60
for done in range(0, KILLS, 100):
    if time.time() < UNTIL:
        drill(None, min(100, KILLS - done))
UNTIL = time.time() + MINUTES * 60
for done in range(0, KILLS, 100):
    if time.time() > UNTIL:
        break
    with cluster() as postgres:
        drill(postgres, min(100, KILLS - done))
end(broken, f"{killed_in_all} kills over both databases, {acknowledged_in_all} writes acknowledged")
