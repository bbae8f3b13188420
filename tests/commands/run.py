#!/usr/bin/env python3
"""The commands as people call them, black box, on both databases; bad input and faults too.

Usage: run.py UNDERSTORY. UNDERSTORY_TEST_POSTGRES names a PostgreSQL; without it that half is skipped (and fails when
UNDERSTORY_REQUIRE_POSTGRES is set).
"""
import http.client
import io
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

from calling import DEMO, EXAMPLE, POSTGRES, PROGRAM, run
from told import Told


class Commands:
    """Run once on each database."""

    database = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.workspace = self.path / "workspace"
        arguments = ["init", "-w", self.workspace]
        if self.database:
            schema = "commands_" + os.urandom(6).hex()
            subprocess.run(["psql", self.database, "-qc", f"create schema {schema}"], check=True, capture_output=True)
            arguments += ["--database", f"{self.database} options=-csearch_path={schema}"]
        run(*arguments)
        run("study", "new", "-w", self.workspace, "Experiences", "--location", "Svay Rieng=KH-20", "--organisation", "Village Voices")

    def tearDown(self):
        self.folder.cleanup()

    def bring(self, *files, code=0):
        return run("import", "-w", self.workspace, "--study", "Experiences", *files, code=code)

    def bring_community(self):
        run("place", "import", "-w", self.workspace, EXAMPLE / "svay-rieng/places.csv")
        for table in ("respondents", "sources", "survey", "codings", "links", "masks"):
            self.bring(EXAMPLE / f"svay-rieng/{table}.csv")

    def test_studies_are_listed_name_first(self):
        run("study", "new", "-w", self.workspace, "Another")
        lines = run("study", "list", "-w", self.workspace).splitlines()
        self.assertEqual([line.split("\t")[0].split("  ")[0] for line in lines], ["Another", "Experiences"])

    def test_a_project_of_another_program_goes_in_out_and_in(self):
        if not DEMO.exists():
            self.skipTest("../shared/data is not here")
        report = json.loads(run("import", "-w", self.workspace, "--study", "Experiences", "--json", DEMO))[0]
        self.assertEqual(report["counts"]["selection"]["read"], 158)
        self.assertEqual(report["counts"]["coding"]["read"], 205)
        before = run("codings", "-w", self.workspace, "--study", "Experiences", "--format", "csv")
        self.assertEqual(len(re.findall(r"^(?:board_2017|admin-1)", before, re.M)), 205)
        for preset in ("spec", "nvivo", "atlasti", "maxqda"):
            out = self.path / f"{preset}.qdpx"
            run("export", "-w", self.workspace, "--study", "Experiences", "--as", f"qdpx:{preset}", out)
            again = self.path / "again.qdpx"
            run("export", "-w", self.workspace, "--study", "Experiences", "--as", f"qdpx:{preset}", again)
            self.assertEqual(out.read_bytes(), again.read_bytes())
            report = json.loads(run("import", "-w", self.workspace, "--study", "Experiences", "--json", out))[0]
            self.assertEqual(report["counts"]["coding"]["merged"], 205)
            self.assertNotIn("basePath", zipfile.ZipFile(out).read("project.qde").decode())
        self.assertEqual(run("codings", "-w", self.workspace, "--study", "Experiences", "--format", "csv"), before)

    def test_questions_are_answered_in_every_format(self):
        self.bring_community()
        for question in ("causes", "risks", "strategies", "trend", "cooccurrence", "links", "agreement", "saturation"):
            answer = json.loads(run("find", question, "-w", self.workspace, "--study", "Experiences", "--format", "json"))
            self.assertEqual(answer["question"]["ask"], question)
            for form in ("text", "csv", "html"):
                out = run("find", question, "-w", self.workspace, "--study", "Experiences", "--format", form, "--lang", "km" if form == "html" else "en")
                self.assertNotIn("⟦", out)
        first = run("find", "causes", "--by", "gender", "--seed", "7", "-w", self.workspace, "--study", "Experiences", "--format", "json")
        self.assertEqual(first, run("find", "causes by gender seed 7", "-w", self.workspace, "--study", "Experiences", "--format", "json"))
        answer = json.loads(run("find", "causes", "-w", self.workspace, "--study", "Experiences", "--format", "json"))
        self.assertEqual((answer["overall"][0]["key"], answer["overall"][0]["mentioned"]), ("Causes/Poverty", 19))

    def test_reports_and_exports_are_files(self):
        self.bring_community()
        for name, arguments in {"r.html": ["report", "--lang", "km", "--as", "html"], "c.qdc": ["export", "--as", "qdc"], "c.csv": ["export", "--as", "csv"], "c.xlsx": ["export", "--as", "xlsx"]}.items():
            out = self.path / name
            # A codebook file has no place for names in other languages: done, with a loss that is told.
            run(arguments[0], "-w", self.workspace, "--study", "Experiences", *arguments[1:], out, code=3 if name == "c.qdc" else 0)
            self.assertGreater(out.stat().st_size, 1000)
        self.assertNotIn("000-555-014", (self.path / "r.html").read_text())

    def test_submissions_leave_in_every_format(self):
        form = self.path / "visit.xml"
        form.write_text(
            '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Visit</h:title>'
            '<model><instance><data id="visit" version="1"><village/><person><name/></person><meta><instanceID/></meta></data>'
            '</instance></model></h:head><h:body><group ref="/data/person"><repeat nodeset="/data/person"/></group></h:body></h:html>')
        run("form", "publish", "-w", self.workspace, form)
        export = ("submissions", "export", "-w", self.workspace, "--form", "visit", "--as")
        out = self.path / "visit.zip"
        run(*export, "csv", "--attachments", out)
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        with zipfile.ZipFile(out) as archive:
            self.assertEqual(archive.namelist(), ["visit.csv", "visit-person.csv"])
            self.assertEqual(archive.read("visit-person.csv").decode(), "name,PARENT_KEY,KEY\n")
            self.assertTrue(archive.read("visit.csv").decode().startswith("SubmissionDate,village,meta-instanceID,KEY,"))
        self.assertEqual(json.loads(run(*export, "odata", "-"))["value"], [])
        self.assertEqual(json.loads(run(*export, "geojson", "-"))["features"], [])
        run(*export, "xlsx", self.path / "visit.xlsx")
        self.assertIn("person", zipfile.ZipFile(self.path / "visit.xlsx").read("xl/workbook.xml").decode())
        nowhere = self.path / "nowhere.zip"
        self.assertIn("nope", run("submissions", "export", "-w", self.workspace, "--form", "nope", "--as", "csv", nowhere, code=1))
        self.assertFalse(nowhere.exists())

    def test_bad_calls_say_what_to_do_and_change_nothing(self):
        self.bring_community()
        before = run("codings", "-w", self.workspace, "--study", "Experiences", "--format", "csv")
        broken = self.path / "broken.qdpx"
        broken.write_bytes(b"PK\x03\x04 cut")
        self.assertIn("damaged", self.bring(broken, code=1))
        zero = self.path / "zero.csv"
        zero.write_text("respondent,location,kind,size,age_band,gender,role,place,language\nSR-90,Svay Rieng,person,1,25-34,male,x,20090700,km\n")
        self.assertIn("20090700", self.bring(zero, code=1))
        half = self.path / "half.csv"
        half.write_text("source,coder,code,quote,occurrence\nSR-01 interview,Anita,Causes/Poverty,words nobody said,\n")
        self.assertIn("not usable", self.bring(half, code=3))
        self.assertIn("no study", run("find", "causes", "-w", self.workspace, "--study", "Other", code=1).lower())
        self.assertIn("gossip", run("find", "gossip", "-w", self.workspace, "--study", "Experiences", code=1))
        run("find", "causes", "-w", self.path / "nowhere", "--study", "x", code=4)
        run("frobnicate", code=2)
        run("init", "-w", self.workspace, code=1)
        self.assertEqual(run("codings", "-w", self.workspace, "--study", "Experiences", "--format", "csv"), before)

    def test_a_workspace_with_people_is_locked_backed_up_and_comes_back_on_the_other_engine(self):
        self.bring_community()
        find = ["find", "causes", "--study", "Experiences", "--format", "json", "-w"]
        before = run(*find, self.workspace)

        def somebody(name="", home="home"):
            return {**os.environ, "HOME": str(self.path / home), "UNDERSTORY_PASSWORD": "three rivers meet here",
                    **({"UNDERSTORY_ACCOUNT": name} if name else {})}

        run("account", "new", "-w", self.workspace, "anita", "--role", "coder", code=1)  # a steward comes first
        run("account", "new", "-w", self.workspace, "keeper", "--role", "steward", "--password", env=somebody())
        self.assertIn("Sign in first", run(*find, self.workspace, code=1))
        for name, role in (("rafiq", "researcher"), ("lead", "programme_lead")):
            run("account", "new", "-w", self.workspace, name, "--role", role, "--password", env=somebody("keeper"))
        run("login", "-w", self.workspace, "rafiq", env=somebody())
        self.assertEqual(run(*find, self.workspace, env=somebody()), before)
        run("logout", "-w", self.workspace, env=somebody())
        run(*find, self.workspace, code=1, env=somebody())
        self.assertIn("no study", run(*find, self.workspace, code=1, env=somebody("keeper")))  # the steward sees none

        told = run("lock", "-w", self.workspace, env=somebody("keeper"))
        recovery = self.path / "recovery"
        recovery.write_text(re.search(r"^  ([a-z2-7-]{47})$", told, re.M).group(1))
        self.assertFalse((self.workspace / "workspace.key").exists())
        self.assertIn("SR-21", run("search", "-w", self.workspace, "--study", "Experiences", "debt", env=somebody("rafiq")))
        self.assertEqual(run(*find, self.workspace, env=somebody("lead")), before)

        # Why somebody may or may not, for one source; the steward opens nothing for it.
        listed = run("search", "-w", self.workspace, "--study", "Experiences", "debt", env=somebody("rafiq"))
        self.assertTrue(listed)
        explain = ["rights", "explain", "-w", self.workspace, "--account", "rafiq"]
        self.assertIn("read_source\tyes\tresearcher", run(*explain, env=somebody("keeper")))
        study = run("study", "list", "-w", self.workspace, env=somebody("rafiq")).split("\t")[-1].strip()
        self.assertIn("read_source\tyes", run(*explain, "--record", study, env=somebody("keeper")))
        self.assertIn("no study or source", run(*explain, "--record", "0000000000000", code=1, env=somebody("keeper")))

        backup, back = self.path / "one.backup", self.path / "back"
        run("backup", "-w", self.workspace, backup, env=somebody("keeper"))
        self.assertNotIn(b"Experiences", backup.read_bytes())
        run("verify", "--backup", backup, "--recovery-key", recovery)
        other = []
        if not self.database and POSTGRES:
            schema = "commands_" + os.urandom(6).hex()
            subprocess.run(["psql", POSTGRES, "-qc", f"create schema {schema}"], check=True, capture_output=True)
            other = ["--database", f"{POSTGRES} options=-csearch_path={schema}"]
        run("restore", backup, "-w", back, "--recovery-key", recovery, *other)
        self.assertEqual(run(*find, back, env=somebody("rafiq")), before)
        self.assertIn("unbroken", run("verify", "-w", back, "--recovery-key", recovery))

        # Another key, and every field sealed anew by another algorithm.
        self.assertIn("aes-256-gcm", run("renew-key", "-w", back, "--recovery-key", recovery, "--algorithm", "rot13", code=1))
        told = run("renew-key", "-w", back, "--recovery-key", recovery, "--algorithm", "aes-256-gcm")
        self.assertIn("none is left that is not under aes-256-gcm", told)
        self.assertIn("does not open this workspace", run("verify", "-w", back, "--recovery-key", recovery, code=4))
        recovery.write_text(re.search(r"^  ([a-z2-7-]{47})$", told, re.M).group(1))
        self.assertEqual(run(*find, back, env=somebody("rafiq")), before)
        self.assertIn("unbroken", run("verify", "-w", back, "--recovery-key", recovery))
        self.assertIn("0 fields", run("renew-key", "-w", back, "--recovery-key", recovery, "--algorithm", "aes-256-gcm", "--fields-only"))

        log = self.path / "log"
        run("audit", "export", "-w", back, log, env=somebody("keeper"))
        key = run("audit", "key", "-w", back).strip()
        run("audit", "verify", log, "--key", key)
        log.write_bytes(log.read_bytes().replace(b'"denied"', b'"done"', 1))
        self.assertIn("Do not trust it", run("audit", "verify", log, "--key", key, code=1))

    def test_what_phones_send_becomes_evidence_once(self):
        sheets = self.path / "told.csv"
        sheets.write_text('"survey",,,,\n,"type","name","label","constraint"\n,"text","consent","May we ask?",\n,"text","who","Code",\n'
                          ',"text","place","Village",\n,"text","why","Why?",\n"settings",,,,\n,"form_id","version",,\n,"told","1",,\n', encoding="utf-8")
        told = run("form", "publish", "-w", self.workspace, "--study", "Experiences", sheets, code=None)
        if "pyxform.sh" in told:
            self.skipTest("pyxform is not here")
        self.assertIn("told\t1\tpublished", told)
        wrong = self.path / "wrong.csv"
        wrong.write_text('"survey",,,,\n,"type","name","label","relevant"\n,"text","a","A","${b} = 1"\n', encoding="utf-8")
        self.assertIn("wrong.csv, sheet “survey”, row 2, column “relevant”", run("form", "publish", "-w", self.workspace, wrong, code=1))
        mapping = self.path / "mapping.json"
        mapping.write_text('{"respondent": {"name": "/data/who"}}', encoding="utf-8")
        self.assertIn("consent", run("form", "map", "-w", self.workspace, "told", mapping, code=1))
        mapping.write_text(json.dumps({"consent": [{"question": "/data/consent", "is": "yes"}], "place": "/data/place",
                                       "respondent": {"name": "/data/who"}, "answers": [{"question": "/data/why"}]}), encoding="utf-8")
        run("form", "map", "-w", self.workspace, "told", mapping)
        self.assertEqual(json.loads(run("form", "map", "-w", self.workspace, "told"))["place"], "/data/place")
        for number, consent in enumerate(("yes", "no")):
            (self.path / f"{number}.xml").write_text(
                f'<data id="told" version="1"><consent>{consent}</consent><who>SR-0{number}</who><place>KH-20</place><why>Debt {number}.</why>'
                f'<meta><instanceID>uuid:{number}</instanceID></meta></data>', encoding="utf-8")
        both = [self.path / "0.xml", self.path / "1.xml"]
        self.assertIn("2 taken, 0 were here already", run("submissions", "bring", "-w", self.workspace, *both))
        self.assertIn("0 taken, 2 were here already", run("submissions", "bring", "-w", self.workspace, *both))
        (self.path / "bad.xml").write_text("<data", encoding="utf-8")
        self.assertIn("bad.xml", run("submissions", "bring", "-w", self.workspace, self.path / "bad.xml", code=3))
        take = ("submissions", "take", "-w", self.workspace, "--study", "Experiences", "--form", "told", "--json")
        first, again = json.loads(run(*take)), json.loads(run(*take))
        self.assertEqual((first["counts"]["source"]["read"], again["counts"]["source"]["merged"]), (1, 1), (first, again))
        self.assertEqual(first["counts"]["submission left out"]["kept"], 1)
        self.assertEqual(again["counts"]["source"].get("read", 0), 0, again)

    def test_a_full_disk_is_told_and_leaves_the_study_as_it_was(self):
        if self.database:
            self.skipTest("the server's disk is its own")
        self.bring_community()
        before = run("codings", "-w", self.workspace, "--study", "Experiences", "--format", "csv")
        size = max(path.stat().st_size for path in self.workspace.iterdir())
        large = self.path / "large.txt"
        large.write_text("They owe money and go far away.\n" * 300000)

        def little_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500000, size + 500000))

        done = subprocess.run([PROGRAM, "import", "-w", str(self.workspace), "--study", "Experiences", str(large)], capture_output=True, preexec_fn=little_room, timeout=120)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(run("codings", "-w", self.workspace, "--study", "Experiences", "--format", "csv"), before)
        self.bring(large)  # with room again it works

    def test_a_killed_import_leaves_nothing_half_done(self):
        self.bring_community()
        codings = ("codings", "-w", self.workspace, "--study", "Experiences", "--format", "csv")
        before = run(*codings)
        rows = ["source,coder,code,quote,occurrence"] + [f"SR-0{1 + i % 5} interview,Coder {i},Causes/Poverty,SR-0{1 + i % 5},1" for i in range(20000)]
        large = self.path / "codings.csv"
        large.write_text("\n".join(rows) + "\n")
        left = []
        for wait in (0.005, 0.02, 0.05, 0.1, 0.2):
            process = subprocess.Popen([PROGRAM, "import", "-w", str(self.workspace), "--study", "Experiences", str(large)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(wait)
            process.kill()
            process.wait()
            if process.returncode == -signal.SIGKILL:
                left.append(run(*codings))
        self.bring(large)
        whole = run(*codings)
        self.assertEqual(whole.count("\n"), before.count("\n") + 20000)
        # A fast machine may have kept everything before it was killed: nothing or everything, never a part.
        for found in left:
            self.assertTrue(found in (before, whole), f"{found.count(chr(10))} lines; {before.count(chr(10))} before, {whole.count(chr(10))} whole")
        self.assertIn(before, left)

    def test_the_server_answers_on_this_machine_and_stops_when_told(self):
        self.bring_community()
        run("serve", "-w", self.workspace, "--listen", "0.0.0.0:0", code=1)
        process = subprocess.Popen([PROGRAM, "serve", "-w", str(self.workspace), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            port = int(re.search(rb":(\d+)", process.stdout.readline()).group(1))
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            # No core file holds what was told, and nobody but root looks into the memory (its files are root's).
            limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size\s+0\s+0\s")
            if os.geteuid() != 0:
                self.assertEqual(os.stat(f"/proc/{process.pid}/mem").st_uid, 0)
            connection.request("GET", "/api/v1/studies")
            study = json.load(connection.getresponse())["studies"][0]["id"]
            for address in ("", "/findings/causes", "/sources", "/codebook", "/report.html"):
                connection.request("GET", f"/studies/{study}{address}")
                response = connection.getresponse()
                body = response.read().decode()
                self.assertEqual(response.status, 200, address)
                self.assertNotIn("000-555-014", body)
            connection.request("GET", f"/studies/{study}/report.xlsx")
            response = connection.getresponse()
            workbook = zipfile.ZipFile(io.BytesIO(response.read()))
            self.assertEqual(response.status, 200)
            self.assertIsNone(workbook.testzip())
            self.assertIn("Poverty", workbook.read("xl/sharedStrings.xml").decode())
            connection.request("GET", f"/api/v1/studies/{study}/sources")
            sources = json.load(connection.getresponse())["sources"]
            self.assertIn("open_answer", {source["kind"] for source in sources})  # they have no turns
            for source in sources:
                connection.request("GET", f"/studies/{study}/sources/{source['id']}")
                response = connection.getresponse()
                response.read()
                self.assertEqual(response.status, 200, source["name"])
        finally:
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=20), 0)

    def test_a_newer_workspace_is_left_alone(self):
        if not self.database:
            self.skipTest("a page another program writes has no checksum; shown on PostgreSQL, the rule is the same code")
        schema = re.search(r"search_path=(\w+)", (self.workspace / "workspace.toml").read_text()).group(1)
        subprocess.run(["psql", self.database, "-qc", f"insert into {schema}.migration (number, name, sha256, applied_at) values (9999, 'future', 'x', 0)"], check=True)
        self.assertIn("newer", run("study", "list", "-w", self.workspace, code=4))

    def test_help_is_worth_reading(self):
        for command in ("init", "study", "place", "code", "import", "find", "codings", "search", "export", "report", "serve"):
            told = run(command, "--help")
            self.assertGreater(len(told), 200, command)
            self.assertNotIn("A first hour", told, command)
        self.assertIn("Exit codes", run("--help"))


class OnSqlite(Commands, Told, unittest.TestCase):
    pass


class OnPostgres(Commands, Told, unittest.TestCase):
    database = POSTGRES

    def setUp(self):
        if not POSTGRES:
            if os.environ.get("UNDERSTORY_REQUIRE_POSTGRES"):
                self.fail("UNDERSTORY_TEST_POSTGRES is not set")
            self.skipTest("no PostgreSQL: set UNDERSTORY_TEST_POSTGRES, or run make test")
        super().setUp()


if __name__ == "__main__":
    unittest.main(verbosity=1)
