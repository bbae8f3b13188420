#!/usr/bin/env python3
"""Every XForm of others, published as people publish: which are refused and why; of the others a blank submission, a
filled one and one with answers of the wrong type are sent as a phone sends them, and what comes out as CSV and OData is
held against what was sent, answer by answer. On both databases.

Usage: forms.py UNDERSTORY. With UNDERSTORY_WRITE_DOCS=1 it writes docs/forms-tried.md, which it otherwise compares.
UNDERSTORY_TEST_POSTGRES names a PostgreSQL; without it that half is skipped (and fails when UNDERSTORY_REQUIRE_POSTGRES is
set). Without ../shared/data it is skipped.
"""
import csv
import html
import http.client
import io
import json
import os
import re
import time
import unittest
import urllib.parse
import uuid
import xml.etree.ElementTree as tree
import zipfile

from filled import Filled, XForm, csv_of, json_of
from phone import FORMS, ROOT, OnPostgres, OverSockets, multipart

PAGE = ROOT / "docs" / "forms-tried.md"
LIST = "{http://openrosa.org/xforms/xformsList}"
TAIL = ("KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,Edits,"
        "FormVersion").split(",")
LONG = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>A long form</h:title><model>
<instance><data id="long" version="1">{instance}<meta><instanceID/></meta></data></instance></model></h:head><h:body>{body}</h:body></h:html>"""
ABOUT = """# Forms of others that were tried

The XForms of the shared data, published by the page for it. Of each one accepted, three submissions are sent as a phone sends
them: *blank* (as the form stands), *filled* (an answer to every question by its type, two turns of each repeat, files, texts in
several scripts with quotes, line ends and what a spreadsheet takes for a formula), and *wrong* (answers that are none of
their type, text between questions, an element the form does not know). Both ways out – the CSV files, also with selects split,
and OData – are then held against what was sent, row by row; *answers* says how many, each compared in both. Written by
`UNDERSTORY_WRITE_DOCS=1 python3 tests/openrosa/forms.py build/understory`, and held against the program by that test.

"""


def identifiers(form):
    """The names OData has for the elements: of two alike below one, the later is numbered."""
    names = {}

    def walk(node):
        taken = set()
        for child in node.children:
            plain = re.sub(r"[^A-Za-z0-9_\u0080-\U0010ffff]", "_", child.name)
            plain = plain if not plain[0].isdigit() else "_" + plain
            names[child.path] = next(name for n in range(1, 999) if (name := plain if n == 1 else f"{plain}_{n}") not in taken)
            taken.add(names[child.path])
            walk(child)

    walk(form.root)
    return names


class Tried(OverSockets):
    maxDiff = 4000

    def web(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.assertLess(answer.status, 500, (path, content[:500]))
        return answer, content

    def publish(self, name, xml):
        """(number of the form, remarks) or (None, why not)."""
        boundary = uuid.uuid4().hex
        body = b"".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"{more}\r\n\r\n'.encode() + content + b"\r\n"
                        for field, more, content in [("study", "", b""), ("file", f'; filename="{name}"', xml)])
        answer, page = self.web("POST", "/forms", body + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        text = page.decode()
        if answer.status == 303:
            return answer.getheader("Location").rpartition("/")[2], []
        if answer.status == 200:
            return re.search(r'href="/forms/(\w+)"', text).group(1), [html.unescape(each) for each in re.findall(r"<li>(.*?)</li>", text[text.index("<ul>"):], re.S)]
        self.assertEqual(answer.status, 422, text)
        return None, html.unescape(re.search(r'class="problem" role="alert">(.*?)</p>', text, re.S).group(1))

    def as_phones_have_it(self, form_id):
        listed = tree.fromstring(self.ask("GET", self.base + "/formList?formID=" + urllib.parse.quote(form_id, safe=""))[1])
        address = listed.find(f"{LIST}xform/{LIST}downloadUrl").text
        return XForm(self.ask("GET", urllib.parse.urlparse(address).path)[1])

    def tables_of_zip(self, number, options=""):
        answer, content = self.web("GET", f"/api/v1/forms/{number}/submissions.csv.zip?{options}")
        self.assertEqual(answer.status, 200)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [list(csv.reader(io.StringIO(archive.read(name).decode(), newline=""))) for name in archive.namelist()]

    def check_csv(self, form, number, sent):
        for split in (False, True):
            files = self.tables_of_zip(number, "splitSelectMultiples=true" if split else "")
            self.assertEqual(len(files), len(form.tables()))
            for (table, answers), lines in zip(form.tables(), files):
                told = {node.path: {value for each in sent for row in each.rows[table.path] for value in (row.texts.get(node.path) or "").split()} for node in answers}
                columns = {node.path: [*node.offered, *sorted(told[node.path] - set(node.offered), key=str.encode)] if split and node.kind == "select" else [] for node in answers}
                head = []
                for node in answers:
                    name = node.path[len(table.path) + 1:].replace("/", "-")
                    head += [name + part for part in ("-Latitude", "-Longitude", "-Altitude", "-Accuracy")] if node.kind == "geopoint" else [name]
                    head += [f"{name}/{value}" for value in columns[node.path]]
                whole = table is form.root
                self.assertEqual(lines[0], ["SubmissionDate", *head, *TAIL] if whole else [*head, "PARENT_KEY", "KEY"])
                want = []
                for each in sent:
                    for row in each.rows[table.path]:
                        fields = []
                        for node in answers:
                            text = row.texts.get(node.path)
                            fields += csv_of(node.kind, text)
                            fields += ["" if text is None else str(int(value in text.split())) for value in columns[node.path]]
                        files_named = str(len(each.files))
                        want.append(fields + ([row.key, "A phone", files_named, files_named, "", "", "0", form.version] if whole else [row.parent, row.key]))
                got = lines[1:]
                if whole:  # without what the test does not choose: SubmissionDate, SubmitterID, DeviceID
                    at = len(head) + 1
                    got = [[*line[1:at + 1], *line[at + 2:at + 7], *line[at + 8:]] for line in got]
                self.assertEqual(got, want)

    def check_odata(self, form, number, sent):
        names = identifiers(form)
        answer, content = self.web("GET", f"/api/v1/forms/{number}.svc/Submissions?%24expand=*")
        self.assertEqual(answer.status, 200, content)
        rows = {row["__id"]: row for row in json.loads(content)["value"]}
        self.assertEqual(list(rows), [each.number for each in sent])
        compared = 0

        def holds(node, row, got):
            nonlocal compared
            known = set()
            for child in node.children:
                name = names[child.path]
                known.add(name)
                if child.repeats:
                    below = row.below.get(child.path, [])
                    self.assertEqual([each["__id"] for each in got[name]], [each.key for each in below])
                    for each, one in zip(below, got[name]):
                        holds(child, each, one)
                elif child.is_answer():
                    want = json_of(child.kind, row.texts.get(child.path))
                    self.assertEqual(got[name], want, child.path)
                    self.assertIs(type(got[name]) is bool, type(want) is bool, child.path)
                    compared += row.texts.get(child.path) not in (None, "")
                else:
                    holds(child, row, got[name])
            ours = {"__id", "__system"} | {key for key in got if key.startswith("__Submissions")}
            self.assertEqual(set(got) - ours, known, node.path)

        for each in sent:
            holds(form.root, each.rows[form.root.path][0], rows[each.number])
        for table, _ in form.tables()[1:]:
            path, name = "", []
            for step in table.path.split("/")[2:]:
                path += "/" + step
                name.append(names[form.root.path + path])
            answer, content = self.web("GET", f"/api/v1/forms/{number}.svc/" + urllib.parse.quote(".".join(["Submissions", *name])))
            self.assertEqual(answer.status, 200, content)
            self.assertEqual([row["__id"] for row in json.loads(content)["value"]], [row.key for each in sent for row in each.rows[table.path]])
        return compared

    def try_one(self, name, xml):
        number, said = self.publish(name.rpartition("/")[2], xml)
        if number is None:
            return f"| {name} | refused | | {said} |\n", 0
        form = self.as_phones_have_it(XForm(xml).form_id)
        sent = []
        for how in ("blank", "filled", "wrong"):
            each = Filled(form, "uuid:" + str(uuid.uuid4()), how)
            self.assertEqual(self.send(each.xml, [(file, b"123") for file in each.files]), 201, each.xml)
            sent.append(each)
        self.check_csv(form, number, sent)
        answers = self.check_odata(form, number, sent)
        for page in ("fill", "submissions", ""):
            self.assertEqual(self.web("GET", f"/forms/{number}/{page}".rstrip("/"))[0].status, 200, page)
        remark = said[0] + (f" ({len(said)} remarks in all)" if len(said) > 1 else "") if said else ""
        return f"| {name} | accepted | {answers} | {remark} |\n", answers

    @unittest.skipUnless(FORMS.exists(), "the forms of others (../shared/data/forms) are not here")
    def test_every_form_goes_in_and_its_answers_come_out(self):
        lines, accepted, compared, wrong, rounds = {}, 0, 0, [], [{}]
        for path in sorted(FORMS.rglob("*.xml")):
            xml = path.read_bytes()
            if b"http://www.w3.org/2002/xforms" not in xml:
                continue
            # Forms that share an id are tried in a workspace each.
            form_id = XForm(xml).form_id
            at = next((i for i, each in enumerate(rounds) if form_id not in each), None)
            if at is None:
                rounds.append({})
            rounds[-1 if at is None else at][form_id] = (str(path.relative_to(FORMS)), xml)
        for number, forms in enumerate(rounds):
            if number:
                self.tearDown()
                super().setUp()
            for name, xml in forms.values():
                with self.subTest(name):
                    lines[name], answers = self.try_one(name, xml)
                    accepted += "| accepted |" in lines[name]
                    compared += answers
        print(f"{accepted} forms accepted, {len(lines) - accepted} refused; {compared} answers there and back, in two formats")
        page = ABOUT + f"{accepted} accepted, {len(lines) - accepted} refused; {compared} answers compared.\n\n| file | outcome | answers | reason, or the first remark |\n|---|---|---|---|\n"
        page += "".join(lines[name] for name in sorted(lines))
        if os.environ.get("UNDERSTORY_WRITE_DOCS"):
            PAGE.write_text(page)
        self.assertEqual(PAGE.read_text(), page, "docs/forms-tried.md no longer says what happens")


    def test_a_page_of_three_thousand_questions(self):
        count = 3000
        names = [f"question_{at:04}" for at in range(count)]
        number, said = self.publish("long.xml", LONG.format(
            instance="".join(f"<{name}/>" for name in names),
            body="".join(f'<input ref="/data/{name}"><label>Question {name} in so many words</label></input>' for name in names)).encode())
        answer, page = self.web("GET", f"/forms/{number}/fill")
        self.assertEqual(answer.status, 200)
        hidden = {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.decode())}
        self.assertEqual(len(set(re.findall(r'name="(/data/question_\d+)"', page.decode()))), count)
        state = hidden.pop("state")
        fields = [*hidden.items(), *((f"/data/{name}", f"ចម្លើយ {at}") for at, name in enumerate(names)), ("do", "send"), ("state", state)]
        boundary = uuid.uuid4().hex
        parts = lambda fields: "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields).encode() + f"--{boundary}--\r\n".encode()
        began = time.monotonic()
        answer, page = self.web("POST", f"/forms/{number}/fill", parts(fields), {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        print(f"{count} questions sent from a page in {time.monotonic() - began:.2f} s")
        self.assertEqual(answer.status, 303, page[:2000])
        (head, line), = [self.tables_of_zip(number)[0]]
        self.assertEqual([line[head.index(name)] for name in names], [f"ចម្លើយ {at}" for at in range(count)])
        # More than any page of ours holds: said, and nothing is kept of it.
        many = [*fields, *(("/data/question_0000", "x") for _ in range(25_000))]
        answer, page = self.web("POST", f"/forms/{number}/fill", parts(many), {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        self.assertEqual(answer.status, 413)
        self.assertIn("25000", page.decode())
        self.assertEqual(len(self.tables_of_zip(number)[0]), 2)


class OnSqlite(Tried, unittest.TestCase):
    pass


class WithPostgres(OnPostgres, Tried, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main(verbosity=1)
