#!/usr/bin/env python3
"""A phone against a running server, over real sockets, on both databases: list → manifest → download → submit, in pieces,
chunked, cut off and tried again; ODK Central's own sample submissions.

Usage: run.py UNDERSTORY. UNDERSTORY_TEST_POSTGRES names a PostgreSQL; without it that half is skipped (and fails when
UNDERSTORY_REQUIRE_POSTGRES is set). What needs ../shared/data says so and is skipped where it is absent.
"""
import hashlib
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest
import urllib.parse
import xml.etree.ElementTree as tree

from phone import FORMS, ROOT, OnPostgres, OverSockets, multipart, run

SAME_NUMBER = ("binaryType.unicode",)
LIST, MANIFEST = "{http://openrosa.org/xforms/xformsList}", "{http://openrosa.org/xforms/xformsManifest}"

FORM = """<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms" xmlns:jr="http://openrosa.org/javarosa">
<h:head><h:title>ការចុះសួរ</h:title><model><instance><data id="visit" version="%s"><village/><photo/><sound/>
<orx:meta><orx:instanceID/></orx:meta></data></instance>
<instance id="villages" src="jr://file-csv/villages.csv"/>
<bind nodeset="/data/village" type="string"/><bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/sound" type="binary"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string" jr:preload="uid"/></model></h:head>
<h:body><input ref="/data/village"><label>Village</label></input>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload>
<upload ref="/data/sound" mediatype="audio/*"><label>Sound</label></upload></h:body></h:html>"""


def answers(number, photo="", sound="", village="ភូមិថ្មី", version="1"):
    return (f'<data id="visit" version="{version}"><village>{village}</village><photo>{photo}</photo><sound>{sound}</sound>'
            f"<meta><instanceID>{number}</instanceID></meta></data>").encode()


class Phone(OverSockets):
    def publish(self, text, *options, name="form.xml"):
        path = pathlib.Path(self.home.name) / name
        path.write_text(text)
        return run("form", "publish", "-w", self.folder, path, *options)

    def kept(self, form="visit", *options):
        return [line.split("\t") for line in run("submissions", "list", "-w", self.folder, "--form", form, *options).splitlines()]

    def test_the_whole_way(self):
        villages = pathlib.Path(self.home.name) / "villages.csv"
        villages.write_text("name,label\nkh1,ភូមិថ្មី\n" * 30000)
        self.publish(FORM % "1", "--with", villages)
        listed = tree.fromstring(self.ask("GET", self.base + "/formList")[1])
        (form,) = listed.findall(f"{LIST}xform")
        said = {child.tag.replace(LIST, ""): child.text for child in form}
        self.assertEqual((said["formID"], said["version"]), ("visit", "1"))
        path = lambda url: urllib.parse.urlparse(url).path
        content = self.ask("GET", path(said["downloadUrl"]))[1]
        self.assertEqual(said["hash"], "md5:" + hashlib.md5(content).hexdigest())
        self.assertEqual(content.decode(), FORM % "1")
        (media,) = tree.fromstring(self.ask("GET", path(said["manifestUrl"]))[1]).findall(f"{MANIFEST}mediaFile")
        beside = {child.tag.replace(MANIFEST, ""): child.text for child in media}
        content = self.ask("GET", path(beside["downloadUrl"]))[1]
        self.assertEqual((beside["filename"], beside["hash"]), ("villages.csv", "md5:" + hashlib.md5(content).hexdigest()))
        self.assertEqual(content, villages.read_bytes())

        # Files one by one, the largest in chunks and larger than what is kept in memory.
        xml = answers("uuid:split", "រូប.jpg", "long.mp3")
        large = os.urandom(3_000_000)
        self.assertEqual(self.ask("HEAD", self.base + "/submission")[0].status, 204)
        self.assertEqual(self.send(xml, [("រូប.jpg", b"123")]), 201)
        self.assertIn("1/2 files", self.kept()[0])
        headers, body = multipart(xml, [("long.mp3", large)])
        pieces = (body[at : at + 70_000] for at in range(0, len(body), 70_000))
        self.assertEqual(self.ask("POST", self.base + "/submission", {**headers, "Transfer-Encoding": "chunked"}, pieces, encode_chunked=True)[0].status, 201)
        self.assertEqual(len(self.kept()), 1)
        self.assertIn("2/2 files", self.kept()[0])

    def test_cut_off_and_tried_again(self):
        self.publish(FORM % "1")
        xml = answers("uuid:cut", "p.jpg")
        headers, body = multipart(xml, [("p.jpg", os.urandom(400_000))])
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        for at in (10, 300, len(xml) + 250, 200_000, len(body) - 5):
            with socket.create_connection(("127.0.0.1", self.port)) as line:
                line.sendall(f"POST {self.base}/submission HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:at])
        self.assertEqual(self.kept(), [])
        for _ in range(2):
            self.assertEqual(self.ask("POST", self.base + "/submission", headers, body)[0].status, 201)
        self.assertEqual(len(self.kept()), 1)
        self.assertIn("1/1 files", self.kept()[0])

    def test_acknowledged_means_kept(self):
        self.publish(FORM % "1")
        thanked = []
        for round_ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            for i in range(40):
                number = f"uuid:{round_}-{i}"
                headers, body = multipart(answers(number))
                connection.request("POST", self.base + "/submission", body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 201:
                    thanked.append(number)
            self.stop(signal.SIGKILL)
            connection.close()
            self.start()
        self.assertEqual(len(thanked), 120)
        for number in thanked:
            self.assertEqual(self.send(answers(number)), 201)
        self.assertEqual(len(self.kept()), 120)

    def test_a_form_that_was_replaced_meanwhile(self):
        for version in ("1", "2", "3"):
            self.publish(FORM % version)
        self.assertEqual({self.send(answers(f"uuid:{i}", version=str(1 + i % 3))) for i in range(12)}, {201})
        self.assertEqual(self.send(answers("uuid:early", version="4")), 202)
        self.assertEqual(len(self.kept("visit", "--quarantine")), 1)
        self.publish(FORM % "4")
        self.assertEqual((len(self.kept()), self.kept("visit", "--quarantine")), (13, []))
        self.assertIn("already", self.publish_refused(FORM.replace("Photo", "Picture") % "1"))

    def publish_refused(self, text):
        path = pathlib.Path(self.home.name) / "refused.xml"
        path.write_text(text)
        return run("form", "publish", "-w", self.folder, path, code=1)

    @unittest.skipUnless(FORMS.exists(), "the forms of others (../shared/data/forms) are not here")
    def test_samples_of_odk_central(self):
        folder = FORMS / "central-backend"
        published = {}
        for path in sorted((folder / "forms").glob("*.xml")):
            said = run("form", "publish", "-w", self.folder, path, code=None)
            if "\tpublished" in said:
                published[path.stem] = said.split("\t")[0]
        self.assertGreaterEqual(len(published), 24)
        sent = 0
        for path in sorted((folder / "instances").glob("*.xml")):
            status = self.send(path.read_bytes())
            # One of them carries the instanceID of another, with other answers.
            self.assertIn(status, (409,) if path.stem in SAME_NUMBER else (201, 202), path.name)
            self.assertEqual(self.send(path.read_bytes()), status, path.name)
            sent += 1
        listed = sum(len(self.kept(form)) for form in set(published.values()))
        waiting = sum(len(self.kept(form, "--quarantine")) for form in set(published.values()))
        self.assertGreaterEqual(listed, 34)
        print(f"{len(published)} forms, {sent} submissions: {listed} kept, {waiting} wait")

    @unittest.skipUnless(FORMS.exists(), "the forms of others (../shared/data/forms) are not here")
    def test_the_contract_as_the_probe_asks_it(self):
        probe = ROOT.parent / "shared" / "tools" / "openrosa_probe.py"
        run("form", "publish", "-w", self.folder, FORMS / "made" / "fgd.xml")
        said = subprocess.run([sys.executable, probe, f"http://127.0.0.1:{self.port}{self.base}"], capture_output=True, text=True, timeout=120, check=True).stdout
        statuses = {line[:44].strip(): line[45:48] for line in said.splitlines() if re.match(r".{44} \d{3}", line)}
        # Where it is right to answer otherwise than Central (central-answers.txt): more is taken, nothing is dropped.
        better = {"HEAD no X-OpenRosa-Version": "204", "formList no OR version": "200", "POST no OR version header": "201",
                  "POST unknown form": "202", "POST unknown version": "202", "POST without version attr": "202",
                  "POST malformed xml": "400", "POST DTD entity": "400", "POST original again after edit": "201", "PUT /submission": "405"}
        central = {line[:44].strip(): line[45:48] for line in (FORMS / "central-answers.txt").read_text().splitlines() if re.match(r".{44} \d{3}", line)}
        self.assertEqual(statuses, {**central, **better})
        self.assertTrue(all(" or=1.0 " in line for line in said.splitlines() if " ct=" in line), said)


class OnSqlite(Phone, unittest.TestCase):
    pass


class WithPostgres(OnPostgres, Phone, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main(verbosity=1)
