#!/usr/bin/env python3
"""P5 for phones: a full disk while submissions with files arrive is told honestly (503 or 507, in the protocol's envelope),
leaves nothing partial, and is got over: what was refused is taken when it is sent again. Files may not grow beyond a random
size (RLIMIT_FSIZE), or the workspace or PostgreSQL's tables lie on a small disk (tmpfs, as root)."""
import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import threading

from drill import Failures, Server, call, chance, cluster, count, end, folder, new_workspace, people
from phones import Phone, Sent, digest, enrol, exported

broken = Failures("P5 for phones")
CONNECTIONS = 4
refused_in_all = kept_in_all = 0
said = [""]


def send_all(port, token, wanted, what):
    """Those acknowledged, those refused; by four connections."""
    acknowledged, refused, lock, waiting = [], [], threading.Lock(), list(wanted)

    def work():
        phone = Phone(port, token)
        while True:
            with lock:
                if not waiting or len(refused) > 12:
                    return
                sent = waiting.pop()
            try:
                status, content = phone.send(sent)
            except Exception as error:
                broken(f"{what}: no answer: {error!r}")
                return
            with lock:
                (acknowledged if status in (201, 202) else refused).append(sent)
                if status not in (201, 202):
                    said[0] = f"{status} {content[-200:]!r}"
            if status not in (201, 202, 503, 507):
                broken(f"{what}: answered {status} {content[-200:]!r}")
            if b"<OpenRosaResponse" not in content:
                broken(f"{what}: {status} without the envelope")

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return acknowledged, refused, waiting


def judge(what, where, token, numbers, server, wanted, narrow, widen):
    """With little room, then with room again: nothing promised is missing, nothing refused is there."""
    global refused_in_all, kept_in_all
    narrow()
    acknowledged, refused, unsent = send_all(server.port, token, wanted, what)
    widen()
    there = numbers()
    for sent in acknowledged:
        if there.count(sent.number) != 1:
            broken(f"{what}: {sent.number} was acknowledged and is there {there.count(sent.number)} times")
    for sent in refused:
        if sent.number in there:
            broken(f"{what}: {sent.number} was refused and is there")
    more, still, _ = send_all(server.port, token, refused + unsent, what + ", with room again")
    if still:
        broken(f"{what}: {len(still)} refused with room again: {said[-1]}")
    refused_in_all += len(refused)
    kept_in_all += len(acknowledged) + len(more)


def sound(what, where, path, recovery, wanted):
    instances, files = exported(where, path / "x.zip", "--recovery-key", recovery)
    for sent in wanted:
        if sent.number not in instances:
            broken(f"{what}: {sent.number} is in no export")
        for name, content in sent.files:
            if files.get(name) != [digest(content)]:
                broken(f"{what}: {name} is there {len(files.get(name, []))} times, or not as it was sent")
    if b"unbroken" not in call("verify", "-w", where, "--recovery-key", recovery).stdout:
        broken(f"{what}: not sound afterwards")


def some(name):
    return [Sent(f"{name}-{each}", 300_000) for each in range(30)]


def numbers_in(where):
    def ask():
        with contextlib.closing(sqlite3.connect(f"file:{where / 'understory.db'}?mode=ro", uri=True, timeout=30)) as database:
            return [row[0] for row in database.execute("select instance_id from submission")]
    return ask


def with_limits(rounds):
    with folder() as path:
        where = new_workspace(path / "w", example=False)
        token = enrol(where)
        recovery = people(where)
        server, everything = Server(where), []
        for number in range(rounds):
            wanted = some(f"limit{number}")
            everything += wanted
            pid, no = server.process.pid, resource.RLIM_INFINITY
            size = max((where / each).stat().st_size for each in ("understory.db", "understory.db-wal")) + chance.randrange(1000, 2_500_000)
            size = size if number % 3 else chance.randrange(1000, 200_000)  # also less than there is already, and than a file sent
            judge(f"within {size} bytes", where, token, numbers_in(where), server, wanted,
                  lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, no)), lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (no, no)))
        if server.stop() != 0:
            broken("with limits: the server did not end well")
        sound("with limits", where, path, recovery, everything)
    return rounds


class SmallDisk:
    """With room it holds 4 GB: of what is sent, a spool leaves the last one free."""

    def __init__(self, where):
        where.mkdir(exist_ok=True)
        self.where = where
        self.there = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4000000k,mode=0755", "tmpfs", str(where)], capture_output=True).returncode == 0

    def size(self, kilobytes):
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(self.where)], check=True)

    def narrow(self):
        facts = os.statvfs(self.where)
        self.size((facts.f_blocks - facts.f_bfree) * facts.f_frsize // 1024 + chance.randrange(50, 4000))

    def widen(self):
        self.size(4000000)

    def end(self):
        subprocess.run(["umount", "-l", str(self.where)], check=True)


def on_small_disks(rounds, postgres=None):
    with folder() as path:
        disk = SmallDisk(postgres.folder / "tables" if postgres else path / "disk")
        if not disk.there:
            print("  a small disk could not be mounted here: not shown", flush=True)
            return 0
        try:
            if postgres:
                shutil.chown(postgres.folder / "tables", "postgres")
                postgres.sql(f"create tablespace small location '{postgres.folder / 'tables'}'")
                postgres.sql("alter database postgres set default_tablespace = small")
                where = new_workspace(path / "w", postgres.address, example=False)
            else:
                where = new_workspace(path / "disk/w", example=False)
            what = "with PostgreSQL's disk full" if postgres else "on a small disk"
            token = enrol(where)
            recovery = people(where)
            server, everything = Server(where), []
            ask = (lambda: postgres.sql("select instance_id from submission").split()) if postgres else numbers_in(where)
            for number in range(rounds):
                wanted = some(f"disk{number}")
                everything += wanted
                judge(what, where, token, ask, server, wanted, disk.narrow, disk.widen)
            server.kill()
            sound(what, where, path, recovery, everything)
            return rounds
        finally:
            if postgres:
                postgres.stop()
            disk.end()


limits = with_limits(count(4, 120))
disks = on_small_disks(count(2, 40))
with cluster() as postgres:
    full = on_small_disks(count(2, 40), postgres)
assert refused_in_all, "something must have been refused"
end(broken, f"{limits} limits, {disks} small disks, {full} full disks of PostgreSQL: {refused_in_all} refused, {kept_in_all} kept")
