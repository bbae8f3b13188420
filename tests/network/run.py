#!/usr/bin/env python3
"""Two servers on one PostgreSQL workspace behind one real proxy that speaks TLS, as a network would run them.

Usage: run.py UNDERSTORY. UNDERSTORY_TEST_POSTGRES names a PostgreSQL; without it this is skipped (and fails when
UNDERSTORY_REQUIRE_POSTGRES is set).
"""
import collections
import concurrent.futures
import html
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

PROGRAM = sys.argv.pop(1)
POSTGRES = os.environ.get("UNDERSTORY_TEST_POSTGRES")
NAME = "desk.example.org"
PASSWORD = "three rivers meet here"
WRITES = 200

PROXY = """
global
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option forwardfor
frontend desk
  bind 127.0.0.1:{port} ssl crt {certificate}
  default_backend servers
backend servers
  balance roundrobin
  http-response set-header X-Answered-By %s
  server one 127.0.0.1:{one}
  server two 127.0.0.1:{two}
"""


def run(*arguments, code=0, **options):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)
    if done.returncode != code:
        raise AssertionError(f"{arguments} ended with {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def free_port():
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


class Browser:
    """Keeps cookies as browsers do, and says where its forms come from. One connection a request, so that the proxy chooses anew."""

    def __init__(self, port, address="127.0.0.1", tls=True, host=NAME):
        self.port, self.address, self.tls, self.host, self.cookies = port, address, tls, host, {}

    def ask(self, method, target, form=None, headers=None):
        if self.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=ssl._create_unverified_context(), source_address=(self.address, 0))
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        body = None
        if method == "POST":
            body = urllib.parse.urlencode(form or {})
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"{'https' if self.tls else 'http'}://{self.host}"}
        try:
            connection.request(method, target, body=body, headers=sent)
            answer = connection.getresponse()
            answer.text = answer.read().decode()
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies.pop(name, None)
            if "Max-Age=0" not in cookie:
                self.cookies[name] = value
        return answer

    def sign_in(self, name, password=PASSWORD):
        return self.ask("POST", "/sign-in", {"name": name, "password": password})

    def form_word(self):
        return html.unescape(re.search(r'name="form" value="([0-9a-f]+)"', self.ask("GET", "/account").text).group(1))


class Chromium:
    """A real browser, told what to do over a pipe (Chrome DevTools Protocol): what it sends and keeps is not ours to imagine."""

    def __init__(self, port, folder):
        told, self.tell = os.pipe()
        self.hear, says = os.pipe()

        def hand_over():
            # It reads from 3 and writes to 4; neither may be overwritten before it was handed over.
            a, b = os.dup(told), os.dup(says)
            high = [os.dup2(each, 100 + each) for each in (a, b)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--ignore-certificate-errors",
             f"--host-resolver-rules=MAP {NAME}:443 127.0.0.1:{port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=hand_over)
        os.close(told)
        os.close(says)
        self.number, self.rest = 0, b""
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]

    session = None

    def call(self, method, **parameters):
        self.number += 1
        wanted = {"id": self.number, "method": method, "params": parameters, **({"sessionId": self.session} if self.session else {})}
        os.write(self.tell, json.dumps(wanted).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                self.rest += os.read(self.hear, 65536)
            line, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self.number:
                return answer["result"]

    def run(self, script):
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    def shows(self, script):
        for _ in range(200):
            if self.run(script):
                return True
            time.sleep(0.05)
        return False

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        os.close(self.tell)
        os.close(self.hear)


class TwoServers(unittest.TestCase):
    def setUp(self):
        self.addCleanup(self.stop)
        self.processes = []
        self.kept = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.kept.name)
        self.schema = "network_" + os.urandom(6).hex()
        self.sql(f"create schema {self.schema}")
        self.folder, self.copy = self.path / "one", self.path / "two"
        run("init", "-w", self.folder, "--database", f"{POSTGRES} options=-csearch_path={self.schema}")
        run("study", "new", "-w", self.folder, "Experiences", "--location", "Svay Rieng=KH-20")

    def sql(self, text):
        return subprocess.run(["psql", POSTGRES, "-qAtc", text], check=True, capture_output=True, text=True).stdout.strip()

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
            if process.stdout:
                process.stdout.close()
        self.sql(f"drop schema {self.schema} cascade")
        self.kept.cleanup()

    def people(self):
        home = {**os.environ, "HOME": str(self.path), "UNDERSTORY_PASSWORD": PASSWORD}
        run("account", "new", "-w", self.folder, "keeper", "--role", "steward", "--password", env=home)
        run("account", "new", "-w", self.folder, "anita", "--role", "researcher", "--password", env={**home, "UNDERSTORY_ACCOUNT": "keeper"})

    def serve(self, folder, *options):
        with open(self.path / "log", "ab") as log:
            process = subprocess.Popen([PROGRAM, "serve", "-w", str(folder), "--listen", "127.0.0.1:0", *map(str, options)], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=log)
        self.processes.append(process)
        line = process.stdout.readline()
        self.assertTrue(line, (self.path / "log").read_text())
        return int(re.search(rb":(\d+)", line).group(1))

    def certificate(self):
        key, chain, both = self.path / "key.pem", self.path / "chain.pem", self.path / "both.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", f"/CN={NAME}",
                        "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", chain], check=True, capture_output=True)
        both.write_text(chain.read_text() + key.read_text())
        return chain, key, both

    def behind_a_proxy(self):
        self.people()
        shutil.copytree(self.folder, self.copy)
        ports = {"one": self.serve(self.folder, "--behind-proxy", "--name", NAME), "two": self.serve(self.copy, "--behind-proxy", "--name", NAME), "port": free_port()}
        settings = self.path / "haproxy.cfg"
        settings.write_text(PROXY.format(certificate=self.certificate()[2], **ports))
        with open(self.path / "proxy", "ab") as log:
            self.processes.append(subprocess.Popen([shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"), "-db", "-q", "-f", str(settings)], stdin=subprocess.DEVNULL, stderr=log))
        for _ in range(100):
            with socket.socket() as each:
                if each.connect_ex(("127.0.0.1", ports["port"])) == 0:
                    return ports
            time.sleep(0.05)
        self.fail((self.path / "proxy").read_text())

    def test_one_session_one_log_on_both(self):
        ports = self.behind_a_proxy()
        browser = Browser(ports["port"])
        self.assertEqual(browser.ask("GET", "/").status, 303)
        entered = browser.sign_in("anita")
        self.assertEqual(entered.status, 303, entered.text)
        self.assertIn("__Host-session", browser.cookies)
        for cookie in entered.headers.get_all("Set-Cookie"):
            self.assertIn("; Secure", cookie)

        # Alternate requests go to both, with the one session; a form made by one is taken by the other.
        answered = collections.Counter()
        for _ in range(20):
            page = browser.ask("GET", "/")
            self.assertEqual(page.status, 200)
            self.assertIn("Experiences", page.text)
            self.assertIn("max-age", page.headers["Strict-Transport-Security"])
            answered[page.headers["X-Answered-By"]] += 1
        self.assertEqual(answered, {"one": 10, "two": 10})

        # Everything that writes to the log, from many at once through both: no entry lost, doubled or out of its place.
        study = re.search(r"/studies/([0-9a-z]{13})", browser.ask("GET", "/").text).group(1)
        before = int(self.sql(f"select count(*) from {self.schema}.audit_entry"))

        def look(_):
            each = Browser(ports["port"])
            each.cookies = dict(browser.cookies)
            page = each.ask("GET", f"/studies/{study}/sources")
            return page.status, page.headers["X-Answered-By"]

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            looked = collections.Counter(pool.map(look, range(WRITES)))
        self.assertEqual({status for status, _ in looked}, {200}, looked)
        self.assertGreater(min(looked.values()), WRITES // 3, looked)
        self.assertEqual(int(self.sql(f"select count(*) from {self.schema}.audit_entry")) - before, WRITES)
        home = {**os.environ, "HOME": str(self.path), "UNDERSTORY_PASSWORD": PASSWORD, "UNDERSTORY_ACCOUNT": "keeper"}
        log = self.path / "log.jsonl"
        run("audit", "export", "-w", self.folder, log, env=home)
        proven = run("audit", "verify", log, "--key", run("audit", "key", "-w", self.copy).strip())
        self.assertIn("unbroken and signed", proven)
        self.assertGreaterEqual(int(proven.split()[0]), before + WRITES)

        # Signed out on one is signed out on the other.
        direct = {}
        for server in ("one", "two"):
            direct[server] = Browser(ports[server], tls=False)
            direct[server].cookies = browser.cookies
        through = {"X-Forwarded-For": "127.0.0.1"}  # as the proxy asks
        for server in ("one", "two"):
            self.assertEqual(direct[server].ask("GET", "/", headers=through).status, 200)
        word, kept = browser.form_word(), dict(browser.cookies)
        left = browser.ask("POST", "/sign-out", {"form": word})
        self.assertEqual((left.status, left.headers["Clear-Site-Data"]), (303, '"cache", "storage"'))
        self.assertNotIn("__Host-session", browser.cookies)
        for server in ("one", "two"):
            direct[server].cookies = kept
            self.assertEqual(direct[server].ask("GET", "/", headers=through).status, 303)

        # Each tells its own figures to a steward; behind a proxy nobody is on this machine, whatever name they ask for.
        self.assertEqual(browser.ask("GET", "/metrics").status, 303)
        steward = Browser(ports["port"])
        self.assertEqual(steward.sign_in("keeper").status, 303)
        for server in ("one", "two"):
            here = Browser(ports[server], tls=False, host=f"127.0.0.1:{ports[server]}")
            self.assertEqual(here.ask("GET", "/metrics").status, 303)
            self.assertEqual(here.ask("GET", "/healthz").text, "ok\n")
            direct[server].cookies = steward.cookies
            figures = direct[server].ask("GET", "/metrics", headers=through).text
            seen = float(re.search(r'requests_total{method="GET",route="/studies/{study}/sources",status="2xx"} (\d+)', figures).group(1))
            self.assertGreater(seen, WRITES // 3)
            self.assertNotIn("anita", figures)
            self.assertNotIn(study, figures)

    def test_a_real_browser_signs_in_stays_and_signs_out(self):
        ports = self.behind_a_proxy()
        browser = Chromium(ports["port"], self.path / "profile")
        try:
            browser.call("Page.navigate", url=f"https://{NAME}/sign-in")
            self.assertTrue(browser.shows("!!document.querySelector('form[action=\"/sign-in\"]')"), browser.run("document.documentElement.outerHTML"))
            browser.run(f"""const form = document.querySelector('form[action="/sign-in"]');
                form.elements.name.value = 'anita'; form.elements.password.value = '{PASSWORD}'; form.requestSubmit()""")
            self.assertTrue(browser.shows("location.pathname == '/' && document.body.innerText.includes('Experiences')"), browser.run("document.body.innerText"))
            cookies = {each["name"]: each for each in browser.call("Network.getCookies")["cookies"]}
            self.assertEqual(set(cookies), {"__Host-session", "__Host-device"})
            for cookie in cookies.values():
                self.assertTrue(cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Strict", cookie)
            browser.run("""document.querySelector('form[action="/sign-out"]').requestSubmit()""")
            self.assertTrue(browser.shows("location.pathname == '/sign-in'"), browser.run("document.body.innerText"))
            self.assertEqual({each["name"] for each in browser.call("Network.getCookies")["cookies"]}, {"__Host-device"})
        finally:
            browser.close()

    def test_guesses_and_floods_are_counted_by_whom_the_proxy_names(self):
        ports = self.behind_a_proxy()
        # Tries for a name are counted in the database, whichever server they reach.
        guesser = Browser(ports["port"], "127.0.0.9")
        outcomes = [guesser.sign_in("anita", "wrong").status for _ in range(6)]
        self.assertEqual(outcomes, [401] * 4 + [429] * 2)
        # Requests are counted by each server for each client; another client is served as before.
        flood = Browser(ports["port"], "127.0.0.66")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            flooded = collections.Counter(pool.map(lambda _: flood.ask("GET", "/healthz").status, range(900)))
        self.assertGreater(flooded[429], 0, flooded)
        self.assertEqual(set(flooded), {200, 429}, flooded)
        refused = next(each for each in (flood.ask("GET", "/healthz") for _ in range(100)) if each.status == 429)
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        self.assertEqual(Browser(ports["port"], "127.0.0.10").ask("GET", "/healthz").status, 200)

    def test_a_server_that_should_not_be_reached_does_not_start(self):
        chain, key, _ = self.certificate()
        tls = ["--certificate", chain, "--key", key]

        def refused(*options):
            return run("serve", "-w", self.folder, *options, code=1)

        self.assertIn("Make the first account", refused("--listen", "127.0.0.1:0", "--behind-proxy", "--name", NAME))
        self.assertIn("Make the first account", refused("--listen", "0.0.0.0:0", *tls))
        self.assertIn("speaks TLS alone", refused("--listen", "0.0.0.0:0"))
        self.people()
        self.assertIn("speaks TLS alone", refused("--listen", "0.0.0.0:0"))
        self.assertIn("TLS needs both files", refused("--listen", "127.0.0.1:0", "--certificate", chain))
        # A copy of the folder made before there was a log has no key to go on with it, and one of another workspace not
        # the right one.
        shutil.copytree(self.folder, self.copy)
        (self.copy / "audit.key").unlink()
        self.assertIn("audit.key (missing)", run("serve", "-w", self.copy, "--listen", "127.0.0.1:0", code=4))
        self.assertFalse((self.copy / "audit.key").exists())
        other = self.path / "other"
        run("init", "-w", other)
        run("audit", "key", "-w", other)
        shutil.copy(other / "audit.key", self.copy / "audit.key")
        self.assertIn("audit.key", run("serve", "-w", self.copy, "--listen", "127.0.0.1:0", code=4))
        # With TLS of its own it starts, and answers to its name.
        port = self.serve(self.folder, *tls)
        browser = Browser(port)
        self.assertEqual(browser.ask("GET", "/healthz").text, "ok\n")
        self.assertEqual(browser.sign_in("anita").status, 303)
        self.assertEqual(browser.ask("GET", "/").status, 200)
        browser.host = "elsewhere.example"
        self.assertEqual(browser.ask("GET", "/").status, 421)


if __name__ == "__main__":
    if not POSTGRES:
        if os.environ.get("UNDERSTORY_REQUIRE_POSTGRES"):
            sys.exit("UNDERSTORY_TEST_POSTGRES is not set")
        print("skipped: no PostgreSQL (set UNDERSTORY_TEST_POSTGRES, or run make test)")
        sys.exit(0)
    unittest.main(verbosity=1)
