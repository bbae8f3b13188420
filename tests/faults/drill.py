"""What the drills share: the program as a person calls it, workspaces on either database, servers, a PostgreSQL that may
be ill-treated, and figures in one form.

Each drill is a program: DRILL.py UNDERSTORY [--full]. It prints what it wanted and what it measured, and ends with 1 if
a promise was broken. The short form is part of `make test`, the full one of `make drills`.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/seven-communities"
PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
FULL = "--full" in sys.argv
SEED = int(os.environ.get("DRILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
chance = random.Random(SEED)
PASSWORD = "three rivers meet here"


def count(quick, full):
    """How often: in short or in full; DRILL_COUNT overrides both."""
    return int(os.environ.get("DRILL_COUNT", full if FULL else quick))


def call(*arguments, timeout=120, **options):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=timeout, **options)


def run(*arguments, code=0, **options):
    done = call(*arguments, **options)
    if done.returncode != code:
        raise AssertionError(f"{arguments} ended with {done.returncode}, not {code}: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout.decode("utf-8", "replace")


class Failures:
    """What broke a promise; the first of them are shown."""

    def __init__(self, promise):
        self.promise, self.found = promise, []

    def __call__(self, text):
        self.found.append(text)
        if len(self.found) <= 10:
            print(f"BROKEN {self.promise}: {text} (seed {SEED})", flush=True)


def end(broken, figure):
    print(f"{broken.promise}: {figure}; broken: {len(broken.found)}", flush=True)
    sys.exit(1 if broken.found else 0)


class Cluster:
    """A PostgreSQL of one's own, with checksums, on a socket in its folder; PostgreSQL does not run as root."""

    def __init__(self, options="", data=None):
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cluster-"))
        self.folder.chmod(0o755)
        self.data = data or self.folder / "data"
        self.options = options
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            if data:
                shutil.chown(data.parent, "postgres")
        self._as("initdb", "-D", self.data, "-A", "trust", "-U", "understory", "-E", "UTF8", "--locale=C.UTF-8", "-k")
        self.start()

    def _as(self, program, *arguments, check=True):
        before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        return subprocess.run([*before, str(self.programs / program), *map(str, arguments)], check=check, cwd="/",
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=60 {self.options}"
        for _ in range(40):  # what was left of a killed one may still be going
            if self._as("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start", check=False).returncode == 0:
                return True
            time.sleep(0.25)
        return False

    def stop(self, how="immediate"):
        self._as("pg_ctl", "-D", self.data, "-m", how, "-w", "stop", check=False)

    def kill(self):
        """As if its machine had lost it: the postmaster alone gets no chance to say anything."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(pid, signal.SIGKILL)
        for child in [pid, *map(int, children)]:
            while pathlib.Path(f"/proc/{child}").exists() and "Z" not in pathlib.Path(f"/proc/{child}/stat").read_text().split()[2]:
                time.sleep(0.01)

    @property
    def address(self):
        return f"host={self.folder} user=understory dbname=postgres"

    def sql(self, text):
        done = subprocess.run(["psql", self.address, "-qAtc", text], capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout

    def end(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def cluster(**options):
    made = Cluster(**options)
    try:
        yield made
    finally:
        made.end()


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="drill-") as name:
        yield pathlib.Path(name)


def new_workspace(where, database=None, example=True):
    """With a study called X and, if wanted, one community of the example in it."""
    run("init", "-w", where, *(["--database", database] if database else []))
    run("study", "new", "-w", where, "X", "--location", "Svay Rieng=KH-20", "--location", "L")
    if example:
        run("place", "import", "-w", where, EXAMPLE / "svay-rieng/places.csv")
        for table in ("respondents", "sources", "survey", "codings", "links", "masks"):
            run("import", "-w", where, "--study", "X", EXAMPLE / f"svay-rieng/{table}.csv")
    return where


def people(where, *others, lock=True):
    """A steward called keeper and further (name, role); locked unless told otherwise. The file of the recovery key."""
    run("account", "new", "-w", where, "keeper", "--role", "steward", "--password", env=as_person(""))
    for name, role in others:
        run("account", "new", "-w", where, name, "--role", role, "--password", env=as_person("keeper"))
    if not lock:
        return None
    told = run("lock", "-w", where, env=as_person("keeper"))
    key = where.parent / (where.name + ".recovery")
    key.write_text(re.search(r"^  ([a-z2-7-]{47})$", told, re.M).group(1))
    return key


def as_person(name):
    return {**os.environ, "UNDERSTORY_PASSWORD": PASSWORD, "HOME": "/nonexistent", **({"UNDERSTORY_ACCOUNT": name} if name else {})}


class Server:
    def __init__(self, where, port=0, **options):
        self.process = subprocess.Popen([PROGRAM, "serve", "-w", str(where), "--listen", f"127.0.0.1:{port}"],
                                        stdout=subprocess.PIPE, stderr=options.pop("stderr", subprocess.DEVNULL), **options)
        line = self.process.stdout.readline()
        found = re.search(rb":(\d+)", line)
        if not found:
            raise AssertionError(f"the server did not start: {line!r}, {self.process.wait()}")
        self.port = int(found.group(1))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        return code


class Browser:
    """Cookies and the word that stands in a session's forms; what has no answer raises."""

    def __init__(self, port):
        self.port, self.cookies, self.form, self.connection = port, {}, "", None

    def ask(self, method, address, **fields):
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if method == "POST":
            body = urllib.parse.urlencode({"form": self.form, **fields})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, address, body, headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.connection = None
            raise
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return response.status, content

    def sign_in(self, name, password=PASSWORD):
        status, content = self.ask("POST", "/sign-in", name=name, password=password)
        if status != 303:
            raise AssertionError(f"{name} was not signed in: {status}")
        self.form = re.search(rb'name="form" value="([^"]+)"', self.ask("GET", "/glass")[1]).group(1).decode()
        return self

    def move(self, port):
        self.port, self.connection = port, None

    def json(self, address):
        status, content = self.ask("GET", address)
        if status != 200:
            raise AssertionError(f"{address}: {status}")
        return json.loads(content)
