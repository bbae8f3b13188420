#!/usr/bin/env python3
"""P4 for phones: acknowledged means kept. Eight connections send submissions with files to a locked server that is killed
(-9) at any moment; what was not acknowledged is sent again, as phones do. Afterwards everything acknowledged is there once
and whole, every file too; nothing is there twice; the log is unbroken and has a line for each."""
import contextlib
import sqlite3
import threading
import time

from drill import Failures, Server, call, chance, cluster, count, end, folder, new_workspace, people
from phones import Phone, Sent, digest, enrol, exported

broken = Failures("P4 for phones")
CONNECTIONS = 8
acknowledged_in_all = killed_in_all = again_in_all = 0


class Sender(threading.Thread):
    """Sends until the server is gone; first what the kill before left without an answer."""

    def __init__(self, phone, name, left):
        super().__init__(daemon=True)
        self.phone, self.name_, self.left = phone, name, left
        self.acknowledged, self.halt = [], False

    def run(self):
        number = 0
        while not self.halt:
            if not self.left:
                number += 1
                self.left = Sent(f"{self.name_}-{number}", 150_000)
            try:
                status, _ = self.phone.send(self.left)
            except Exception:
                return  # killed: what it answered, if anything, nobody heard
            if status not in (201, 202):
                broken(f"{self.left.number}: answered {status}")
                return
            self.acknowledged.append(self.left)
            self.left = None


def drill(postgres, kills):
    global acknowledged_in_all, killed_in_all, again_in_all
    label = "PostgreSQL" if postgres else "SQLite"
    begun = time.time()
    with folder() as path:
        where = new_workspace(path / "w", postgres.address if postgres else None, example=False)
        token = enrol(where)
        recovery = people(where)

        def ask(query):
            if postgres:
                return [line.split("|") for line in postgres.sql(query).splitlines()]
            with contextlib.closing(sqlite3.connect(f"file:{where / 'understory.db'}?mode=ro", uri=True, timeout=30)) as database:
                return [[str(value) for value in row] for row in database.execute(query)]

        server = Server(where)
        acknowledged, left = {}, [None] * CONNECTIONS
        for number in range(kills + 1):
            senders = [Sender(Phone(server.port, token), f"k{number}-{each}", left[each]) for each in range(CONNECTIONS)]
            again_in_all += sum(each is not None for each in left)
            for sender in senders:
                sender.start()
            time.sleep(chance.uniform(0.02, 0.25) if number < kills else 1)
            if number == kills:  # the last round ends in peace, so that everything left was sent again
                for sender in senders:
                    sender.halt = True
                for sender in senders:
                    sender.join(60)
            server.kill()
            for each, sender in enumerate(senders):
                sender.join(60)
                left[each] = sender.left
                acknowledged.update({sent.number: sent for sent in sender.acknowledged})
            server = Server(where)
            kept = [row[0] for row in ask("select instance_id from submission")]
            if set(acknowledged) - set(kept):
                broken(f"{label}, kill {number}: {sorted(set(acknowledged) - set(kept))[:3]} acknowledged and lost")
            if len(kept) != len(set(kept)):
                broken(f"{label}, kill {number}: {len(kept) - len(set(kept))} there twice")
        server.kill()
        instances, files = exported(where, path / "x.zip", "--recovery-key", recovery)
        wrong = sum(instance not in instances for instance in acknowledged)
        for sent in acknowledged.values():
            for name, content in sent.files:
                if files.get(name) != [digest(content)]:
                    broken(f"{label}: {name} is there {len(files.get(name, []))} times, or not as it was sent")
        if wrong:
            broken(f"{label}: {wrong} acknowledged and in no export")
        logged = sum("fill_forms" in entry for entry, in ask("select entry from audit_entry"))
        rows = int(ask("select count(*) from submission")[0][0])
        if logged < rows:
            broken(f"{label}: {rows} submissions and {logged} lines in the log")
        if b"unbroken" not in call("verify", "-w", where, "--recovery-key", recovery).stdout:
            broken(f"{label}: the log is broken")
        acknowledged_in_all += len(acknowledged)
        killed_in_all += kills
        print(f"  {label}: {kills} kills, {len(acknowledged)} submissions with {sum(len(sent.files) for sent in acknowledged.values())} files "
              f"acknowledged, {time.time() - begun:.0f} s", flush=True)
        assert len(acknowledged) > kills, "something must have been sent meanwhile"


KILLS = count(6, 500)
for done in range(0, KILLS, 100):
    drill(None, min(100, KILLS - done))
for done in range(0, KILLS, 100):
    with cluster() as postgres:
        drill(postgres, min(100, KILLS - done))
end(broken, f"{killed_in_all} kills over both databases, {acknowledged_in_all} submissions acknowledged, {again_in_all} sent again after a kill")
