"""Forms, what was sent by them, lists of entities and webhooks, as people call them. Part of run.py."""
import json
import zipfile

from calling import run

FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Visit</h:title>
<model><instance><data id="visit" version="1"><village/><photo/><person><name/></person><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/photo" type="binary"/></model></h:head><h:body><input ref="/data/village"/><upload ref="/data/photo" mediatype="image/*"/>
<group ref="/data/person"><repeat nodeset="/data/person"><input ref="/data/person/name"/></repeat></group></h:body></h:html>"""

WELLS = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:entities="http://www.opendatakit.org/xforms/entities">
<h:head><h:title>Wells</h:title><model entities:entities-version="2024.1.0"><instance><data id="wells" version="1"><name/><depth/><meta><instanceID/>
<entity dataset="wells" id="" create="1"><label/></entity></meta></data></instance>
<bind nodeset="/data/name" type="string" entities:saveto="called"/><bind nodeset="/data/depth" type="int" entities:saveto="depth"/>
<bind nodeset="/data/meta/entity/@id" type="string"/><bind nodeset="/data/meta/entity/label" calculate="/data/name" type="string"/>
</model></h:head><h:body><input ref="/data/name"/><input ref="/data/depth"/></h:body></h:html>"""


class Told:
    def publish(self, name, xml, *more):
        path = self.path / f"{name}.xml"
        path.write_text(xml, encoding="utf-8")
        return run("form", "publish", "-w", self.workspace, path, *more)

    def instance(self, number, village, photo="", people=(), version="1"):
        """A folder as a phone keeps one instance in; the photo is there unless its name ends in “lost.jpg”."""
        folder = self.path / f"instance-{number}"
        folder.mkdir()
        (folder / "visit.xml").write_text(
            f'<data id="visit" version="{version}"><village>{village}</village><photo>{photo}</photo>'
            + "".join(f"<person><name>{name}</name></person>" for name in people)
            + f"<meta><instanceID>uuid:{number}</instanceID></meta></data>", encoding="utf-8")
        if photo and not photo.endswith("lost.jpg"):
            (folder / photo).write_bytes(b"picture " + str(number).encode())
        return folder

    def test_submissions_are_listed_by_state_by_what_they_lack_and_in_quarantine(self):
        self.publish("visit", FORM)
        told = run("submissions", "bring", "-w", self.workspace, self.instance(1, "Kandal", "one.jpg"),
                   self.instance(2, "Takeo", "a lost.jpg"), self.instance(3, "Takeo"), self.instance(4, "Takeo", version="7"))
        self.assertIn("4 taken, 0 were here already, 1 wait in quarantine, 1 attachments are missing", told)
        listing = ("submissions", "list", "-w", self.workspace, "--form", "visit")
        lines = run(*listing).splitlines()
        self.assertEqual(len(lines), 3, lines)
        self.assertEqual([line.split("\t")[4:6] for line in lines], [["received", "0/0 files"], ["received", "0/1 files"], ["received", "1/1 files"]])
        lacking = run(*listing, "--lacks-files").splitlines()
        self.assertEqual(len(lacking), 1, lacking)
        self.assertTrue(lacking[0].endswith("\tmissing: a lost.jpg"), lacking)
        self.assertEqual(run(*listing, "--lacks-files", "--state", "approved"), "")
        self.assertEqual(len(run(*listing, "--state", "received").splitlines()), 3)
        waiting = run(*listing, "--quarantine").splitlines()
        self.assertEqual(len(waiting), 1)
        self.assertIn("\t7\t", waiting[0])
        self.assertIn("waits for version", waiting[0])
        # The file comes later, as a phone sends it again: nothing lacks any more.
        (self.path / "instance-2" / "a lost.jpg").write_bytes(b"found")
        self.assertIn("0 taken, 1 were here already", run("submissions", "bring", "-w", self.workspace, self.path / "instance-2"))
        self.assertEqual(run(*listing, "--lacks-files"), "")
        self.publish("visit7", FORM.replace('version="1"', 'version="7"'))
        self.assertEqual(run(*listing, "--quarantine"), "")
        self.assertEqual(len(run(*listing).splitlines()), 4)
        self.assertEqual(run("submissions", "check", "-w", self.workspace, "--form", "visit"), "")  # none is encrypted

    def test_what_is_called_wrongly_of_submissions_says_so(self):
        self.publish("visit", FORM)
        here = ("-w", self.workspace, "--form")
        for command in (["list"], ["check"], ["take", "--study", "Experiences"], ["export", "--as", "csv"]):
            more = ["out.zip"] if command[0] == "export" else []
            self.assertIn("nope", run("submissions", *command, *here, "nope", *more, code=1), command)
        self.assertIn("wrong_state", run("submissions", "list", *here, "visit", "--state", "wrong_state", code=1))
        self.assertIn("consent", run("submissions", "take", *here, "visit", "--study", "Experiences", code=1))  # no mapping yet
        run("submissions", "list", "-w", self.workspace, code=2)
        run("submissions", "list", "-w", self.path / "nowhere", "--form", "visit", code=4)
        run("submissions", "export", *here, "visit", "--as", "parchment", "x", code=None)
        self.assertFalse((self.path / "x").exists())
        empty = self.path / "empty"
        empty.mkdir()
        self.assertIn("0 XML files", run("submissions", "bring", "-w", self.workspace, empty, self.path / "not-there", self.instance(1, "A"), code=3))
        self.assertEqual(len(run("submissions", "list", *here, "visit").splitlines()), 1)  # the others are no reason to leave it out

    def test_files_called_alike_all_leave(self):
        self.publish("visit", FORM)
        run("submissions", "bring", "-w", self.workspace, *(self.instance(n, "A", "same.jpg", ["x", "y"]) for n in range(3)))
        out = self.path / "out.zip"
        run("submissions", "export", "-w", self.workspace, "--form", "visit", "--as", "csv", "--attachments", out)
        with zipfile.ZipFile(out) as archive:
            media = {archive.read(name) for name in archive.namelist() if name.startswith("media/")}
            self.assertEqual(media, {b"picture 0", b"picture 1", b"picture 2"})
            self.assertEqual(len(archive.read("visit-person.csv").decode().splitlines()), 7)

    def test_rows_of_a_repeat_become_evidence_once(self):
        self.publish("visit", FORM, "--study", "Experiences")
        mapping = self.path / "mapping.json"
        mapping.write_text(json.dumps({"consent_on_paper": True, "location": "Svay Rieng", "respondent": {"name": "/data/village"},
                                       "rows": [{"repeat": "/data/person", "answers": [{"question": "/data/person/name"}]}]}))
        run("form", "map", "-w", self.workspace, "--study", "Experiences", "visit", mapping)
        run("submissions", "bring", "-w", self.workspace, self.instance(1, "SR-01", people=["one", "two"]))
        take = ("submissions", "take", "-w", self.workspace, "--study", "Experiences", "--form", "visit", "--json")
        first, again = json.loads(run(*take)), json.loads(run(*take))
        self.assertEqual((first["counts"]["source"]["read"], again["counts"]["source"]["merged"]), (2, 2), (first, again))
        mapping.write_text(json.dumps({"consent_on_paper": True, "rows": [{"repeat": "/data/person", "answers": [{"question": "/data/village"}]}]}))
        self.assertIn("rows", run("form", "map", "-w", self.workspace, "--study", "Experiences", "visit", mapping, code=1))

    def test_lists_of_entities_are_filled_shown_and_settled(self):
        self.assertEqual(run("entities", "list", "-w", self.workspace), "")
        self.publish("wells", WELLS)
        for number, (name, depth) in enumerate((("North", 12), ("South", 30))):
            (self.path / f"well-{number}.xml").write_text(
                f'<data id="wells" version="1"><name>{name}</name><depth>{depth}</depth><meta><instanceID>uuid:w{number}</instanceID>'
                f'<entity dataset="wells" id="12345678-0000-4000-8000-00000000000{number}" create="1"><label>{name}</label></entity></meta></data>')
            run("submissions", "bring", "-w", self.workspace, self.path / f"well-{number}.xml")
        shown = run("entities", "show", "-w", self.workspace, "wells")
        self.assertIn(",North,12\n", shown)
        self.assertNotIn("To look at", shown)
        line = run("entities", "list", "-w", self.workspace)
        self.assertTrue(line.startswith("wells\t"), line)
        self.assertIn("2 entities\t0 to look at", line)
        self.assertIn("springs", run("entities", "show", "-w", self.workspace, "springs", code=1))
        self.assertIn("wells", run("entities", "show", "-w", self.workspace, "--study", "Experiences", "wells", code=1))  # of the whole workspace
        self.assertIn("nothing", run("entities", "settle", "-w", self.workspace, "wells", "nothing", code=1))
        run("entities", "settle", "-w", self.workspace, "wells", code=2)
        run("entities", "list", "-w", self.path / "nowhere", code=4)
        # Taken out and put back; and cut by place.
        north = ("wells", "12345678-0000-4000-8000-000000000000")
        run("entities", "delete", "-w", self.workspace, *north)
        self.assertIn("There is no", run("entities", "delete", "-w", self.workspace, *north, code=1))
        shown = run("entities", "show", "-w", self.workspace, "wells")
        self.assertNotIn(",North,12\n", shown)
        self.assertIn("Deleted:\n12345678-0000-4000-8000-000000000000\tNorth", shown)
        self.assertIn("1 entities\t0 to look at\t0 wait\t0 refused\t1 deleted", run("entities", "list", "-w", self.workspace))
        run("entities", "restore", "-w", self.workspace, *north)
        self.assertIn(",North,12\n", run("entities", "show", "-w", self.workspace, "wells"))
        self.assertIn("colour", run("entities", "by-place", "-w", self.workspace, "wells", "colour", code=1))
        run("entities", "by-place", "-w", self.workspace, "wells", "called")
        self.assertIn("by place: called", run("entities", "list", "-w", self.workspace))
        run("entities", "by-place", "-w", self.workspace, "wells")

    def test_webhooks_are_made_listed_and_removed(self):
        self.publish("visit", FORM)
        new = ("webhook", "new", "-w", self.workspace, "--form")
        self.assertEqual(run("webhook", "list", "-w", self.workspace), "")
        self.assertIn("nope", run(*new, "nope", "https://example.org/told", code=1))
        for url in ("http://example.org/told", "ftp://example.org/", "example.org", "https://", "https://user:word@example.org/"):
            self.assertTrue(run(*new, "visit", url, code=1), url)
        self.assertEqual(run("webhook", "list", "-w", self.workspace), "")
        number, secret = run(*new, "visit", "https://example.org/told").splitlines()[:2]
        self.assertRegex(number, r"^[0-9a-z]{13}$")
        self.assertRegex(secret, r"^whsec_")
        listed = run("webhook", "list", "-w", self.workspace)
        self.assertIn(f"{number}\tvisit\thttps://example.org/told", listed)
        self.assertNotIn(secret, listed)
        run("submissions", "bring", "-w", self.workspace, self.instance(1, "A secret village"))
        delivered = run("webhook", "deliveries", "-w", self.workspace, number)
        self.assertRegex(delivered, r"submission\.\w+\tuuid:1\t\w+\t0 attempts\tno answer")
        self.assertNotIn("secret village", delivered)
        for command in ("deliveries", "remove"):
            self.assertIn("0000000000000", run("webhook", command, "-w", self.workspace, "0000000000000", code=1))
            self.assertIn("rubbish", run("webhook", command, "-w", self.workspace, "rubbish", code=1))
        run("webhook", "remove", "-w", self.workspace, number)
        self.assertEqual(run("webhook", "list", "-w", self.workspace), "")
        self.assertIn(number, run("webhook", "remove", "-w", self.workspace, number, code=1))
