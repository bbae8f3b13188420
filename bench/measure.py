#!/usr/bin/env python3
"""Whole commands, as a person waits for them: wall and CPU seconds, best of three. Usage: measure.py UNDERSTORY [DATABASE]"""
import http.client
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time

program, database = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
random.seed(1)
words = "they owe money to the lender and the girl went across the river with a cousin who promised work in a shop ជំពាក់ ទៅឆ្ងាយ 😀".split()


def timed(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show(what, figure, target):
    print(f"| {what} | {figure} | {target} |", flush=True)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    documents = []
    for i in range(1000):
        text = "\n\n".join("SR-%d: " % (n % 7) + " ".join(random.choices(words, k=60)) for n in range(110))
        path = folder / f"document-{i:04}.txt"
        path.write_text(text[:36000])
        documents.append(path)
    size = sum(path.stat().st_size for path in documents) / 1e6

    def workspace(label):
        where = folder / label
        arguments = ["init", "-w", where]
        if database:
            schema = f"bench_{os.urandom(5).hex()}"
            subprocess.run(["psql", database, "-qc", f"create schema {schema}"], check=True)
            arguments += ["--database", f"{database} options=-csearch_path={schema}"]
        timed(*arguments)
        timed("study", "new", "-w", where, "Bench")
        return where

    print(f"| {'PostgreSQL' if database else 'SQLite'} | measured | wanted |\n|---|---|---|")
    runs = [timed("import", "-w", workspace(f"documents-{n}"), "--study", "Bench", *documents) for n in range(3)]
    show(f"import of 1,000 documents ({size:.0f} MB)", "%.2f s wall, %.2f s CPU" % min(runs), "< 2 s")

    show("search over 1,000 sealed sources, words in none (whole command)", "%.3f s wall, %.3f s CPU" % min(timed("search", "-w", folder / "documents-2", "--study", "Bench", "zebra") for _ in range(3)), "< 0.3 s")

    codings = ["source,coder,code,quote,occurrence"]
    codes = [line.split(",")[0] for line in (pathlib.Path(__file__).parent.parent / "src/study/codebook/local-experiences.csv").read_text().splitlines()[1:] if line.count(",") >= 2 and '"' not in line.split(",")[0]]
    sources = ["file,source,kind,location,language,date,respondents,translation_of"]
    people = ["respondent,location,kind,size,age_band,gender,role,place,language"]
    (folder / "texts").mkdir()
    for i in range(500):
        text = "I: Why?\n\nR: " + " ".join(f"w{i}x{n}" for n in range(900))
        (folder / "texts" / f"{i}.txt").write_text(text)
        sources.append(f"texts/{i}.txt,S-{i},interview,Location {i % 7},en,2026-02-{1 + i % 27:02},R-{i},")
        people.append(f"R-{i},Location {i % 7},person,1,25-34,{'female' if i % 2 else 'male'},farmer,,en")
        codings += [f"S-{i},{random.choice(('A', 'B'))},{random.choice(codes)},w{i}x{n * 22} ,1" for n in range(40)]
    for table, rows in (("respondents", people), ("sources", sources), ("codings", codings)):
        (folder / f"{table}.csv").write_text("\n".join(rows) + "\n")
    runs = []
    for n in range(3):
        where = workspace(f"codings-{n}")
        timed("import", "-w", where, "--study", "Bench", folder / "respondents.csv", folder / "sources.csv")
        runs.append(timed("import", "-w", where, "--study", "Bench", folder / "codings.csv"))
    show("20,000 codings created from a table", "%.2f s wall = %d codings/s" % (min(runs)[0], 20000 / min(runs)[0]), "≥ 5,000/s")
    runs = [timed("find", "causes", "draws", "0", "-w", where, "--study", "Bench", "--format", "json") for n in range(3)]
    show("find causes, counts alone (whole command)", "%.3f s wall, %.3f s CPU" % min(runs), "")
    runs = [timed("find", "causes", "-w", where, "--study", "Bench", "--format", "json") for n in range(3)]
    show("find causes, 2,000 draws (whole command)", "%.3f s wall, %.3f s CPU" % min(runs), "< 0.5 s")
    runs = [timed("codings", "-w", where, "--study", "Bench", "--format", "csv") for n in range(3)]
    show("CSV of 20,000 codings", "%.3f s wall, %.3f s CPU" % min(runs), "< 0.2 s")
    runs = [timed("export", "-w", where, "--study", "Bench", "--as", "qdpx:nvivo", folder / "out.qdpx") for n in range(3)]
    show("QDPX of the same", "%.3f s wall, %.3f s CPU" % min(runs), "")

    # What the desk asks when somebody chooses a question: the answer with its draws, its figures, and what it can be narrowed to.
    process = subprocess.Popen([program, "serve", "-w", str(where), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    connection = http.client.HTTPConnection("127.0.0.1", int(re.search(rb":(\d+)", process.stdout.readline()).group(1)))

    def worked():
        return sum(map(int, pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def asked(address):
        begun, before = time.perf_counter(), worked()
        connection.request("GET", "/api/v1/studies" + address)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return time.perf_counter() - begun, worked() - before, body

    study = json.loads(asked("")[2])["studies"][0]["id"]
    for what, address in (("by location", "causes/shown?question=causes"), ("by location, every code", "causes/shown?question=causes%20level%20all"),
                          ("two groups side by side", "causes/groups?question=causes"), ("what speaks against a number", "causes/counter-examples?item=Causes%2FPoverty&most=50")):
        show(f"a finding over 20,000 codings at the desk, {what} (over HTTP)", "%.3f s wall, %.2f s CPU" % min(asked(f"/{study}/findings/{address}")[:2] for _ in range(5)), "≤ 1 s")
    process.terminate()
    process.wait()

    starts, memory = [], 0
    for n in range(3):
        begun = time.perf_counter()
        process = subprocess.Popen([program, "serve", "-w", str(where), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        port = int(re.search(rb":(\d+)", process.stdout.readline()).group(1))
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        starts.append(time.perf_counter() - begun)
        memory = max(memory, int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1)))
        process.terminate()
        process.wait()
    show("cold start of serve to its first answer", "%.3f s" % min(starts), "< 0.2 s")
    show("idle memory of serve", f"{memory / 1024:.1f} MB", "< 40 MB")
