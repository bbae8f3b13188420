#!/usr/bin/env python3
"""What trust costs, as rows for RESULTS.md: opening one sealed source, signing in, and what sixteen people signing in at
once cost somebody who is reading. Usage: trust.py UNDERSTORY [DATABASE]"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

program, database = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
sys.argv[1:] = [program]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/faults"))
from drill import Browser, PASSWORD, Server, new_workspace, people, run  # noqa: E402


def show(what, figure, wanted):
    print(f"| {what} | {figure} | {wanted} |", flush=True)


def timed(deed, times):
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        deed()
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


with tempfile.TemporaryDirectory() as name:
    address = None
    if database:
        schema = f"trust_{os.urandom(5).hex()}"
        subprocess.run(["psql", database, "-qc", f"create schema {schema}"], check=True)
        address = f"{database} options=-csearch_path={schema}"
    where = new_workspace(pathlib.Path(name) / "w", address)
    people(where, ("rafiq", "researcher"))
    server = Server(where)
    try:
        reader = Browser(server.port).sign_in("rafiq")
        study = reader.json("/api/v1/studies")["studies"][0]["id"]
        sources = [source["id"] for source in reader.json(f"/api/v1/studies/{study}/sources")["sources"]]
        print(f"| trust, {'PostgreSQL' if database else 'SQLite'} | measured | wanted |\n|---|---|---|")
        for what, path in (("open one sealed source (page, logged)", "/studies/{}/sources/{}"), ("the same as JSON", "/api/v1/studies/{}/sources/{}")):
            number = iter(range(10**6))
            taken = timed(lambda: reader.ask("GET", path.format(study, sources[next(number) % len(sources)])), 200)
            show(what, f"median {taken[100]:.1f} ms, p95 {taken[190]:.1f} ms", "< 20 ms")
        before = cpu_of(server.process.pid)
        taken = timed(lambda: Browser(server.port).ask("POST", "/sign-in", name="rafiq", password=PASSWORD), 4)
        show("sign-in", f"{taken[1]:.0f} ms wall, {(cpu_of(server.process.pid) - before) / 4:.2f} s CPU", "< 0.5 s of work")
        finding = f"/studies/{study}/findings/causes"

        def reads(halt=None, least=60):
            taken = []
            while len(taken) < least or (halt and not halt.is_set()):
                taken += timed(lambda: reader.ask("GET", finding), 1)
            return sorted(taken)

        alone = reads()
        halt, answers = threading.Event(), []

        def enter(number):
            # Each under a name of its own: four tries an hour are all that a name has.
            answers.append(Browser(server.port).ask("POST", "/sign-in", name=f"somebody{number}", password="not the word")[0])

        entering = [threading.Thread(target=enter, args=(number,)) for number in range(16)]
        for thread in entering:
            thread.start()
        watcher = threading.Thread(target=lambda: ([thread.join() for thread in entering], halt.set()))
        begun = time.perf_counter()
        watcher.start()
        beside = reads(halt, 20)
        watcher.join()
        assert len(answers) == 16, answers
        p95 = lambda taken: taken[int(len(taken) * 0.95)]
        show("a findings page while 16 people sign in", f"p95 {p95(beside):.0f} ms (alone {p95(alone):.0f} ms), median {statistics.median(beside):.0f} ms "
             f"(alone {statistics.median(alone):.0f} ms); the 16 took {time.perf_counter() - begun:.1f} s", "not starved")
    finally:
        server.stop()
