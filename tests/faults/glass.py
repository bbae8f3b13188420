#!/usr/bin/env python3
"""P10: the steward reads nothing in silence. A steward, two who may read and one who may not do as they like, at random:
sign in, ask to break the glass, open it (or try to), look, end it, go to the source by every address. Every answer that
showed a story is held against the log: as many reads of that source by that account as answers that showed it; and no
answer showed one to the steward but through a glass that somebody else had opened."""
import collections
import json
import re

from drill import Browser, Failures, Server, as_person, chance, cluster, count, end, folder, new_workspace, people, run

broken = Failures("P10")
STEPS = count(120, 1500)
STORY = "They owe the mill and the ferryman knows"


def drill(postgres=None):
    label = "PostgreSQL" if postgres else "SQLite"
    with folder() as path:
        where = new_workspace(path / "w", postgres.address if postgres else None, example=False)
        for name in ("one", "two"):
            (path / f"{name}.txt").write_text(f"{STORY} {name}. " * 20)
            run("import", "-w", where, "--study", "X", path / f"{name}.txt")
        key = people(where, ("anita", "researcher"), ("rafiq", "coder"), ("vera", "enumerator"))
        server = Server(where)
        names = ("keeper", "anita", "rafiq", "vera")
        browsers = {name: Browser(server.port).sign_in(name) for name in names}
        study = browsers["anita"].json("/api/v1/studies")["studies"][0]["id"]
        sources = [source["id"] for source in browsers["anita"].json(f"/api/v1/studies/{study}/sources")["sources"]]
        shown, through, opened_by_others, requests = collections.Counter(), 0, set(), []
        # One glass and one reading that go as they should, so that there is something to find; then as they like.
        script = [("keeper", "ask"), ("anita", "open"), ("keeper", "again"), ("keeper", "look"), ("anita", "read")]
        for step in range(STEPS):
            name, deed = script[step] if step < len(script) else (chance.choice(("keeper", *names)), None)
            browser, source = browsers[name], chance.choice(sources)
            deed = deed or chance.choice(("ask", "open", "open", "look", "look", "look", "end", "read", "read", "list", "again"))
            if deed == "again":
                if step < len(script) or chance.random() < 0.4:
                    browsers[name] = Browser(server.port).sign_in(name)  # brings the keys of open glasses
                continue
            if deed == "ask":
                browser.ask("POST", "/glass", study=study, source=source, reason="somebody is in danger tonight", hours="2")
                seen = re.findall(r'"/glass/(\w{13})"', browser.ask("GET", "/glass")[1].decode())
                requests = list(dict.fromkeys(seen + requests))[:8]
                continue
            if deed in ("open", "end", "look") and requests:
                glass = chance.choice(requests)
                if deed == "look":
                    status, content = browser.ask("GET", f"/glass/{glass}")
                    if STORY.encode() in content:
                        through += 1
                        shown[name] += 1
                        if name == "keeper" and glass not in opened_by_others:
                            broken(f"{label}: the steward looked through a glass nobody opened")
                else:
                    status, _ = browser.ask("POST", f"/glass/{glass}", do=deed)
                    if deed == "open" and status == 200:
                        opened_by_others.add(glass)
                        if name in ("keeper", "vera"):
                            broken(f"{label}: {name} opened a glass")
                continue
            addresses = [f"/studies/{study}/sources/{source}", f"/api/v1/studies/{study}/sources/{source}"]
            if deed == "list":
                addresses = [f"/studies/{study}/sources", f"/studies/{study}/findings/causes/passages", "/", "/audit", "/accounts"]
            address = chance.choice(addresses)
            status, content = browser.ask("GET", address)
            if STORY.encode() in content:
                shown[name] += 1
                if name in ("keeper", "vera"):
                    broken(f"{label}: {name} sees a story at {address}")
        accounts = dict(re.findall(r'href="/accounts/(\w{13})">(\w+)<', browsers["keeper"].ask("GET", "/accounts")[1].decode()))
        server.stop()
        run("audit", "export", "-w", where, path / "log", env=as_person("keeper"))
        logged = collections.Counter()
        for line in (path / "log").read_text().splitlines():
            entry = json.loads(line)
            if entry.get("action") == "read_source" and entry.get("outcome") == "done" and entry["account"]:
                logged[accounts[entry["account"]]] += 1
        for name in names:
            # A look that met a lock is written down and shows nothing: more lines than looks, never fewer.
            if logged[name] < shown[name] or (name in ("anita", "rafiq") and logged[name] != shown[name]):
                broken(f"{label}: {name} was shown {shown[name]} stories, and the log has {logged[name]}")
        if not shown["anita"] or not through:
            broken(f"{label}: nobody read anything: this would show nothing")
        if "unbroken" not in run("verify", "-w", where, "--recovery-key", key):
            broken(f"{label}: the log")
        print(f"  {label}: {STEPS} steps, stories shown {dict(shown)}, {through} through a glass; lines in the log {dict(logged)}", flush=True)


drill()
with cluster() as postgres:
    drill(postgres)
end(broken, f"{2 * STEPS} steps on both databases, {len(broken.found)} silent reads")
