#!/usr/bin/env python3
"""Taking submissions in: how many a second, what each costs as the form fills, memory, cold start, a large file going out.

Usage: intake.py UNDERSTORY [DATABASE]     (the load is ../shared/tools/openrosa_load.js, invented submissions of HTCDS)
"""
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

program, database = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
root = pathlib.Path(__file__).resolve().parents[1]
shared = root.parent / "shared"
load = shared / "tools" / "openrosa_load.js"
if not load.exists():
    sys.exit(f"{load} is not here: the load tool is needed")
tick = os.sysconf("SC_CLK_TCK")


def show(what, figure, target=""):
    print(f"| {what} | {figure} | {target} |", flush=True)


def run(*arguments):
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / tick


def memory(pid, what="VmRSS"):
    return int(re.search(rf"{what}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


class Server:
    def __init__(self, folder):
        self.port = 18271
        start = time.perf_counter()
        self.process = subprocess.Popen([program, "serve", "-w", str(folder), "--listen", f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE, text=True)
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.002)
        self.cold = time.perf_counter() - start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def send(self, key, count, connections, seed):
        before = cpu(self.process.pid)
        said = subprocess.run(["node", str(load), "--port", str(self.port), "--path", f"/v1/key/{key}/submission", "--n", str(count), "--conns", str(connections), "--max-s", "600", "--seed", str(seed)],
                              check=True, capture_output=True, text=True).stdout
        outcome = json.loads(said.strip().splitlines()[-1])
        outcome["cpu_ms"] = (cpu(self.process.pid) - before) * 1000 / count
        assert set(outcome["codes"]) <= {"201", "202"}, outcome
        return outcome


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name) / "w"
    run("init", "-w", folder, *(["--database", database] if database else []))
    form = next((shared / "data" / "forms" / "htcds").glob("*.xml"))
    print(run("form", "publish", "-w", folder, form).splitlines()[0], flush=True)
    key = re.search(r"key/([0-9a-f]+)", run("device", "new", "-w", folder, "--name", "load")).group(1)
    print("| | " + (database and "PostgreSQL" or "SQLite") + " | wanted |\n|---|---|---|")
    with Server(folder) as server:
        show("cold start, empty", f"{server.cold * 1000:.0f} ms", "< 200 ms")
        show("memory, idle", f"{memory(server.process.pid):.0f} MB", "< 60 MB")
        server.send(key, 100, 1, 1)
        one = server.send(key, 2000, 1, 2)
        show("one connection", f"{one['per_s']:.0f} a second, p99 {one['p99_ms']:.1f} ms")
        eight = server.send(key, 8000, 8, 3)
        show("8 connections", f"{eight['per_s']:.0f} a second, p99 {eight['p99_ms']:.1f} ms", "≥ 1,000, p99 < 50 ms")
    with tempfile.TemporaryDirectory() as other:
        pass
    costs = {}
    with Server(folder) as server:
        few = server.send(key, 2000, 8, 4)
        costs["about 10,000"] = few["cpu_ms"]
        held = 12100
        seed = 5
        while held < 100000:
            server.send(key, 10000, 8, seed)
            held += 10000
            seed += 1
        many = server.send(key, 2000, 8, 99)
        show(f"processor for each, at 10,000 held", f"{few['cpu_ms']:.2f} ms")
        show(f"processor for each, at {held:,} held", f"{many['cpu_ms']:.2f} ms (×{many['cpu_ms'] / few['cpu_ms']:.2f})", "≤ × 1.2")
        show("memory after that", f"{memory(server.process.pid):.0f} MB, at most {memory(server.process.pid, 'VmHWM'):.0f} MB")
    with Server(folder) as server:
        show(f"cold start, {held:,} held", f"{server.cold * 1000:.0f} ms", "< 200 ms")
        show("memory, idle", f"{memory(server.process.pid):.0f} MB", "< 60 MB")
