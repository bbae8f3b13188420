#!/usr/bin/env python3
"""Submissions on their way in and out of a running server: how many a second and how soon answered, what one costs as
the form fills, whether the same sent eight times at once is one, exports over HTTP, a large download, cold start, memory.

Usage: intake.py UNDERSTORY [DATABASE] [--parts speed,cost,same,export,stream] [--rows 100000] [--bytes 2000000000]
The load is ../shared/tools/openrosa_load.js: invented submissions of the HTCDS form. Seconds of processor are those of
the server, and of PostgreSQL where DATABASE is one of scripts/postgres.sh. Nightly backups are turned off.
"""
import argparse
import collections
import hashlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile

PARTS = ["speed", "cost", "same", "export", "stream"]
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("program")
parser.add_argument("database", nargs="?")
parser.add_argument("--parts", default=",".join(PARTS), type=lambda text: text.split(","))
parser.add_argument("--rows", default=100_000, type=int, help="how full a form gets in cost and export")
parser.add_argument("--bytes", default=2_000_000_000, type=int, help="of the files that are downloaded in stream")
options = parser.parse_args()
if wrong := set(options.parts) - set(PARTS):
    parser.error(f"no part is called {', '.join(wrong)}")
shared = pathlib.Path(__file__).resolve().parents[2] / "shared"
load = shared / "tools" / "openrosa_load.js"
if not load.exists():
    parser.error(f"{load} is not here: the load tool is needed")
tick = os.sysconf("SC_CLK_TCK")


def show(what, figure, wanted=""):
    print(f"| {what} | {figure} | {wanted} |", flush=True)


def run(*arguments):
    return subprocess.run([options.program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def cpu(pid):
    """Seconds, with those of children that ended."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(fields[each]) for each in (11, 12, 13, 14)) / tick


def database_cpu():
    """Of PostgreSQL and all it started; nothing where it is not one of ours."""
    folder = re.search(r"host=(/\S+)", options.database or "")
    pid_file = folder and pathlib.Path(folder[1]) / "data/postmaster.pid"
    if not pid_file or not pid_file.exists():
        return 0.0
    pid = pid_file.read_text().split()[0]
    return cpu(pid) + sum(cpu(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def memory(pid, what="VmRSS"):
    return int(re.search(rf"{what}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


class Server:
    def __init__(self, folder):
        self.port = 18271
        start = time.perf_counter()
        self.process = subprocess.Popen([options.program, "serve", "-w", str(folder), "--listen", f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE, text=True)
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

    def show_start(self, held):
        show(f"cold start, {held}", f"{self.cold * 1000:.0f} ms", "< 200 ms")
        show(f"memory, idle, {held}", f"{memory(self.process.pid):.0f} MB", "< 60 MB")

    def memory(self):
        return f"{memory(self.process.pid):.0f} MB, at most {memory(self.process.pid, 'VmHWM'):.0f} MB"

    def send(self, key, count, connections, seed):
        before, database_before = cpu(self.process.pid), database_cpu()
        said = subprocess.run(["node", str(load), "--port", str(self.port), "--path", f"{key}/submission", "--n", str(count), "--conns", str(connections), "--max-s", "600", "--seed", str(seed)],
                              check=True, capture_output=True, text=True).stdout
        outcome = json.loads(said.strip().splitlines()[-1])
        outcome["cpu_ms"] = (cpu(self.process.pid) - before) * 1000 / count
        outcome["database_ms"] = (database_cpu() - database_before) * 1000 / count
        assert set(outcome["codes"]) <= {"201", "202"} and sum(outcome["codes"].values()) == count, outcome
        return outcome

    def get(self, path, out):
        """What comes, in pieces, to `out`. Seconds to the first byte, to the last, bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        start = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        piece = response.read(1)
        first, size = time.perf_counter() - start, 0
        assert response.status == 200, (response.status, piece + response.read())
        while piece:
            size += len(piece)
            out(piece)
            piece = response.read(1 << 20)
        return first, time.perf_counter() - start, size


class Workspace:
    """One with the form in it and a device that sends it; how many it holds."""

    def __init__(self, folder, database=options.database):
        self.folder, self.held, self.seed = folder, 0, 1
        run("init", "-w", folder, *(["--database", database] if database else []))
        with (folder / "workspace.toml").open("a") as settings:
            settings.write('\n[backup]\nat = "never"\n')
        run("form", "publish", "-w", folder, next((shared / "data" / "forms" / "htcds").glob("*.xml")))
        self.key = re.search(r"(/v1/key/[^/\s]+)", run("device", "new", "-w", folder, "--name", "load"))[1]

    def send(self, server, count, connections=8):
        self.seed += 1
        self.held += count
        return server.send(self.key, count, connections, self.seed)

    def hold(self, server, count):
        while self.held < count:
            self.send(server, min(10_000, count - self.held))


def speed(folder):
    workspace = Workspace(folder)
    with Server(folder) as server:
        server.show_start("empty")
        workspace.send(server, 500)
        for connections, count, wanted in ((1, 2000, ""), (8, 8000, "≥ 1,000, p99 < 50 ms")):
            done = workspace.send(server, count, connections)
            show(f"{connections} connection{'s' * (connections > 1)}", f"{done['per_s']:,.0f} a second, p50 {done['p50_ms']:.1f} ms, p99 {done['p99_ms']:.1f} ms, at most {done['max_ms']:.0f} ms; "
                 f"processor {done['cpu_ms']:.2f} ms + database {done['database_ms']:.2f} ms + sender {done['client_cpu_s'] * 1000 / count:.2f} ms each", wanted)
        show("memory after that", server.memory())


def new_database(name):
    """Another database of the same PostgreSQL: in one, a table holds the rows of all its workspaces."""
    if not options.database:
        return None
    subprocess.run(["psql", options.database, "-qc", f"drop database if exists {name}", "-c", f"create database {name}"], check=True, stderr=subprocess.DEVNULL)
    return re.sub(r"dbname=\w+", f"dbname={name}", options.database)


def filled(folder, parts):
    """Cost and exports, in one workspace that fills. What one costs is measured by turns in it and in one that holds few,
    so that whatever else the machine does meets both alike; the medians of the turns."""
    workspace = Workspace(folder, new_database("filled"))

    def cost(turns=7, each=1000):
        few = Workspace(folder.parent / "few", new_database("few"))
        with Server(few.folder) as server:
            few.hold(server, 1000)
        costs = {few: [], workspace: []}
        held = {one: one.held for one in costs}
        for _ in range(turns):
            for one in costs:
                with Server(one.folder) as server:
                    one.send(server, 200)
                    done = one.send(server, each)
                costs[one].append((done["cpu_ms"] + done["database_ms"], done["cpu_ms"], done["database_ms"]))
        medians = {one: sorted(all)[turns // 2] for one, all in costs.items()}
        for one, (all, own, database) in medians.items():
            show(f"processor for each, from {held[one]:,} held", f"{own:.2f} ms" + (f" + database {database:.2f} ms" if options.database else "") + f" (between {min(costs[one])[0]:.2f} and {max(costs[one])[0]:.2f})"
                 + (f": × {all / medians[few][0]:.2f}" if one is workspace else ""), "≤ × 1.2" if one is workspace else "")

    def export():
        for _ in range(2):  # the second finds the database's pages in memory
            with Server(folder) as server, tempfile.TemporaryFile() as file:
                idle, before, database_before = memory(server.process.pid), cpu(server.process.pid), database_cpu()
                first, whole, size = server.get("/api/v1/forms/htcds_xlsform/submissions.csv.zip", file.write)
                used, database_used = cpu(server.process.pid) - before, database_cpu() - database_before
                peak = memory(server.process.pid, "VmHWM")
                with zipfile.ZipFile(file) as archive:
                    name = next(each for each in archive.namelist() if each.endswith(".csv"))
                    with archive.open(name) as rows:
                        count = sum(b",uuid:" in row for row in rows)
                assert count == workspace.held, (count, workspace.held)
        show(f"CSV zip of {count:,}", f"{whole:.2f} s, first byte {first * 1000:.0f} ms, {size / 1e6:.0f} MB; processor {used:.2f} s" + (f" + database {database_used:.2f} s" if options.database else "")
             + f"; memory at most {peak:.0f} MB, idle {idle:.0f} MB", "≤ 0.5 s, < 100 ms" if count <= 10_000 else "< 100 ms, flat memory")

    few = min(10_000, options.rows)
    steps = [(options.rows, cost)] * ("cost" in parts) + [(few, export), (options.rows, export)] * ("export" in parts)
    for held, step in sorted(steps, key=lambda each: (each[0], each[1] is cost)):
        with Server(folder) as server:
            workspace.hold(server, held)
        step()
    with Server(folder) as server:
        server.show_start(f"{workspace.held:,} held")


def multipart(xml, files=()):
    """Headers and the pieces of a body; files are (name, size, pieces)."""
    boundary = uuid.uuid4().hex
    parts = [("xml_submission_file", "s.xml", "text/xml", len(xml), [xml])] + [("file", name, "video/mp4", size, pieces) for name, size, pieces in files]
    heads = [f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode() for part, name, kind, _, _ in parts]
    last = f"--{boundary}--\r\n".encode()
    length = len(last) + sum(len(head) + part[3] + 2 for head, part in zip(heads, parts))

    def body():
        for head, part in zip(heads, parts):
            yield head
            yield from part[4]
            yield b"\r\n"
        yield last
    return {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(length)}, body()


def instance(number):
    return f'<data id="htcds_xlsform" version="vSmt4GQA3C9uBMLPEVfgND"><start/><meta><instanceID>uuid:{number}</instanceID></meta></data>'.encode()


def same(folder, rounds=500, at_once=8):
    workspace = Workspace(folder)
    codes, slowest, gate = collections.Counter(), 0.0, threading.Barrier(at_once)

    def sender(server):
        nonlocal slowest
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for number in range(rounds):
            headers, body = multipart(instance(f"same-{number}"))
            body = b"".join(body)
            gate.wait()
            start = time.perf_counter()
            connection.request("POST", workspace.key + "/submission", body, headers)
            response = connection.getresponse()
            response.read()
            codes[response.status] += 1
            slowest = max(slowest, time.perf_counter() - start)

    with Server(folder) as server:
        senders = [threading.Thread(target=sender, args=(server,)) for _ in range(at_once)]
        for each in senders:
            each.start()
        for each in senders:
            each.join()
        out = tempfile.TemporaryFile()
        server.get("/api/v1/forms/htcds_xlsform/submissions.csv.zip", out.write)
    with zipfile.ZipFile(out) as archive:
        numbers = collections.Counter(re.findall(rb",(uuid:same-\d+),", b"".join(archive.read(name) for name in archive.namelist())))
    records = len(run("submissions", "list", "-w", folder, "--form", "htcds_xlsform").splitlines())
    show(f"{rounds} times {at_once} identical posts at once", ", ".join(f"{count:,} × {code}" for code, count in sorted(codes.items())) + f"; {records} records; slowest answer {slowest * 1000:.0f} ms",
         f"201 or 202, {rounds} records")
    assert set(codes) <= {201, 202} and records == rounds and len(numbers) == rounds, (codes, records, len(numbers))


def stream(folder):
    """Files of 95 MB, each sent with an instance of its own; then one zip with all of them, read as it comes."""
    workspace = Workspace(folder)
    size, piece = 95_000_000, 1_000_000
    count = -(-options.bytes // size)
    sent = {}
    with Server(folder) as server:
        start, before = time.perf_counter(), cpu(server.process.pid)
        for number in range(count):
            name, hashed = f"film-{number}.mp4", hashlib.sha256()

            def pieces():
                for _ in range(size // piece):
                    content = os.urandom(piece)
                    hashed.update(content)
                    yield content
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
            headers, body = multipart(instance(f"film-{number}"), [(name, size, pieces())])
            connection.request("POST", workspace.key + "/submission", body, headers)
            response = connection.getresponse()
            assert response.status in (201, 202), (response.status, response.read())
            sent[name] = hashed.hexdigest()
        show(f"{count} files of {size / 1e6:.0f} MB sent", f"{time.perf_counter() - start:.0f} s, processor {cpu(server.process.pid) - before:.1f} s; memory {server.memory()}", "< 150 MB")
    with Server(folder) as server, tempfile.TemporaryFile() as file:
        idle, before = memory(server.process.pid), cpu(server.process.pid)
        first, whole, got = server.get("/api/v1/forms/htcds_xlsform/submissions.csv.zip?attachments=true", file.write)
        peak, used = memory(server.process.pid, "VmHWM"), cpu(server.process.pid) - before
        with zipfile.ZipFile(file) as archive:
            found = {}
            for name in archive.namelist():
                if name.endswith(".mp4"):
                    with archive.open(name) as content:
                        found[name.rsplit("/", 1)[1]] = hashlib.file_digest(content, "sha256").hexdigest()
    assert found == sent, "a file did not come back as it was sent"
    show(f"a zip of {got / 1e9:.2f} GB fetched, every file the same", f"{whole:.1f} s ({got / 1e6 / whole:.0f} MB a second), first byte {first * 1000:.0f} ms, processor {used:.1f} s; memory at most {peak:.0f} MB, idle {idle:.0f} MB", "< 150 MB")


print(f"| {options.database and 'PostgreSQL' or 'SQLite'} ({os.getloadavg()[0]:.1f} others on {os.cpu_count()} processors) | measured | wanted |\n|---|---|---|")
for part in options.parts:
    if part == "export" and "cost" in options.parts:
        continue  # in the same workspace
    with tempfile.TemporaryDirectory() as name:
        where = pathlib.Path(name) / "w"
        {"speed": speed, "same": same, "stream": stream}[part](where) if part in ("speed", "same", "stream") else filled(where, options.parts)
