#!/usr/bin/env python3
"""P7: one command backs a workspace up while it is in use; on an empty machine it comes back whole, into either database:
rows, attachments and the head of the log are the same. A wrong key opens nothing. Minutes a gigabyte are printed."""
import re
import threading
import time

from drill import Browser, Failures, Server, as_person, call, cluster, count, end, folder, new_workspace, people, run

broken = Failures("P7")
MEGABYTES = count(6, 300)
figures = []


def head(where, key):
    out = where.parent / (where.name + ".log")
    out.unlink(missing_ok=True)
    run("audit", "export", "-w", where, out, "--recovery-key", key)
    return out.read_text().splitlines()


def content(said):
    return re.search(r"Content: (\w+)", said).group(1)


def drill(source, target, label):
    with folder() as path:
        where = new_workspace(path / "w", source)
        for number in range(max(1, MEGABYTES // 30)):
            texts = []
            for each in range(30 if MEGABYTES >= 30 else MEGABYTES):
                text = path / f"text-{number}-{each}.txt"
                line = f"They owe money to {number} and {each}.\n"
                text.write_text(line * (1_000_000 // len(line)))  # a megabyte
                texts.append(text)
            run("import", "-w", where, "--study", "X", *texts)
        # At rest, and before there are accounts whose log would grow by it: a backup of what was restored is the same rows.
        first = content(run("backup", "-w", where, path / "rest.backup"))
        run("restore", path / "rest.backup", "-w", path / "rest", "--key", where / "workspace.key", *(["--database", target] if target else []))
        if content(run("backup", "-w", path / "rest", path / "again.backup")) != first:
            broken(f"{label}: other rows than were backed up")
        if target:
            target = target.replace("dbname=second", "dbname=third")
        key = people(where)
        server = Server(where)
        keeper = Browser(server.port).sign_in("keeper")
        made = []
        halt = threading.Event()

        def write():
            while not halt.is_set():
                name = f"during-{len(made)}"
                status, _ = keeper.ask("POST", "/accounts", name=name, role="coder", study="", place="", organisation="")
                if status != 200:
                    broken(f"{label}: writing while it was backed up: {status}")
                    return
                made.append(name)
                time.sleep(0.05)

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.3)
        begun = time.perf_counter()
        run("backup", "-w", where, path / "one.backup", env=as_person("keeper"))
        took = time.perf_counter() - begun
        halt.set()
        writer.join()
        if not made:
            broken(f"{label}: nothing was written meanwhile: this would show nothing")
        server.stop()
        size = (path / "one.backup").stat().st_size / 1e9
        wrong = path / "wrong"
        wrong.write_text("aaaaaaa-" * 5 + "aaaaaaa\n")
        refused = call("restore", path / "one.backup", "-w", path / "no", "--recovery-key", wrong)
        other = new_workspace(path / "other", example=False)
        refused_too = call("restore", path / "one.backup", "-w", path / "no", "--key", other / "workspace.key")
        if refused.returncode == 0 or refused_too.returncode == 0 or (path / "no").exists():
            broken(f"{label}: a wrong key was not refused, or left something")
        begun = time.perf_counter()
        back = path / "back"
        restored = run("restore", path / "one.backup", "-w", back, "--recovery-key", key, *(["--database", target] if target else []))
        back_took = time.perf_counter() - begun
        if content(restored) != content(run("verify", "--backup", path / "one.backup", "--recovery-key", key)):
            broken(f"{label}: what was restored is not what is in the file")
        if "unbroken" not in run("verify", "-w", back, "--recovery-key", key):
            broken(f"{label}: not sound")
        before, after = head(where, key), head(back, key)
        entries = [line for line in after if '"previous"' in line]
        if not entries or any(line not in before for line in entries[:-2]):
            broken(f"{label}: the log is another")
        find = ["find", "causes", "--study", "X", "--format", "json", "--recovery-key", key, "-w"]
        if run(*find, where) != run(*find, back):
            broken(f"{label}: another finding")
        print(f"  {label}: {size * 1000:.0f} MB backed up in {took:.1f} s ({took / 60 / size:.2f} min/GB), restored in {back_took:.1f} s "
              f"({back_took / 60 / size:.2f} min/GB); {len(made)} accounts made meanwhile; wrong keys refused", flush=True)


with cluster() as postgres:
    drill(None, None, "SQLite")
    drill(postgres.address, None, "PostgreSQL → SQLite")
    postgres.sql("create database second")
    postgres.sql("create database third")
    drill(None, postgres.address.replace("dbname=postgres", "dbname=second"), "SQLite → PostgreSQL")
end(broken, "backed up in use, restored on an empty folder: equal rows, log and findings")
