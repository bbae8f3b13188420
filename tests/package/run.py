#!/usr/bin/env python3
"""The Debian package: built, looked into, unpacked and run; the service's closedness; what systemd is told.

Usage: run.py BUILD
"""
import http.client
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


def said(*arguments, **options):
    done = subprocess.run([str(each) for each in arguments], capture_output=True, text=True, timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.kept.name)
        # Quickly packed: this one is thrown away.
        said("cpack", "-G", "DEB", "-B", folder / "package", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", cwd=BUILD)
        cls.deb = next((folder / "package").glob("*.deb"))
        cls.root = folder / "root"
        said("dpkg-deb", "-x", cls.deb, cls.root)
        cls.folder = folder

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    def test_it_holds_what_a_server_needs_and_nothing_else(self):
        files = {line.split()[5][1:]: line.split()[:2] for line in said("dpkg-deb", "-c", self.deb).splitlines()}
        self.assertEqual({name for name in files if not name.endswith("/")},
                         {"/usr/bin/understory", "/lib/systemd/system/understory.service", "/usr/lib/sysusers.d/understory.conf", "/etc/understory/serve.conf",
                          "/usr/share/doc/understory/operating.md", "/usr/share/doc/understory/threats.md", "/usr/share/doc/understory/copyright",
                          "/usr/share/understory/pyxform.sh", "/usr/share/understory/pyxform.txt"})
        self.assertEqual(files["/usr/bin/understory"], ["-rwxr-xr-x", "root/root"])
        self.assertEqual(files["/lib/systemd/system/understory.service"], ["-rw-r--r--", "root/root"])

    def test_it_says_what_it_depends_on(self):
        about = said("dpkg-deb", "-I", self.deb)
        depends = re.search(r"Depends: (.*)", about).group(1)
        for package in ("libc6", "libpq5", "libsodium23", "libsqlite3-0", "libssl3", "libsystemd0", "libprometheus-cpp-core1.0", "systemd"):
            self.assertIn(package, depends)
        self.assertRegex(about, r"Recommends: pandoc, weasyprint, poppler-utils, fonts-noto-core, python3-venv")
        self.assertEqual(said("dpkg-deb", "--field", self.deb, "Package").strip(), "understory")
        control = self.folder / "control"
        said("dpkg-deb", "-e", self.deb, control)
        self.assertEqual((control / "conffiles").read_text(), "/etc/understory/serve.conf\n")
        for script in ("postinst", "prerm"):
            said("sh", "-n", control / script)
            self.assertTrue(os.access(control / script, os.X_OK))

    def test_its_account_is_made(self):
        (self.root / "etc").mkdir(exist_ok=True)
        said("systemd-sysusers", f"--root={self.root}", "understory.conf")
        self.assertRegex((self.root / "etc/passwd").read_text(), r"(?m)^understory:.*:/var/lib/understory:/usr/sbin/nologin$")

    def test_the_service_is_closed_and_starts_what_there_is(self):
        unit = self.root / "lib/systemd/system/understory.service"
        told = said("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)  # 20 is 2.0 of 10
        self.assertRegex(told, r"Overall exposure level for understory.service: [01]\.\d")
        complaints = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60).stderr
        self.assertEqual([line for line in complaints.splitlines() if "understory" in line and "is not executable" not in line], [])
        # Each way of starting it that serve.conf shows is one the program knows.
        shown = re.findall(r"OPTIONS=(.*)", (self.root / "etc/understory/serve.conf").read_text())
        known = said(self.root / "usr/bin/understory", "serve", "--help")
        self.assertEqual(len(shown), 3)
        for option in re.findall(r"--[a-z-]+", " ".join(shown)):
            self.assertIn(f"  {option} ", known)

    def test_its_program_runs_and_tells_systemd(self):
        program, workspace = self.root / "usr/bin/understory", self.folder / "workspace"
        said(program, "init", "-w", workspace)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(str(self.folder / "notify"))
            systemd.settimeout(20)
            environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": "200000"}
            environment.pop("WATCHDOG_PID", None)
            process = subprocess.Popen([program, "serve", "-w", workspace, "--listen", "127.0.0.1:0"], env=environment, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                port = int(re.search(rb":(\d+)", process.stdout.readline()).group(1))
                self.assertEqual(systemd.recv(100), b"READY=1")
                for _ in range(3):
                    self.assertEqual(systemd.recv(100), b"WATCHDOG=1")
                process.send_signal(1)  # a reload: it stays
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("GET", "/healthz")
                self.assertEqual(connection.getresponse().read(), b"ok\n")
                connection.close()
            finally:
                process.terminate()
                self.assertEqual(process.wait(timeout=20), 0)
                process.stdout.close()
            told = b""
            while told != b"STOPPING=1":
                told = systemd.recv(100)


if __name__ == "__main__":
    unittest.main(verbosity=1)
