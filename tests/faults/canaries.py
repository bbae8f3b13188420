#!/usr/bin/env python3
"""P8: a locked server shows no story. Words that stand nowhere else – Khmer, Nepali, English – are put in as texts, names
of sources and people, memos, masks, open answers, attachments and searches, read and reported by people who may; then the
workspace is locked. Afterwards they are looked for, in UTF-8 and UTF-16, in every file there is: the workspace, what lies
in temporary folders, logs, a backup, PostgreSQL's own folder with its log of every statement; in a dump of the database;
in what a steward sees; in the process list. The same words are first looked for where they must be found."""
import os
import pathlib
import shutil
import subprocess
import time
import zipfile

from drill import (Browser, FULL, Failures, Server, as_person, call, chance, cluster, count, end, folder, new_workspace, people, run)

broken = Failures("P8")
TOTAL = count(240, 10000)
ALPHABETS = ("កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ", "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", "abcdefghijklmnopqrstuvwxyz")
canaries = ["".join(chance.choices(ALPHABETS[number % 3], k=16)) for number in range(TOTAL)]
unused = []


def some(number):
    taken = unused[-number:]
    del unused[-number:]
    return taken


def patterns(path):
    with open(path, "wb") as out:
        for canary in canaries:
            # Also half of one: a word may have been cut before it was written.
            for part in (canary[:8], canary[8:]):
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    out.write(part.encode(encoding) + b"\n")


def hits(pattern_file, *roots, data=None):
    """Names of files that hold one, or how many lines of the data do."""
    base = ["grep", "-a", "-F", "-f", str(pattern_file)]
    environment = {**os.environ, "LC_ALL": "C"}
    if data is not None:
        return subprocess.run([*base, "-c"], input=data, capture_output=True, env=environment).stdout.strip() != b"0"
    found = subprocess.run([*base, "-r", "-l", *map(str, roots)], capture_output=True, text=True, env=environment)
    if found.returncode > 1 and not found.stdout:
        gone = [line for line in found.stderr.splitlines() if "No such file" not in line]
        assert not gone, gone
    return found.stdout.split("\n")[:-1]


def put_in(path):
    """Files that hold most of them."""
    unused[:] = canaries
    names, pseudonyms, masked = some(TOTAL // 20), some(TOTAL // 20), some(TOTAL // 20)
    coders, memos, answers, attached = some(TOTAL // 50), some(TOTAL // 20), some(TOTAL // 10), some(TOTAL // 20)
    docx, others = some(TOTAL // 50), some(len(unused) - 20)
    (path / "texts").mkdir(parents=True)
    sources = ["file,source,kind,location,language,date,respondents,translation_of"]
    respondents = ["respondent,location,kind,size,age_band,gender,role,place,language"]
    masks, codings = ["source,quote,kind"], ["source,coder,code,quote,occurrence"]
    each = max(1, len(others) // len(names))
    for number, (name, pseudonym, mask) in enumerate(zip(names, pseudonyms, masked)):
        text = "I: Why?\n\nR: She said " + mask + " and then " + " , ".join(others[number * each:(number + 1) * each]) + " they went.\n"
        (path / f"texts/{number}.txt").write_text(text)
        sources.append(f"texts/{number}.txt,{name},interview,L,{('km', 'ne', 'en')[number % 3]},2026-02-11,{pseudonym},")
        respondents.append(f"{pseudonym},L,person,1,25-34,female,farmer,,en")
        masks.append(f"{name},{mask},name")
        codings.append(f"{name},{coders[number % len(coders)]},Causes/Poverty,She said,")
    for table, rows in (("respondents", respondents), ("sources", sources), ("codings", codings), ("masks", masks)):
        (path / f"{table}.csv").write_text("\n".join(rows) + "\n")
    survey = ["ID,Age,Why do people leave?,Anything else?"]
    for number in range(0, len(answers) - 1, 2):
        survey.append(f"P-{number},25-34,Because of {answers[number]} and debt,{answers[number + 1]} was here")
    (path / "survey.csv").write_text("\n".join(survey) + "\n")
    xml = ['<?xml version="1.0" encoding="utf-8"?><Project name="P" xmlns="urn:QDA-XML:project:1.0" origin="drill"><Users><User guid="11111111-1111-4111-8111-111111111111" name="'
           + coders[0] + '"/></Users><Sources><TextSource guid="22222222-2222-4222-8222-222222222222" name="' + attached[0]
           + '" plainTextPath="internal://22222222-2222-4222-8222-222222222222.txt"/><PictureSource guid="33333333-3333-4333-8333-333333333333" name="'
           + attached[1] + '" path="internal://33333333-3333-4333-8333-333333333333.png"/></Sources><Notes>']
    for number, memo in enumerate(memos):
        xml.append(f'<Note guid="44444444-4444-4444-8444-{number:012d}" name="{memo}"><PlainTextContent>About {memo}: keep.</PlainTextContent></Note>')
    xml.append("</Notes></Project>")
    with zipfile.ZipFile(path / "project.qdpx", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("project.qde", "".join(xml))
        out.writestr("sources/22222222-2222-4222-8222-222222222222.txt", " . ".join(attached))
        out.writestr("sources/33333333-3333-4333-8333-333333333333.png", "\n".join(attached).encode("utf-16-le"))
    (path / "letter.html").write_text("<html><body><p>" + "</p><p>".join(docx) + "</p></body></html>")
    return some(len(unused)), names, others


def dump_of(where, postgres):
    if postgres:
        return subprocess.run(["pg_dump", postgres.address], capture_output=True, check=True).stdout
    import sqlite3
    with sqlite3.connect(f"file:{where / 'understory.db'}?mode=ro", uri=True) as database:
        return "\n".join(database.iterdump()).encode("utf-8", "surrogateescape")


def in_memory(pid, pattern_file):
    """Lines of a process's memory that hold one."""
    held = b""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            area, rights, *rest = line.split()
            begin, until = (int(part, 16) for part in area.split("-"))
            if "r" in rights and until - begin < 1 << 30 and not rest[-1].startswith("/usr"):
                try:
                    memory.seek(begin)
                    held += memory.read(until - begin) + b"\n"
                except (OSError, ValueError, OverflowError):
                    pass
    assert len(held) > 1_000_000
    return int(subprocess.run(["grep", "-a", "-F", "-c", "-f", str(pattern_file)], input=held, capture_output=True, env={**os.environ, "LC_ALL": "C"}).stdout)


def drill(postgres=None):
    label = "PostgreSQL" if postgres else "SQLite"
    begun = time.time()
    with folder() as path:
        told = path / "told"
        told.mkdir()
        searched, names, texts = put_in(told)
        pattern_file = told / "patterns"
        patterns(pattern_file)
        temporary, home = path / "temporary", path / "home"
        temporary.mkdir()
        home.mkdir()
        os.environ["TMPDIR"], kept = str(temporary), os.environ.get("TMPDIR")
        try:
            where = new_workspace(path / "w", postgres.address if postgres else None, example=False)
            for arguments in (["respondents.csv"], ["sources.csv"], ["codings.csv"], ["masks.csv"], ["project.qdpx"], ["letter.html"],
                              ["survey.csv", "--respondent-column", "ID", "--attribute", "Age=age_band", "--open", "Why do people leave?",
                               "--open", "Anything else?", "--location", "L"]):
                done = call("import", "-w", where, "--study", "X", told / arguments[0], *arguments[1:])
                assert done.returncode in (0, 3), (arguments, done.stderr)
            found = run("search", "-w", where, "--study", "X", texts[2])
            assert hits(pattern_file, data=found.encode()), "a search must find what was told"
            for term in searched:
                call("search", "-w", where, "--study", "X", term)
            recovery = people(where, ("rafiq", "researcher"))
            log = open(path / "server.log", "wb")
            server = Server(where, stderr=log, env={**os.environ, "HOME": str(home)})
            reader = Browser(server.port).sign_in("rafiq")
            study = reader.json("/api/v1/studies")["studies"][0]["id"]
            sources = reader.json(f"/api/v1/studies/{study}/sources")["sources"]
            assert len(sources) > 20
            seen = b""
            for source in sources[:40]:
                seen += reader.ask("GET", f"/studies/{study}/sources/{source['id']}")[1]
            assert hits(pattern_file, data=seen), "somebody entitled must see them"
            for address in ("findings/causes", "findings/causes/passages", "report.html", "report.pdf", "sources"):
                assert reader.ask("GET", f"/studies/{study}/{address}")[0] in (200, 404), address
            for term in searched:  # what is typed into an address must not stay in a log either
                reader.ask("GET", f"/studies/{study}/findings/causes?q=" + "".join(f"%{byte:02x}" for byte in term.encode()))
                reader.ask("GET", f"/studies/{study}/sources?q={term.encode('ascii', 'ignore').decode()}")
            backup = path / "one.backup"
            run("backup", "-w", where, backup, env={**as_person("keeper"), "HOME": str(home)})
            if postgres:
                postgres.sql("checkpoint")
            used = in_memory(server.process.pid, pattern_file)
            places = [where, temporary, home, backup, path / "server.log", *([postgres.folder] if postgres else [])]

            def look(when):
                for name in hits(pattern_file, *places):
                    broken(f"{label}, {when}: {name}")

            look("a reader signed in")  # what stands on the disk is sealed even then
            reader.move(server.port)
            reader.ask("POST", "/sign-out")
            server.stop()
            server = Server(where, stderr=log, env={**os.environ, "HOME": str(home)})
            keeper = Browser(server.port).sign_in("keeper")
            shown = b"".join(keeper.ask("GET", address)[1] for address in (
                "/", "/accounts", "/audit", "/glass", "/account", f"/studies/{study}", f"/studies/{study}/sources",
                *(f"/studies/{study}/sources/{source['id']}" for source in sources[:5]), "/api/v1/studies",
                f"/studies/{study}/findings/causes/passages", f"/studies/{study}/report.html"))
            if hits(pattern_file, data=shown):
                broken(f"{label}: the steward sees one")
            for pid in (server.process.pid,):
                # The server keeps its memory to itself: only root may look, and anybody else is refused.
                mine = os.geteuid() == 0
                shown = b"".join(pathlib.Path(f"/proc/{pid}/{part}").read_bytes() for part in (("cmdline", "environ", "maps") if mine else ("cmdline",)))
                if not mine and os.access(f"/proc/{pid}/mem", os.R_OK):
                    broken(f"{label}: the memory of the server can be read by its own user")
                for other in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                    try:
                        shown += other.read_bytes() + b"\n"
                    except OSError:
                        pass  # it has ended
                if hits(pattern_file, data=shown):
                    broken(f"{label}: the process list shows one")
                if mine and in_memory(pid, pattern_file):
                    broken(f"{label}: the memory of a locked server holds one")
            look("locked")
            if hits(pattern_file, data=dump_of(where, postgres)):
                broken(f"{label}: a dump shows one")
            server.kill()
            # Whatever was written elsewhere while this ran.
            listed = subprocess.run(["find", "/tmp", "/var/tmp", pathlib.Path.home(), "-xdev", "-type", "f", "-size", "-64M", "-newermt", f"@{begun:.0f}", "-not", "-path",
                                     f"{path}/*", "-not", "-path", "*/.cache/*", "-print0"], capture_output=True).stdout if FULL else b""
            found = subprocess.run(["xargs", "-0r", "grep", "-a", "-F", "-l", "-s", "-f", str(pattern_file)], input=listed, capture_output=True,
                                   env={**os.environ, "LC_ALL": "C"})
            for name in found.stdout.decode().split("\n")[:-1]:
                broken(f"{label}: {name}")
            assert hits(pattern_file, told / "texts"), "the scanner must find them where they are"
            print(f"  {label}: memory of a server in which a reader had just been: {used} lines hold one (it holds what it shows; not promised)", flush=True)
        finally:
            os.environ.pop("TMPDIR")
            if kept:
                os.environ["TMPDIR"] = kept


drill()
with cluster(options="-c log_statement=all -c log_min_duration_statement=0 -c log_parameter_max_length=-1") as postgres:
    drill(postgres)
end(broken, f"{TOTAL} canaries in UTF-8 and UTF-16, on both databases: {len(broken.found)} places hold one")
