#!/usr/bin/env python3
"""P8 for phones: while stories are locked, words that stand nowhere else – Khmer, Nepali, English – are sent as answers, names
of files, what is in files (UTF-8 and UTF-16) and remarks. They are looked for in every file of the workspace (database, its
log, what is set down while it arrives), in temporary folders, the log of the server, a backup, PostgreSQL's own folder with
its log of every statement, and a dump. Somebody who holds the key finds them in an export."""
import contextlib
import os
import sqlite3
import subprocess
import threading
import zipfile

from drill import Failures, Server, as_person, chance, cluster, count, end, folder, new_workspace, people, run
from phones import Phone, answers, enrol, multipart

broken = Failures("P8 for phones")
TOTAL = count(500, 10000)
ALPHABETS = ("កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ", "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", "abcdefghijklmnopqrstuvwxyz")
canaries = ["".join(chance.choices(ALPHABETS[number % 3], k=16)) for number in range(TOTAL)]


def patterns(path):
    with open(path, "wb") as out:
        for canary in canaries:
            for part in (canary[:8], canary[8:]):  # also half of one: it may have been cut before it was written
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    out.write(part.encode(encoding) + b"\n")


def hits(pattern_file, *roots, data=None):
    base = ["grep", "-a", "-F", "-f", str(pattern_file)]
    environment = {**os.environ, "LC_ALL": "C"}
    if data is not None:
        return subprocess.run([*base, "-c"], input=data, capture_output=True, env=environment).stdout.strip() != b"0"
    return subprocess.run([*base, "-r", "-l", "-s", *map(str, roots)], capture_output=True, text=True, env=environment).stdout.split("\n")[:-1]


def posts():
    """Ten words a post: an answer, a remark, one beside the answers, a file name, and six in a file in two encodings; some
    files are large enough to be set down while they arrive."""
    for at in range(0, TOTAL - 9, 10):
        answer, remark, beside, name, *inside = canaries[at:at + 10]
        content = " . ".join(inside).encode(("utf-8", "utf-16-le", "utf-16-be")[at // 10 % 3])
        content *= 4000 if at // 10 % 10 == 0 else 1
        yield canaries[at:at + 10], multipart(answers(f"uuid:c{at}", [name + ".jpg"], answer, remark, f"<!-- {beside} -->"), [(name + ".jpg", content)])


def send(port, token):
    waiting, lock = list(posts()), threading.Lock()

    def work():
        phone = Phone(port, token)
        while True:
            with lock:
                if not waiting:
                    return
                words, (headers, body) = waiting.pop()
            status, content = phone.post(headers, body)
            if status not in (201, 202):
                broken(f"answered {status}")
            if any(word.encode() in content for word in words):
                broken("an answer repeats what was sent")
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    return threads


def dump_of(where, postgres):
    if postgres:
        return subprocess.run(["pg_dump", postgres.address], capture_output=True, check=True).stdout
    with contextlib.closing(sqlite3.connect(f"file:{where / 'understory.db'}?mode=ro", uri=True)) as database:
        return "\n".join(database.iterdump()).encode("utf-8", "surrogateescape")


def drill(postgres=None):
    label = "PostgreSQL" if postgres else "SQLite"
    with folder() as path:
        told, temporary, home = path / "told", path / "temporary", path / "home"
        for each in (told, temporary, home):
            each.mkdir()
        pattern_file = told / "patterns"
        patterns(pattern_file)
        assert all(hits(pattern_file, data=canaries[0].encode(each)) for each in ("utf-8", "utf-16-le", "utf-16-be")), "the scanner must find them"
        surroundings = {**os.environ, "HOME": str(home), "TMPDIR": str(temporary)}
        where = new_workspace(path / "w", postgres.address if postgres else None, example=False)
        token = enrol(where)
        recovery = people(where)
        with open(path / "server.log", "wb") as log:
            server = Server(where, stderr=log, env=surroundings)
        places = [where, temporary, home, path / "server.log", *([postgres.folder] if postgres else [])]

        def look(when, *more):
            for name in hits(pattern_file, *places, *more):
                broken(f"{label}, {when}: {name}")

        threads = send(server.port, token)
        while any(thread.is_alive() for thread in threads):
            look("while it is sent")
            # What has no name is seen through the server's own handles.
            for handle in os.listdir(f"/proc/{server.process.pid}/fd"):
                try:
                    file = f"/proc/{server.process.pid}/fd/{handle}"
                    if os.path.isfile(file) and hits(pattern_file, file):
                        broken(f"{label}: what arrives is set down in plain: {os.readlink(file)}")
                except OSError:
                    pass  # closed meanwhile
        for thread in threads:
            thread.join()
        run("backup", "-w", where, path / "one.backup", env={**as_person("keeper"), "HOME": str(home), "TMPDIR": str(temporary)})
        if postgres:
            postgres.sql("checkpoint")
        look("when all is kept", path / "one.backup")
        if hits(pattern_file, data=dump_of(where, postgres)):
            broken(f"{label}: a dump shows one")
        server.kill()
        look("after the server was killed")
        run("submissions", "export", "-w", where, "--form", "visit", "--as", "csv", "--attachments", "--recovery-key", recovery, told / "x.zip", timeout=600)
        with zipfile.ZipFile(told / "x.zip") as archive:
            shown = "\n".join(archive.namelist())
            for name in archive.namelist():
                content = archive.read(name)
                shown += "\n" + content.decode("utf-8", "replace") + content.decode("utf-16-le", "replace") + content.decode("utf-16-be", "replace")
        # Those beside the answers are in the XML alone, which no export shows.
        missing = [canary for number, canary in enumerate(canaries[:TOTAL // 10 * 10]) if number % 10 != 2 and canary not in shown]
        assert not missing, f"{len(missing)} were not kept: {missing[:3]}"


drill()
with cluster(options="-c log_statement=all -c log_min_duration_statement=0 -c log_parameter_max_length=-1") as postgres:
    drill(postgres)
end(broken, f"{TOTAL} words sent by phones to a locked server, on both databases: {len(broken.found)} places hold one")
