#!/usr/bin/env python3
"""The pages in a real browser: people sign in, look around and sign out, on a phone and a laptop, in every language.

Usage: run.py UNDERSTORY. Drives Chromium through chromedriver (W3C WebDriver, plain HTTP). What only a browser does shows
here: which forms it sends and with which headers, and what sticks out of the screen.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1)
EXAMPLE = ROOT / "examples/seven-communities"
PASSWORD = "three rivers meet here"
STUDY = "Experiences"
SIZES = {"phone": (360, 740), "laptop": (1366, 768)}
# No address outside this machine is ever asked for.
CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# What stands further right than the screen is wide and is not inside something that scrolls; and words without a
# translation.
LOOK = """
const wide = document.documentElement.clientWidth, out = [];
for (const each of document.querySelectorAll('body *')) {
  if (each.closest('.scroll, svg, .skip, details:not([open])')) continue;
  const box = each.getBoundingClientRect();
  if (box.width > 0 && box.right > wide + 1) out.push(each.tagName + ' ' + each.className + ' ' + each.textContent.slice(0, 40));
}
return {out: out, scrolls: document.documentElement.scrollWidth > wide, keys: document.body.innerText.match(/⟦[^⟧]*⟧/g) || []};
"""


class Browser:
    def __init__(self, driver, width, height):
        self.driver = driver
        options = {"args": CHROMIUM, "mobileEmulation": {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1}}}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}})
        self.session = "/session/" + made["sessionId"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.driver + path, method=method, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def go(self, address):
        self.call("POST", self.session + "/url", {"url": address})

    def address(self):
        return self.call("GET", self.session + "/url")

    def find(self, selector):
        return self.call("POST", self.session + "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def type(self, selector, words):
        self.call("POST", f"{self.session}/element/{self.find(selector)}/value", {"text": words})

    def click(self, selector):
        self.call("POST", f"{self.session}/element/{self.find(selector)}/click", {})

    def send(self, selector):
        """Presses a button and waits until another page stands there."""
        self.run("window.before = true")
        self.click(selector)
        end = time.monotonic() + 20
        while self.run("return window.before === true || document.readyState !== 'complete'"):
            if time.monotonic() > end:
                raise AssertionError(f"nothing came after {selector}")
            time.sleep(0.02)

    def run(self, script):
        return self.call("POST", self.session + "/execute/sync", {"script": script, "args": []})

    def close(self):
        self.call("DELETE", self.session)


def understory(*arguments, **environment):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=120, env={**os.environ, **environment})
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stdout.decode()}{done.stderr.decode()}")


@contextlib.contextmanager
def started(arguments, pattern):
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        for line in process.stdout:
            if found := re.search(pattern, line.decode()):
                yield found.group(1)
                break
        else:
            raise AssertionError(f"{arguments[0]} did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        process.stdout.close()


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.running = contextlib.ExitStack()
        folder = pathlib.Path(cls.running.enter_context(tempfile.TemporaryDirectory()))
        workspace = folder / "workspace"
        understory("init", "-w", workspace)
        understory("place", "import", "-w", workspace, EXAMPLE / "svay-rieng/places.csv")
        understory("study", "new", "-w", workspace, STUDY, "--location", "Svay Rieng=KH-20")
        for table in ("respondents", "sources", "survey", "codings", "links", "masks"):
            understory("import", "-w", workspace, "--study", STUDY, EXAMPLE / f"svay-rieng/{table}.csv")
        understory("account", "new", "-w", workspace, "keeper", "--role", "steward", "--password", UNDERSTORY_PASSWORD=PASSWORD)
        understory("account", "new", "-w", workspace, "rafiq", "--role", "researcher", "--password",
                   UNDERSTORY_ACCOUNT="keeper", UNDERSTORY_PASSWORD=PASSWORD, UNDERSTORY_NEW_PASSWORD=PASSWORD)
        (workspace / "example-accounts.csv").write_text(f"name,role,password,place\nrafiq,researcher,{PASSWORD},\n")
        cls.home = cls.running.enter_context(started([PROGRAM, "serve", "-w", str(workspace), "--listen", "127.0.0.1:0"], r"(http://\S+)"))
        port = cls.running.enter_context(started(["chromedriver", "--port=0"], r"successfully on port (\d+)"))
        cls.driver = f"http://127.0.0.1:{port}"

    @classmethod
    def tearDownClass(cls):
        cls.running.close()

    def browser(self, size="laptop"):
        browser = Browser(self.driver, *SIZES[size])
        self.addCleanup(browser.close)
        return browser

    def sign_in(self, browser, name):
        browser.go(self.home + "/sign-in")
        browser.type("form.entry input[name=name]", name)
        browser.type("form.entry input[name=password]", PASSWORD)
        browser.send("form.entry button")
        self.assertEqual(browser.address(), self.home + "/")

    def study(self, browser):
        browser.go(self.home + "/")
        return browser.run("return document.querySelector('main a[href^=\"/studies/\"]').href")

    def test_people_sign_in_and_out_by_form_and_by_button(self):
        browser = self.browser()
        self.sign_in(browser, "rafiq")
        self.assertIn("/studies/", self.study(browser))
        browser.send("form.account button")
        self.assertEqual(browser.address(), self.home + "/sign-in")
        browser.send("table form button")
        self.assertEqual(browser.address(), self.home + "/")

    def test_a_steward_makes_an_account(self):
        browser = self.browser()
        self.sign_in(browser, "keeper")
        browser.go(self.home + "/accounts")
        browser.type("form.entry input[name=name]", "anita")
        browser.send("form.entry button")
        self.assertIn("/invitations/", browser.run("return document.body.innerText"))

    def test_a_bar_opens_to_its_passages(self):
        browser = self.browser()
        self.sign_in(browser, "rafiq")
        browser.go(self.study(browser) + "/findings/causes")
        address = browser.run("return document.querySelector('svg a').getAttribute('href')")
        browser.go(self.home + address)
        self.assertGreater(browser.run("return document.querySelectorAll('main mark').length"), 5)

    def test_nothing_sticks_out_and_every_word_is_there(self):
        for size in SIZES:
            browser = self.browser(size)
            for language in ("en", "km"):
                browser.go(f"{self.home}/sign-in?lang={language}")
                self.look(browser, f"{size} {language} sign-in")
                self.sign_in(browser, "rafiq")
                study = self.study(browser)
                self.look(browser, f"{size} {language} studies")
                browser.go(study + "/sources")
                source = browser.run("return document.querySelector('main a[href*=\"/sources/\"]').href")
                for address in ("", "/codebook", "/sources", *("/findings/" + ask for ask in (
                        "causes", "risks", "strategies", "trend", "cooccurrence", "links", "agreement", "saturation"))):
                    browser.go(study + address)
                    self.look(browser, f"{size} {language} {address}")
                for address in (source, self.home + "/account", self.home + "/glass", self.home + "/nowhere"):
                    browser.go(address)
                    self.look(browser, f"{size} {language} {address}")
                browser.send("form.account button")
                self.sign_in(browser, "keeper")
                for address in ("/accounts", "/audit"):
                    browser.go(self.home + address)
                    self.look(browser, f"{size} {language} {address}")
                browser.send("form.account button")

    def look(self, browser, where):
        with self.subTest(where):
            self.assertEqual(browser.run(LOOK), {"out": [], "scrolls": False, "keys": []})


if __name__ == "__main__":
    unittest.main(verbosity=1)
