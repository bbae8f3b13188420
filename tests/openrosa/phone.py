"""A server of its own for each test, on either database, and what a phone sends to it."""
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import uuid

PROGRAM = sys.argv.pop(1)
ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMS = ROOT.parent / "shared" / "data" / "forms"
POSTGRES = os.environ.get("UNDERSTORY_TEST_POSTGRES")


def run(*arguments, code=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    if code is not None and done.returncode != code:
        raise AssertionError(f"{arguments} ended with {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def free_port():
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


def multipart(xml, files=()):
    boundary = uuid.uuid4().hex
    body = b""
    for name, filename, kind, content in [("xml_submission_file", "s.xml", "text/xml", xml)] + [(n, n, "image/jpeg", c) for n, c in files]:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + content + b"\r\n"
    return {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-OpenRosa-Version": "1.0"}, body + f"--{boundary}--\r\n".encode()


class OverSockets:
    database = None

    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.home.name) / "w"
        run("init", "-w", self.folder, *(["--database", self.make_database()] if self.database else []))
        self.base = None
        self.start()
        said = run("device", "new", "-w", self.folder, "--name", "A phone", "--server", f"http://127.0.0.1:{self.port}")
        self.base = urllib.parse.urlparse(said.splitlines()[0]).path

    def make_database(self):
        schema = "openrosa_" + os.urandom(6).hex()
        subprocess.run(["psql", self.database, "-qc", f"create schema {schema}"], check=True, capture_output=True)
        self.addCleanup(lambda: subprocess.run(["psql", self.database, "-qc", f"drop schema {schema} cascade"], check=False, capture_output=True))
        return f"{self.database} options=-csearch_path={schema}"

    def tearDown(self):
        self.stop(signal.SIGTERM)
        self.home.cleanup()

    def start(self):
        self.port = free_port() if self.base is None else self.port
        self.server = subprocess.Popen([PROGRAM, "serve", "-w", str(self.folder), "--listen", f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.server.stdout.readline()

    def stop(self, how):
        self.server.send_signal(how)
        self.server.wait(timeout=60)
        self.server.stdout.close()
        self.server.stderr.close()

    def ask(self, method, path, headers=None, body=None, **options):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, headers or {"X-OpenRosa-Version": "1.0"}, **options)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.assertEqual(answer.getheader("X-OpenRosa-Version"), "1.0", path)
        self.assertLess(answer.status, 500, content)
        return answer, content

    def send(self, xml, files=(), **options):
        headers, body = multipart(xml, files)
        return self.ask("POST", self.base + "/submission", headers, body, **options)[0].status


class OnPostgres:
    """Before OverSockets among the bases: skipped where no PostgreSQL is named."""

    database = POSTGRES

    def setUp(self):
        if not self.database:
            if os.environ.get("UNDERSTORY_REQUIRE_POSTGRES"):
                self.fail("UNDERSTORY_TEST_POSTGRES names no PostgreSQL")
            self.skipTest("UNDERSTORY_TEST_POSTGRES names no PostgreSQL")
        super().setUp()
