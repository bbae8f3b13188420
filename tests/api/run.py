#!/usr/bin/env python3
"""docs/api/openapi.yaml against the server: each JSON route answers what the description says, and nothing beside it.

Usage: run.py UNDERSTORY.
"""
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1)
EXAMPLE = ROOT / "examples/seven-communities"
SPEC = yaml.safe_load((ROOT / "docs/api/openapi.yaml").read_text())
ASKS = SPEC["components"]["parameters"]["ask"]["schema"]["enum"]


def strict(schema, part_of_all=False):
    """Nothing but what is described: no member that the description does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: [strict(each, True) for each in value] if key == "allOf" else strict(value) for key, value in schema.items()}
    if "allOf" in made:
        made["unevaluatedProperties"] = False
    elif "properties" in made and not part_of_all:
        made.setdefault("unevaluatedProperties", False)
    return made


def taken_up(schema):
    """The names of schemas that an allOf takes up, wherever it stands."""
    if isinstance(schema, list):
        return set().union(*map(taken_up, schema), set())
    if not isinstance(schema, dict):
        return set()
    own = {each["$ref"].rsplit("/", 1)[1] for each in schema.get("allOf", []) if "$ref" in each}
    return own.union(*map(taken_up, schema.values()))


# What allOf takes up must stay open by itself; the whole is closed.
OPEN = taken_up(SPEC["components"]["schemas"]) | taken_up(SPEC["paths"])
SCHEMAS = {name: strict(schema, name in OPEN) for name, schema in SPEC["components"]["schemas"].items()}


FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Visit</h:title>
<model><instance><data id="visit" version="1"><village/><where/><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/where" type="geopoint"/></model></h:head><h:body><input ref="/data/village"><label>v</label></input></h:body></h:html>"""


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        workspace = pathlib.Path(cls.folder.name) / "workspace"
        calls = [["init"], ["place", "import", EXAMPLE / "svay-rieng/places.csv"], ["study", "new", "Experiences", "--location", "Svay Rieng=KH-20"]]
        calls += [["import", "--study", "Experiences", EXAMPLE / f"svay-rieng/{table}.csv"]
                  for table in ("respondents", "sources", "survey", "codings", "links", "masks")]
        form = pathlib.Path(cls.folder.name) / "visit.xml"
        form.write_text(FORM)
        calls += [["form", "publish", form]]
        for call in calls:
            subprocess.run([PROGRAM, *map(str, call), "-w", workspace], check=True, capture_output=True, timeout=60)
        cls.server = subprocess.Popen([PROGRAM, "serve", "-w", workspace, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        cls.base = re.search(r"http://\S+", cls.server.stdout.readline().decode()).group(0) + "/api/v1"

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        cls.server.wait(timeout=20)
        cls.server.stdout.close()
        cls.folder.cleanup()

    def get(self, address, asked=None):
        request = urllib.request.Request(self.base + address, asked and asked.encode(), {"Content-Type": "text/plain"} if asked else {})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def send(self, method, address, body=None):
        request = urllib.request.Request(self.base + address, None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def check(self, route, status=200, query="", asked=None, method=None, body=None, **named):
        if method:
            got, body = self.send(method, route.format(**named), body)
        else:
            got, body = self.get(route.format(**named) + query, asked)
        self.assertEqual(got, status, body)
        answer = SPEC["paths"][route][method.lower() if method else "post" if asked else "get"]["responses"][str(status)]
        if "$ref" in answer:
            answer = SPEC["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        schema = strict(answer["content"]["application/json"]["schema"])
        faults = [f"{list(fault.absolute_path)}: {fault.message[:300]}" for fault in
                  jsonschema.Draft202012Validator({**schema, "components": {"schemas": SCHEMAS}}).iter_errors(body)]
        self.assertEqual(faults, [], route)
        self.seen.add(route)
        return body

    def test_every_route_answers_what_is_described(self):
        self.seen = set()
        study = self.check("/studies")["studies"][0]["id"]
        self.check("/studies/{study}", study=study)
        self.check("/studies/{study}/codebook", study=study)
        sources = self.check("/studies/{study}/sources", study=study)["sources"]
        for source in sources:
            self.check("/studies/{study}/sources/{source}", study=study, source=source["id"])
        self.check("/person")
        self.code(study, sources[0]["id"])
        for ask in ASKS:
            answer = self.check("/studies/{study}/findings/{ask}", study=study, ask=ask)
            if answer["overall"]:
                item = urllib.parse.quote(answer["overall"][0]["key"])
                self.check("/studies/{study}/findings/{ask}/passages", study=study, ask=ask, query=f"?item={item}")
                few = self.check("/studies/{study}/findings/{ask}/passages", study=study, ask=ask, query=f"?item={item}&first=1&most=2")
                self.assertLessEqual(len(few["passages"]), 2)
                against = self.check("/studies/{study}/findings/{ask}/counter-examples", study=study, ask=ask, query=f"?item={item}")
                said = sum(each["mentioned"] for each in answer["overall"] if each["key"] == answer["overall"][0]["key"])
                self.assertEqual(against["people"], against["asked"] - said)
            shown = self.check("/studies/{study}/findings/{ask}/shown", study=study, ask=ask)
            self.assertEqual(shown["answer"], answer)
        self.check("/studies/{study}/findings/{ask}/groups", study=study, ask="causes", query="?question=causes%20by%20gender")
        self.check("/studies/{study}/findings/{ask}/groups", 422, study=study, ask="links")
        self.keep(study)
        self.check("/forms/{form}.svc", form="visit")
        self.check("/forms/{form}.svc/Submissions", form="visit", query="?$count=true&$filter=village%20ne%20null")
        self.check("/forms/{form}.svc/Submissions/$query", form="visit", asked="$count=true&$filter=village ne 'A name'")
        self.check("/forms/{form}.svc/Submissions/$query", status=422, form="visit", asked="$filter=nothing eq 1")
        files = {route: methods["get"]["responses"]["200"]["content"] for route, methods in SPEC["paths"].items() if route.startswith("/forms/{form}/")}
        for route, described in files.items():
            with urllib.request.urlopen(self.base + route.format(form="visit"), timeout=60) as response:
                self.assertEqual([response.headers.get_content_type()], list(described))
                self.assertTrue(response.read())
            self.seen.add(route)
        self.assertEqual(self.seen, {route for route, methods in SPEC["paths"].items() if "servers" not in methods})
        for query in ("by=gender", "location=Svay%20Rieng", "role=farmer", "gender=female", "age_band=25-34", "language=km",
                      "kind=actor", "level=all", "counted=every", "seed=7", "draws=10"):
            self.check("/studies/{study}/findings/{ask}", study=study, ask="causes", query="?" + query)

    def code(self, study, source):
        """What the desk does to a source: each answer as described."""
        at = {"study": study, "source": source}
        codings = "/studies/{study}/sources/{source}/codings"
        code = self.check("/studies/{study}/codebook", study=study)["codes"][-1]["id"]
        made = self.check(codings, 201, method="POST", body={"code_id": code, "start": 0, "end": 3}, **at)["coding"]
        self.check(codings, 200, method="POST", body={"code_id": code, "start": 0, "end": 3}, **at)
        self.check(codings, 400, method="POST", body=[], **at)
        self.check(codings, 422, method="POST", body={"code_id": code, "start": 3, "end": 3}, **at)
        memos = "/studies/{study}/sources/{source}/memos"
        self.check(memos, method="POST", body={"text": "Look again", "coding": made["id"]}, **at)
        self.check(memos, **at)
        self.check(codings + "/{coding}", method="DELETE", coding=made["id"], **at)
        self.check(codings + "/{coding}", 404, method="DELETE", coding=made["id"], **at)
        self.check(codings, 201, method="POST", body={"restore": made["id"]}, **at)
        masks, links = "/studies/{study}/sources/{source}/masks", "/studies/{study}/sources/{source}/links"
        self.check(masks, method="POST", body={"start": 0, "end": 2, "kind": "name", "instead": "somebody", "everywhere": True}, **at)
        self.check(masks, 422, method="POST", body={"start": 0, "end": 2, "kind": "story"}, **at)
        self.assertTrue(self.check("/studies/{study}/sources/{source}", **at)["masks"][0]["own"])
        self.check(masks + "/beneath", method="POST", body={"start": 0, "end": 1}, **at)
        self.check(masks + "/lift", method="POST", body={"start": 0, "end": 1, "everywhere": True}, **at)
        self.check(masks + "/lift", 404, method="POST", body={"start": 0, "end": 1}, **at)
        self.check(masks + "/beneath", 404, method="POST", body={"start": 0, "end": 1}, **at)
        other = self.check("/studies/{study}/codebook", study=study)["codes"][-2]["id"]
        join = {"from_id": code, "from_start": 0, "from_end": 3, "to_id": other, "to_start": 5, "to_end": 9, "prevents": True}
        link = self.check(links, 201, method="POST", body=join, **at)["id"]
        self.check(links, 200, method="POST", body=join, **at)
        self.check(links, 422, method="POST", body={**join, "to_id": code}, **at)
        self.check(links + "/{link}", method="DELETE", link=link, **at)
        self.check(links + "/{link}", 404, method="DELETE", link=link, **at)
        suggestions = "/studies/{study}/sources/{source}/suggestions"
        self.check(suggestions, **at)
        self.check(suggestions, 404, method="POST", body={"id": made["id"], "take": True}, **at)
        told = self.check("/studies/{study}/sources/{source}/changes", **at)
        self.assertEqual([each["what"] for each in told["changes"]], ["add", "memo", "remove", "add", "mask", "mask", "link", "link", "link"])
        self.check("/studies/{study}/sources/{source}/changes", 422, query="?after=x", **at)
        blind = "/studies/{study}/sources/{source}/blind"
        self.check(blind, method="POST", body={"blind": True}, **at)
        self.check("/studies/{study}/sources/{source}/comparison", 409, **at)
        self.check(blind, method="POST", body={"blind": False}, **at)
        differences = self.check("/studies/{study}/sources/{source}/comparison", **at)["differences"]
        self.assertTrue(differences)
        settlements = "/studies/{study}/sources/{source}/settlements"
        self.check(settlements, 422, method="POST", body={"coding": differences[0]["id"], "stands": True, "reason": ""}, **at)
        self.check(settlements, method="POST", body={"coding": differences[0]["id"], "stands": True, "reason": "It says so"}, **at)
        self.check(settlements, method="POST", body={"coding": differences[-1]["id"], "stands": False, "reason": "It is about land"}, **at)
        self.bring_in(study)
        jobs = self.check("/studies/{study}/jobs", study=study)["jobs"]
        self.assertEqual([(job["kind"], job["state"]) for job in jobs], [("import", "done")])
        views = "/studies/{study}/views"
        view = self.check(views, 201, method="POST", body={"name": "Groups", "filter": "{}"}, study=study)["id"]
        self.check(views, 422, method="POST", body={"name": "", "filter": "{}"}, study=study)
        self.assertEqual([each["name"] for each in self.check(views, study=study)["views"]], ["Groups"])
        self.check(views + "/{view}", method="DELETE", study=study, view=view)
        self.check(views + "/{view}", 404, method="DELETE", study=study, view=view)
        self.check("/studies/{study}/machine/remove", method="POST", study=study)
        settled = self.check("/studies/{study}/sources/{source}/comparison", **at)["differences"]
        self.assertEqual(len(settled), len(differences))
        self.codebook(study)

    def keep(self, study):
        """A finding is kept, commented on, put into the report and taken away; its keeper does not review it."""
        kept, one = "/studies/{study}/kept-findings", "/studies/{study}/kept-findings/{finding}"
        made = self.check(kept, 201, method="POST", body={"name": "Causes by gender", "question": "causes by gender"}, study=study)["id"]
        self.check(kept, 409, method="POST", body={"name": "The same", "question": "causes by gender seed 1"}, study=study)
        self.check(kept, 422, method="POST", body={"name": "What?", "question": "causes by moon"}, study=study)
        self.check(kept, 422, method="POST", body={"name": " ", "question": "links"}, study=study)
        at = {"study": study, "finding": made}
        self.check(one, 400, method="POST", body={}, **at)
        self.check(one, 422, method="POST", body={"comment": " "}, **at)
        self.check(one, 409, method="POST", body={"reviewed": True, "evidence": "of yesterday"}, **at)
        seen = self.check(one, **at)["finding"]["evidence"]
        # Nobody reviews what they kept; who does is shown by kept_findings_test.cpp.
        self.assertEqual(self.check(one, 409, method="POST", body={"reviewed": True, "evidence": seen}, **at)["code"], "own_finding")
        self.check(one, method="POST", body={"comment": "Compare with last year", "in_report": True}, **at)
        listed = self.check(kept, study=study)["findings"]
        self.assertEqual([(each["id"], each["in_report"], each["review"], each["comments"]) for each in listed], [(made, True, None, 1)])
        self.assertEqual(self.check(one, **at)["comments"][0]["text"], "Compare with last year")
        self.check(one, method="POST", body={"name": "Causes, women and men", "in_report": False}, **at)
        self.check(one, method="DELETE", **at)
        self.check(one, 404, **at)
        self.assertEqual(self.check(kept, study=study)["findings"], [])

    def bring_in(self, study):
        """Looking writes nothing, taking does; each line as described."""
        route = "/studies/{study}/imports"
        before = len(self.check("/studies/{study}/sources", study=study)["sources"])
        schema = strict(SPEC["paths"][route]["post"]["responses"]["200"]["content"]["application/x-ndjson"]["schema"])
        for fields, file, sources in (({}, "talk.txt", before), ({"keep": "yes"}, "talk.txt", before + 1), ({}, "talk.wav", before + 1)):
            parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
            parts += [f'Content-Disposition: form-data; name="file"; filename="{file}"\r\n\r\nI: Why?\n\nSR-77: No rain.\n']
            body = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
            request = urllib.request.Request(self.base + route.format(study=study), body.encode(), {"Content-Type": "multipart/form-data; boundary=x"})
            with urllib.request.urlopen(request, timeout=60) as response:
                self.assertEqual(response.headers.get_content_type(), "application/x-ndjson")
                lines = [json.loads(line) for line in response.read().decode().splitlines()]
            for line in lines:
                faults = [fault.message[:300] for fault in jsonschema.Draft202012Validator({**schema, "components": {"schemas": SCHEMAS}}).iter_errors(line)]
                self.assertEqual(faults, [])
            self.assertEqual("problem" in lines[-1], file == "talk.wav")
            self.assertEqual(len(self.check("/studies/{study}/sources", study=study)["sources"]), sources)
        self.check(route, study=study)

    def codebook(self, study):
        at = {"study": study}
        book, one = "/studies/{study}/codebook", "/studies/{study}/codebook/{code}"
        first, second = (self.check(book, 201, method="POST", body={"name": name}, **at) for name in ("Floods", "Droughts"))
        self.check(book, 409, method="POST", body={"name": "floods"}, **at)
        self.check(book, 422, method="POST", body={"name": "x", "colour": "red"}, **at)
        seen = second["number"]
        self.check(one, method="POST", body={"seen": seen, "definition": "Too little rain", "names": {"km": "គ្រោះរាំងស្ងួត"}}, code=second["id"], **at)
        self.check(one, 409, method="POST", body={"seen": seen, "definition": "Other"}, code=second["id"], **at)
        seen = self.check(book, **at)["number"]
        self.check(one, method="POST", body={"seen": seen, "under": first["id"]}, code=second["id"], **at)
        self.check(one + "/merge", query="?into=" + first["id"], code=second["id"], **at)
        used = next(code["id"] for code in self.check(book, **at)["codes"] if code["codings"])
        passages = self.check(one + "/passages", code=used, **at)["passages"]
        body = {"seen": self.check(book, **at)["number"], "codings": [passages[0]["coding"]], "name": "Part of it"}
        self.assertEqual(self.check(one + "/split", method="POST", body=body, code=used, **at)["moved"], 1)
        body = {"seen": self.check(book, **at)["number"], "into": first["id"]}
        self.check(one + "/merge", method="POST", body=body, code=second["id"], **at)
        self.check(one + "/merge", 404, query="?into=" + first["id"], code=second["id"], **at)

    def test_health_and_figures_are_text_beside_the_interface(self):
        routes = [route for route, methods in SPEC["paths"].items() if "servers" in methods]
        self.assertEqual(routes, ["/healthz", "/metrics"])
        for route in routes:
            with urllib.request.urlopen(self.base.removesuffix("/api/v1") + route, timeout=60) as response:
                described = SPEC["paths"][route]["get"]["responses"]["200"]["content"]
                self.assertEqual([response.headers.get_content_type()], list(described))
                jsonschema.validate(response.read().decode(), described["text/plain"]["schema"])

    def test_problems_are_answered_as_described(self):
        self.seen = set()
        study = self.get("/studies")[1]["studies"][0]["id"]
        nowhere = "0" * 13
        self.check("/studies/{study}", 404, study=nowhere)
        self.check("/studies/{study}/sources/{source}", 404, study=study, source=nowhere)
        self.check("/studies/{study}/findings/{ask}", 404, study=study, ask="gossip")
        for query in ("by=colour", "seed=-1", "draws=1000000", "gender=astronaut"):
            self.check("/studies/{study}/findings/{ask}", 422, study=study, ask="causes", query="?" + query)
        self.check("/studies/{study}/findings/{ask}/passages", 404, study=study, ask="causes", query="?item=None")
        self.check("/forms/{form}.svc", 404, form="nowhere")
        self.check("/forms/{form}.svc/Submissions", 422, form="visit", query="?$filter=nope%20eq%201")

    def test_the_description_has_no_parameter_by_accident(self):
        # A comma in an unquoted description makes a member of what follows it.
        for route, methods in SPEC["paths"].items():
            for parameter in (each for method in methods.values() if isinstance(method, dict) for each in method.get("parameters", [])):
                self.assertLessEqual(set(parameter), {"name", "in", "description", "required", "schema", "$ref"}, route)


if __name__ == "__main__":
    unittest.main(verbosity=1)
