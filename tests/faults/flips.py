#!/usr/bin/env python3
"""P6: a damaged page is never read as truth. One bit flips in a file of a workspace that is not in use; afterwards every
command either says that something is damaged or answers as before, and `verify` tells damage that commands did not meet.

Flipped: understory.db, its log after a crash (with what only stands there), workspace.toml, the keys, a backup, and the
files of tables and indexes of a PostgreSQL with checksums."""
import re
import shutil

from drill import FULL, PROGRAM, Server, chance, cluster, count, end, Failures, folder, new_workspace, call, run

broken = Failures("P6")
told, same = 0, 0


def flip(path, bit=None):
    bit = chance.randrange(path.stat().st_size * 8) if bit is None else bit
    with open(path, "r+b") as file:
        file.seek(bit // 8)
        byte = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))
    return bit


def answers(where, out):
    """(exit code, what was said) of commands that between them read every row."""
    out.unlink(missing_ok=True)
    backup = call("backup", "-w", where, out)
    content = re.search(rb"Content: (\w+)", backup.stdout)
    return [(backup.returncode, content.group(1) if content else b""),
            *((done.returncode, done.stdout) for done in (
                call("find", "causes", "draws", "0", "-w", where, "--study", "X", "--format", "json"),
                call("codings", "-w", where, "--study", "X", "--format", "csv")))]


def judge(what, before, after):
    """Silent is what ends as if nothing were wrong, with another answer."""
    global told, same
    wrong = [number for number, (answer, right) in enumerate(zip(after, before)) if answer[0] == 0 and answer != right]
    if wrong:
        broken(f"{what}: another answer from command {wrong}, and no word of damage")
    elif after == before:
        same += 1
    else:
        told += 1
        if any(code < 0 or code > 5 for code, _ in after):
            broken(f"{what}: a command ended with {[code for code, _ in after]}")


with folder() as path:
    whole = new_workspace(path / "whole")
    call("verify", "-w", whole)
    # In use when it was lost: much of it stands in the log alone.
    server = Server(whole)
    (path / "late.txt").write_text("Told late, and acknowledged.\n" * 4000)
    run("import", "-w", whole, "--study", "X", path / "late.txt")
    crashed = path / "crashed"
    shutil.copytree(whole, crashed)
    (crashed / "understory.db-shm").unlink(missing_ok=True)
    server.kill()
    shutil.copytree(crashed, path / "opened")
    before = answers(path / "opened", path / "out")
    run("verify", "-w", path / "opened")
    assert before[0][0] == 0 and before[2][0] == 0 and len(before[2][1]) > 1000
    shutil.copy(path / "out", path / "backup")
    assert (crashed / "understory.db-wal").stat().st_size > 100000, "the log is empty: this would show nothing"

    total = count(14, 400)
    names = ["understory.db"] * 10 + ["understory.db-wal"] * 5 + ["workspace.toml", "workspace.key", "audit.key", "understory.db-mark"]
    for number in range(total):
        name = names[number % len(names)] if not FULL else chance.choice(names)
        shutil.rmtree(path / "bent", ignore_errors=True)
        # Half of the flips in the database meet one that was closed in peace.
        source = path / "opened" if name == "understory.db" and chance.random() < 0.5 else crashed
        shutil.copytree(source, path / "bent")
        bit = flip(path / "bent" / name)
        checked = call("verify", "-w", path / "bent") if number % 4 == 0 else None
        after = answers(path / "bent", path / "out")
        judge(f"{name} ({source.name}) bit {bit}", before, after)
        if checked and checked.returncode == 0 and after != before:
            broken(f"{name} bit {bit}: verify called it sound")

    key = path / "opened/workspace.key"
    content = re.search(r"Content: (\w+)", run("verify", "--backup", path / "backup", "--key", key)).group(1)
    backups = count(4, 50)
    for number in range(backups):
        bit = flip(path / "backup")
        done = call("verify", "--backup", path / "backup", "--key", key)
        back = call("restore", path / "backup", "-w", path / "back", "--key", key)
        if done.returncode == 0 and content.encode() not in done.stdout:
            broken(f"backup bit {bit}: read as another")
        if back.returncode != 0 and (path / "back").exists():
            broken(f"backup bit {bit}: half a workspace was left")
        same, told = same + (done.returncode == 0), told + (done.returncode != 0)
        if (path / "back").exists():
            shutil.rmtree(path / "back")
        flip(path / "backup", bit)

pages = 0
with cluster(options="-c fsync=off") as postgres, folder() as path:
    where = new_workspace(path / "p", postgres.address)
    postgres.sql("vacuum freeze")
    before = answers(where, path / "out")
    if "every page with its checksum" not in run("verify", "-w", where):
        broken("verify does not see PostgreSQL's checksums")
    rows = postgres.sql("select pg_relation_filepath(oid) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r','i','t') "
                        "and pg_relation_size(oid) > 0 union all select pg_relation_filepath(reltoastrelid) from pg_class where relnamespace = "
                        "'public'::regnamespace and reltoastrelid > 0 and pg_relation_size(reltoastrelid) > 0")
    files = [postgres.data / line for line in rows.split()]
    sizes = [file.stat().st_size for file in files]
    pages = count(4, 100)
    for number in range(pages):
        postgres.stop("fast")
        file = chance.choices(files, sizes)[0]
        bit = flip(file)
        postgres.start()
        judge(f"PostgreSQL {file.name} bit {bit}", before, answers(where, path / "out"))
        checked = call("verify", "-w", where)
        postgres.stop("immediate")
        flip(file, bit)
        postgres.start()
    after = answers(where, path / "out")
    if after != before:
        broken("PostgreSQL did not come back")

end(broken, f"{total + backups} flips in files of SQLite, {pages} in PostgreSQL's: {told} told, {same} without effect, {len(broken.found)} silent")
