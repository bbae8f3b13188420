#!/usr/bin/env python3
"""P20: erased means gone, and the log still verifies. Sources with words that stand nowhere else – and with facts that
stand in plain columns – are imported, coded, read and erased, some by source, some by respondent, some while PostgreSQL
or SQLite keeps old versions of rows about. Afterwards none of it, sealed or plain, is in the database's pages (free ones
too), its logs, an export, a report, a search, the next backup or its restored copy. What was not erased is still there.

The same of what phones sent: answers, names of files, files, remarks of reviewers, edits, and what was taken of it into a
study. A phone that sends it once more is thanked, and nothing of it is kept."""
import json
import os
import sqlite3
import subprocess
import zipfile

from drill import (Failures, Server, as_person, call, chance, cluster, count, end, folder, new_workspace, people, run)
from phones import Phone, answers, enrol, multipart

broken = Failures("P20")
SOURCES = count(8, 100)


def raw_of(where, postgres):
    if not postgres:
        return [path for path in where.iterdir() if path.name.startswith("understory.db")]
    return [path for path in postgres.data.rglob("*") if path.is_file()]


def holds(files, needle):
    found = subprocess.run(["grep", "-a", "-F", "-l", "-f", "/dev/stdin", *map(str, files)], input=needle, capture_output=True,
                           env={**os.environ, "LC_ALL": "C"}).stdout
    return found.decode().split()


def rows(where, postgres, table, columns):
    if postgres:
        text = ", ".join(f"encode({column}, 'hex')" for column in columns)
        return [[bytes.fromhex(part) for part in line.split("|")] for line in postgres.sql(f"select {text} from {table} order by id").splitlines()]
    database = sqlite3.connect(f"file:{where / 'understory.db'}?mode=ro", uri=True)
    try:
        return [list(row) for row in database.execute(f"select {', '.join(columns)} from {table} order by id")]
    finally:
        database.close()


def drill(postgres=None):
    label = "PostgreSQL" if postgres else "SQLite"
    with folder() as path:
        where = new_workspace(path / "w", postgres.address if postgres else None, example=False)
        words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=20)) for _ in range(SOURCES * 2)]
        facts = [f"role{''.join(chance.choices('abcdefghijklmnopqrstuvwxyz', k=14))}" for _ in range(SOURCES)]
        respondents = ["respondent,location,kind,size,age_band,gender,role,place,language"]
        sources = ["file,source,kind,location,language,date,respondents,translation_of"]
        codings = ["source,coder,code,quote,occurrence"]
        (path / "t").mkdir()
        for number in range(SOURCES):
            (path / f"t/{number}.txt").write_text(f"I: Why?\n\nR: We owe {words[2 * number]} to {words[2 * number + 1]} . " + "It was long ago. " * 300)
            respondents.append(f"{words[2 * number]},L,person,1,25-34,female,{facts[number]},,en")
            sources.append(f"t/{number}.txt,About {words[2 * number + 1]},interview,L,en,2026-02-11,{words[2 * number]},")
            codings.append(f"About {words[2 * number + 1]},Anita,Causes/Poverty,We owe,")
        for name, lines in (("respondents", respondents), ("sources", sources), ("codings", codings)):
            (path / f"{name}.csv").write_text("\n".join(lines) + "\n")
            run("import", "-w", where, "--study", "X", path / f"{name}.csv")
        recovery = people(where, ("rafiq", "researcher"))
        as_reader = as_person("rafiq")
        keys = ["--recovery-key", recovery]
        sealed_before = rows(where, postgres, "source", ["name", "text"]) + rows(where, postgres, "respondent", ["name"])
        wrapped_before = rows(where, postgres, "data_key", ["wrapped"])
        server = Server(where)  # in use, with connections of its own
        # Half of all go: by source, by respondent, by source and then respondent.
        gone = list(range(0, SOURCES, 2))
        for number in gone:
            name, who = f"About {words[2 * number + 1]}", words[2 * number]
            if number % 4 == 0:
                run("erase", "-w", where, "--study", "X", "--source", name, "--reason", "asked for by who told it", env=as_reader)
            run("erase", "-w", where, "--study", "X", "--respondent", who, "--reason", "asked for by who told it", env=as_reader)
        again = call("import", "-w", where, "--study", "X", path / "sources.csv", *keys)  # does not come back by accident
        if again.returncode not in (0, 1, 3):
            broken(f"{label}: importing again ended with {again.returncode}")
        if postgres:
            # Old versions of rows lie in pages until they are vacuumed, and in the log until it is recycled.
            postgres.sql("vacuum full")
            postgres.sql("checkpoint")
            for _ in range(3):
                postgres.sql("select pg_switch_wal()")
                postgres.sql("checkpoint")
        files = raw_of(where, postgres)
        kept = [row for row in rows(where, postgres, "source", ["name", "text"]) + rows(where, postgres, "respondent", ["name"])]
        left = {bytes(value) for row in kept for value in row}
        was = {bytes(value) for row in sealed_before for value in row}
        erased = [value for value in was - left if len(value) > 30]
        if len(erased) < len(gone) * 2:
            broken(f"{label}: only {len(erased)} sealed fields went")
        joined = {file: file.read_bytes() for file in files}
        for value in erased:
            for file, content in joined.items():
                if value[20:60] in content:
                    broken(f"{label}: a sealed field that was erased is in {file.name}")
        wrapped = {bytes(row[0]) for row in wrapped_before} - {bytes(row[0]) for row in rows(where, postgres, "data_key", ["wrapped"])}
        if len(wrapped) < len(gone):
            broken(f"{label}: only {len(wrapped)} data keys went")
        for value in wrapped:
            for file, content in joined.items():
                if value[-32:] in content:
                    broken(f"{label}: a destroyed data key is in {file.name}")
        for number in gone:
            for file, content in joined.items():
                if facts[number].encode() in content:
                    broken(f"{label}: a plain fact that was erased is in {file.name}")
        if not any(facts[1].encode() in content for content in joined.values()):
            broken(f"{label}: what was not erased is not found either: this would show nothing")
        # Read by those who may, and in what leaves the workspace.
        told = call("search", "-w", where, "--study", "X", "owe", env=as_reader).stdout
        out = path / "out.qdpx"
        run("export", "-w", where, "--study", "X", "--as", "qdpx:spec", out, env=as_reader)
        with zipfile.ZipFile(out) as unpacked:
            told += b"".join(unpacked.read(name) for name in unpacked.namelist())
        for arguments in (["codings", "-w", where, "--study", "X", "--format", "csv"], ["find", "causes", "-w", where, "--study", "X", "--format", "json"]):
            told += run(*arguments, env=as_reader).encode()
        run("report", "-w", where, "--study", "X", "--as", "html", path / "r.html", env=as_reader)
        told += (path / "r.html").read_bytes()
        run("backup", "-w", where, path / "b", env=as_person("keeper"))
        run("restore", path / "b", "-w", path / "back", *keys)
        copies = raw_of(path / "back", None)
        told += run("search", "-w", path / "back", "--study", "X", "owe", *keys).encode()
        told += b"".join(file.read_bytes() for file in copies)
        for number in range(SOURCES):
            for word in (words[2 * number + 1].encode(), facts[number].encode()):
                if number in gone and word in told:
                    broken(f"{label}: {word} of an erased source is in what is shown, exported or backed up")
        if words[3].encode() not in told or facts[1].encode() not in told:
            broken(f"{label}: what was not erased is missing")
        server.stop()
        if b"unbroken" not in call("verify", "-w", where, *keys).stdout:
            broken(f"{label}: the log no longer verifies")
        print(f"  {label}: {len(gone)} of {SOURCES} erased; {len(erased)} sealed fields and {len(wrapped)} keys looked for in {len(joined)} files of the database", flush=True)


def drill_sent(postgres=None):
    label = "sent, on PostgreSQL" if postgres else "sent, on SQLite"
    with folder() as path:
        where = new_workspace(path / "w", postgres.address if postgres else None, example=False)
        words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=20)) for _ in range(SOURCES * 5)]
        token = enrol(where)
        mapping = {"consent_on_paper": True, "location": "L", "respondent": {"name": "/data/village"}, "answers": [{"question": "/data/remarks"}]}
        (path / "mapping.json").write_text(json.dumps(mapping))
        run("form", "map", "-w", where, "visit", path / "mapping.json")
        recovery = people(where, ("rafiq", "researcher"))
        as_reader, keys = as_person("rafiq"), ["--recovery-key", recovery]
        server = Server(where)
        phone = Phone(server.port, token)

        def post_of(number):
            who, told, name, inside, _ = words[5 * number:5 * number + 5]
            return multipart(answers(f"uuid:e{number:03}", [name + ".jpg"], who, told), [(name + ".jpg", (inside + " ").encode() * 4000)])

        def edit_of(number):
            who, _, name, _, edited = words[5 * number:5 * number + 5]
            xml = answers(f"uuid:f{number:03}", [name + ".jpg"], who, edited)
            return multipart(xml.replace(b"</instanceID>", f"</instanceID><deprecatedID>uuid:e{number:03}</deprecatedID>".encode()))

        for number in range(SOURCES):
            for post in (post_of(number), edit_of(number)):
                status, content = phone.post(*post)
                if status != 201:
                    broken(f"{label}: answered {status}: {content}")
        listed = run("submissions", "list", "-w", where, "--form", "visit", env=as_reader).splitlines()
        run("submissions", "take", "-w", where, "--form", "visit", "--study", "X", *keys)
        exported = path / "exported.zip"
        run("submissions", "export", "-w", where, "--form", "visit", "--as", "csv", "--attachments", *keys, exported)
        with zipfile.ZipFile(exported) as archive:
            rows_of = archive.read("visit.csv").decode()
        if sum(word in rows_of for word in words) < SOURCES * 3:
            broken(f"{label}: what was sent is not found in an export either: this would show nothing")
        ids = [line.split("\t")[0] for line in reversed(listed)]  # newest first
        sealed_before = [row[0] for row in rows(where, postgres, "instance", ["xml"]) + rows(where, postgres, "submission_attachment", ["name"])]
        wrapped_before = {row[0] for row in rows(where, postgres, "data_key", ["wrapped"])}
        gone = list(range(0, SOURCES, 2))
        for number in gone:
            run("erase", "-w", where, "--submission", ids[number], "--reason", "asked for by who told it", *keys)
        for number in gone:
            for post in (post_of(number), edit_of(number)):
                if phone.post(*post)[0] != 201:
                    broken(f"{label}: a phone that sends an erased submission again was not thanked")
        run("submissions", "take", "-w", where, "--form", "visit", "--study", "X", *keys)
        if postgres:
            postgres.sql("vacuum full")
            postgres.sql("checkpoint")
            for _ in range(3):
                postgres.sql("select pg_switch_wal()")
                postgres.sql("checkpoint")
        kept = [row[0] for row in rows(where, postgres, "instance", ["xml"]) + rows(where, postgres, "submission_attachment", ["name"])]
        erased = set(sealed_before) - set(kept)
        wrapped = wrapped_before - {row[0] for row in rows(where, postgres, "data_key", ["wrapped"])}
        if len(erased) < len(gone) * 3 or len(wrapped) < len(gone) * 3:
            broken(f"{label}: only {len(erased)} sealed fields and {len(wrapped)} keys went")
        joined = {file: file.read_bytes() for file in raw_of(where, postgres)}
        for value in [*(each[20:60] for each in erased), *(each[-32:] for each in wrapped)]:
            for file, content in joined.items():
                if value in content:
                    broken(f"{label}: a sealed field or a key that was erased is in {file.name}")
        told = b""
        for kind, name in (("csv", "o.zip"), ("geojson", "o.json"), ("odata", "o.odata")):
            run("submissions", "export", "-w", where, "--form", "visit", "--as", kind, *keys, path / name)
            told += (path / name).read_bytes()
        with zipfile.ZipFile(path / "o.zip") as archive:
            told += b"".join(archive.read(name) for name in archive.namelist())
        run("export", "-w", where, "--study", "X", "--as", "qdpx:spec", path / "out.qdpx", env=as_reader)
        with zipfile.ZipFile(path / "out.qdpx") as unpacked:
            told += b"".join(unpacked.read(name) for name in unpacked.namelist())
        run("backup", "-w", where, path / "b", env=as_person("keeper"))
        run("restore", path / "b", "-w", path / "back", *keys)
        told += run("submissions", "list", "-w", path / "back", "--form", "visit", *keys).encode()
        run("submissions", "export", "-w", path / "back", "--form", "visit", "--as", "csv", *keys, path / "p.zip")
        with zipfile.ZipFile(path / "p.zip") as archive:
            told += b"".join(archive.read(name) for name in archive.namelist())
        told += b"".join(file.read_bytes() for file in raw_of(path / "back", None)) + b"".join(joined.values())
        for number in gone:
            for word in (*words[5 * number:5 * number + 5], f"uuid:e{number:03}", f"uuid:f{number:03}"):
                if word.encode() in told:
                    broken(f"{label}: {word} of an erased submission is in what is shown, exported or backed up")
        kept = next(number for number in range(SOURCES) if number not in gone)
        if f"uuid:f{kept:03}".encode() not in told:
            broken(f"{label}: the number of what was kept is not found either: this would show nothing")
        if words[5 + 4].encode() not in told or words[5].encode() not in told:
            broken(f"{label}: what was not erased is missing")
        server.stop()
        if b"unbroken" not in call("verify", "-w", where, *keys).stdout:
            broken(f"{label}: the log no longer verifies")
        print(f"  {label}: {len(gone)} of {SOURCES} erased; {len(erased)} sealed fields and {len(wrapped)} keys looked for in {len(joined)} files of the database", flush=True)


drill()
drill_sent()
with cluster(options="-c wal_recycle=off -c min_wal_size=32MB -c max_wal_size=64MB -c wal_keep_size=0") as postgres:
    drill(postgres)
    drill_sent(postgres)
end(broken, f"{4 * (SOURCES // 2)} erasures on both databases, {len(broken.found)} traces")
