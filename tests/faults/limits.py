#!/usr/bin/env python3
"""P5: a full disk is told honestly, leaves nothing half done, and is got over. Files may not grow beyond a random size
(RLIMIT_FSIZE), or the disk is a small one of its own (tmpfs, as root) for the workspace or for PostgreSQL's tables, while
something is imported, backed up, restored, exported, made or written through a server."""
import os
import re
import resource
import shutil
import signal
import subprocess

from drill import (Browser, Failures, Server, call, chance, cluster, count, end, folder, new_workspace, people, run)

broken = Failures("P5")
refused = fitted = 0


def content(where, out, *key):
    out.unlink(missing_ok=True)
    said = re.search(r"Content: (\w+)", run("backup", "-w", where, out, *key))
    out.unlink()
    return said.group(1)


def judge(what, done, before, after, left):
    """Exit code 5 and as it was, or 0 and done; nothing lying about either way."""
    global refused, fitted
    if done.returncode == 0:
        fitted += 1
    elif done.returncode == 5:
        refused += 1
        if after != before:
            broken(f"{what}: refused, and yet changed")
    else:
        broken(f"{what}: ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-300:]}")
    if left:
        broken(f"{what}: left {left} behind")


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def with_limits(rounds):
    with folder() as path:
        whole = new_workspace(path / "whole")
        run("verify", "-w", whole)
        before = content(whole, path / "x")
        key = whole / "workspace.key"
        run("backup", "-w", whole, path / "good.backup")
        large = path / "large.txt"
        large.write_text("They owe money and go far away.\n" * 60000)
        database = (whole / "understory.db").stat().st_size
        for number in range(rounds):
            shutil.rmtree(path / "w", ignore_errors=True)
            shutil.copytree(whole, path / "w")
            what = ("import", "backup", "restore", "init", "export", "serve")[number % 6]
            names = {"import": ["import", "-w", path / "w", "--study", "X", large], "backup": ["backup", "-w", path / "w", path / "out/b"],
                     "restore": ["restore", path / "good.backup", "-w", path / "out/w", "--key", key], "init": ["init", "-w", path / "out/w"],
                     "export": ["export", "-w", path / "w", "--study", "X", "--as", "qdpx:spec", path / "out/e.qdpx"]}
            shutil.rmtree(path / "out", ignore_errors=True)
            (path / "out").mkdir()
            size = int(database * chance.uniform(0.01, 3.5 if what == "import" else 1.2))
            if what == "serve":
                through_a_server(path, path / "w", chance.randrange(database // 2, 2 * database))
                continue
            done = call(*names[what], preexec_fn=limited(size))
            left = [file for file in os.listdir(path / "out")] if done.returncode else []
            judge(f"{what} within {size} bytes", done, before, content(path / "w", path / "x"), left)
            if b"unbroken" not in call("verify", "-w", path / "w").stdout:
                broken(f"{what} within {size} bytes: the workspace is no longer sound")
            if done.returncode:  # with room again, it works
                again = call(*names[what])
                if again.returncode not in (0, 3):
                    broken(f"{what} again: {again.returncode} {again.stderr.decode()}")


def through_a_server(path, where, size):
    """What is refused is refused with 507 and changes nothing; then there is room, and it goes on."""
    global refused, fitted
    recovery = people(where)
    server = Server(where)
    keeper = Browser(server.port).sign_in("keeper")
    made = refusals = 0
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (min(size, (where / "understory.db-wal").stat().st_size + 300000), resource.RLIM_INFINITY))
    for number in range(60):
        status, _ = keeper.ask("POST", "/accounts", name=f"a-{number}", role="coder", study="", place="", organisation="")
        made, refusals = made + (status == 200), refusals + (status == 507)
        if status not in (200, 507):
            broken(f"server within {size} bytes: answered {status}")
        if refusals > 3:
            break
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    status, shown = keeper.ask("POST", "/accounts", name="afterwards", role="coder", study="", place="", organisation="")
    listed = keeper.ask("GET", "/accounts")[1]
    there = len(set(re.findall(rb">(a-\d+)<", listed)))
    if status != 200 or there != made:
        broken(f"server within {size} bytes: then {status}; {made} acknowledged, {there} there")
    refused, fitted = refused + (refusals > 0), fitted + (refusals == 0)
    if server.stop() != 0 or b"unbroken" not in call("verify", "-w", where, "--recovery-key", recovery).stdout:
        broken(f"server within {size} bytes: not sound afterwards")


class SmallDisk:
    def __init__(self, where, kilobytes):
        where.mkdir(exist_ok=True)
        self.where = where
        self.there = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0755", "tmpfs", str(where)], capture_output=True).returncode == 0

    def used(self):
        facts = os.statvfs(self.where)
        return (facts.f_blocks - facts.f_bfree) * facts.f_frsize // 1024

    def size(self, kilobytes):
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(self.where)], check=True)

    def end(self):
        if self.there:
            subprocess.run(["umount", "-l", str(self.where)], check=True)


def on_a_small_disk(rounds):
    with folder() as path:
        disk = SmallDisk(path / "disk", 20000)
        if not disk.there:
            print("  a small disk could not be mounted here: not shown", flush=True)
            return 0
        try:
            large = path / "large.txt"
            large.write_text("They owe money and go far away.\n" * 60000)
            for number in range(rounds):
                disk.size(20000)
                where = path / "disk/w"
                shutil.rmtree(where, ignore_errors=True)
                new_workspace(where, example=False)
                before = content(where, path / "x")
                disk.size(chance.randrange(1400, 12000))
                done = call("import", "-w", where, "--study", "X", large)
                disk.size(20000)
                judge("import on a small disk", done, before, content(where, path / "x"), [])
                if b"unbroken" not in call("verify", "-w", where).stdout or call("import", "-w", where, "--study", "X", large).returncode not in (0, 3):
                    broken("small disk: not got over")
            return rounds
        finally:
            disk.end()


def with_postgres(rounds):
    with cluster() as postgres, folder() as path:
        disk = SmallDisk(postgres.folder / "tables", 40000)
        if not disk.there:
            return 0
        try:
            shutil.chown(postgres.folder / "tables", "postgres")
            postgres.sql(f"create tablespace small location '{postgres.folder / 'tables'}'")
            postgres.sql("alter database postgres set default_tablespace = small")
            where = new_workspace(path / "w", postgres.address, example=False)
            before = content(where, path / "x")
            for number in range(rounds):
                large = path / f"large-{number}.txt"
                large.write_text(f"They owe money {number} and go far away.\n" * 150000)
                disk.size(disk.used() + chance.randrange(300, 9000))
                done = call("import", "-w", where, "--study", "X", large)
                disk.size(disk.used() + 100000)
                after = content(where, path / "x")
                judge("import with PostgreSQL's disk full", done, before, after, [])
                before = after
                postgres.sql("vacuum") if number % 5 == 4 else None
            return rounds
        finally:
            postgres.stop()
            disk.end()


rounds = count(12, 160)
with_limits(rounds)
disks = on_a_small_disk(count(2, 25))
servers = with_postgres(count(2, 15))
end(broken, f"{rounds} limits, {disks} small disks, {servers} full disks of PostgreSQL: {refused} refused, {fitted} fitted, {len(broken.found)} partial or dishonest")
