#!/usr/bin/env python3
"""What a change costs: two builds do the same commands in turn, on workspaces of their own; medians of CPU seconds of
the command itself, and of the seconds a person waits (which hold the database's work too, and the machine's other work).
Usage: compare.py BEFORE NOW [DATABASE]"""
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

programs, database = sys.argv[1:3], sys.argv[3] if len(sys.argv) > 3 else None
random.seed(1)


def cost(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([*map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def fresh(program, where):
    arguments = ["init", "-w", where]
    if database:
        schema = f"bench_{os.urandom(5).hex()}"
        subprocess.run(["psql", database, "-qc", f"create schema {schema}"], check=True)
        arguments += ["--database", f"{database} options=-csearch_path={schema}"]
    cost(program, *arguments)
    cost(program, "study", "new", "-w", where, "Bench")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    documents = []
    for i in range(1000):
        path = folder / f"document-{i:04}.txt"
        path.write_text(("They owe money to the lender and went far away, ជំពាក់បំណុល. " * 600)[:36000] + str(i))
        documents.append(path)
    sources = ["file,source,kind,location,language,date,respondents,translation_of"]
    people = ["respondent,location,kind,size,age_band,gender,role,place,language"]
    codings = ["source,coder,code,quote,occurrence"]
    (folder / "texts").mkdir()
    for i in range(500):
        (folder / "texts" / f"{i}.txt").write_text("I: Why?\n\nR: " + " ".join(f"w{i}x{n}" for n in range(900)))
        sources.append(f"texts/{i}.txt,S-{i},interview,Location {i % 7},en,2026-02-{1 + i % 27:02},R-{i},")
        people.append(f"R-{i},Location {i % 7},person,1,25-34,{'female' if i % 2 else 'male'},farmer,,en")
        codings += [f"S-{i},{random.choice('AB')},Causes/{random.choice(('Poverty', 'Poverty/Debt'))},w{i}x{n * 22} ,1" for n in range(40)]
    for table, rows in (("respondents", people), ("sources", sources), ("codings", codings)):
        (folder / f"{table}.csv").write_text("\n".join(rows) + "\n")

    taken = {}

    def take(what, one):
        taken.setdefault(what, ([], []))
        for which, program in enumerate(programs):
            taken[what][which].append(one(program, which))

    for n in range(5):
        def documents_in(program, which):
            where = folder / f"documents-{which}-{n}"
            fresh(program, where)
            return cost(program, "import", "-w", where, "--study", "Bench", *documents)

        def codings_in(program, which):
            where = folder / f"codings-{which}-{n}"
            fresh(program, where)
            cost(program, "import", "-w", where, "--study", "Bench", folder / "respondents.csv", folder / "sources.csv")
            return cost(program, "import", "-w", where, "--study", "Bench", folder / "codings.csv")

        take("import of 1,000 documents", documents_in)
        take("20,000 codings from a table", codings_in)
    for n in range(25):
        for what, arguments in (("find causes, counts", ("find", "causes", "draws", "0")), ("find causes, 2,000 draws", ("find", "causes")),
                                ("CSV of 20,000 codings", ("codings", "--format", "csv")), ("QDPX", ("export", "--as", "qdpx:nvivo", folder / "out.qdpx"))):
            take(what, lambda program, which: cost(program, *arguments, "-w", folder / f"codings-{which}-4", "--study", "Bench"))
    print(f"| {'PostgreSQL' if database else 'SQLite'} | CPU before | CPU now | | wait before | wait now | |\n|---|---|---|---|---|---|---|")
    for what, runs in taken.items():
        line = f"| {what} "
        for measure in (0, 1):
            one, two = (statistics.median(run[measure] for run in each) for each in runs)
            line += f"| {one:.3f} | {two:.3f} | {100 * (two / one - 1):+.0f} % "
        print(line + "|")
