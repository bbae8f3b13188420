#!/usr/bin/env python3
"""P2: an excluded person cannot learn that a record exists, not even by how long the answer takes. Somebody who is
excluded from a source (and from a study) asks for it and for one that never was, in random order; the answers are the same
bytes, and the times of the faster half of each are compared. The same is measured between two that never were: so much is
noise. A gap of 5 % or more that is also twice the noise, three times in a row, breaks the promise."""
import statistics
import time

from drill import Browser, Failures, Server, as_person, chance, cluster, count, end, folder, new_workspace, people, run

broken = Failures("P2")
PAIRS = count(100, 1000)
LIMIT = 0.05
worst = 0.0


def absent():
    return chance.choice("01234567") + "".join(chance.choices("0123456789abcdefghjkmnpqrstvwxyz", k=12))


def gap(browser, address, there, pairs):
    """How much longer what is there takes than what is not, as a share of the latter; and the same of two that are not."""
    times = {"there": [], "absent": [], "control": []}
    for _ in range(pairs):
        order = list(times)
        chance.shuffle(order)
        for kind in order:
            record = there if kind == "there" else absent()
            begun = time.perf_counter()
            status, content = browser.ask("GET", address.replace("RECORD", record))
            times[kind].append(time.perf_counter() - begun)
            plain = content.replace(record.encode(), b"RECORD")
            if status != 404 or plain != gap.seen.setdefault(address, plain):
                broken(f"{address}: {status}, or other bytes for what is there")
    middle = {kind: statistics.fmean(sorted(values)[:pairs // 2]) for kind, values in times.items()}
    return middle["there"] / middle["absent"] - 1, middle["control"] / middle["absent"] - 1, middle["absent"]


gap.seen = {}


def drill(postgres=None):
    global worst
    label = "PostgreSQL" if postgres else "SQLite"
    with folder() as path:
        where = new_workspace(path / "w", postgres.address if postgres else None)
        run("study", "new", "-w", where, "Hidden")
        people(where, ("lena", "researcher"), ("anita", "coder"), lock=False)
        server = Server(where)
        lena, keeper = Browser(server.port).sign_in("lena"), Browser(server.port).sign_in("keeper")
        studies = {study["name"]: study["id"] for study in lena.json("/api/v1/studies")["studies"]}
        sources = lena.json(f"/api/v1/studies/{studies['X']}/sources")["sources"]
        listed = keeper.ask("GET", "/accounts")[1].decode()
        account = next(part for part in listed.split('href="/accounts/')[1:] if ">anita<" in part[:60])[:13]
        for fields in ({"study": studies["X"], "source": sources[3]["id"]}, {"study": studies["Hidden"], "source": ""}):
            status, _ = keeper.ask("POST", f"/accounts/{account}", do="exclude", **fields)
            assert status == 200, status
        anita = Browser(server.port).sign_in("anita")
        names = [study["name"] for study in anita.json("/api/v1/studies")["studies"]]
        assert names == ["X"] and len(anita.json(f"/api/v1/studies/{studies['X']}/sources")["sources"]) == len(sources) - 1
        for what, address, there in (
                ("a source", f"/studies/{studies['X']}/sources/RECORD", sources[3]["id"]),
                ("a source (JSON)", f"/api/v1/studies/{studies['X']}/sources/RECORD", sources[3]["id"]),
                ("a study", "/studies/RECORD", studies["Hidden"]),
                ("a study's findings", "/studies/RECORD/findings/causes", studies["Hidden"])):
            gap(anita, address, there, 10)
            # A busy machine may spoil one measurement, not three in a row; a real difference spoils every one.
            loud = True
            for attempt in range(3):
                gap.seen.clear()
                measured, control, middle = gap(anita, address, there, PAIRS)
                if abs(measured) < LIMIT:
                    break
                loud = loud and abs(measured) > 2 * abs(control)
            else:
                if loud:
                    broken(f"{label}: {what} takes {measured:+.1%} when it is there")
            worst = max(worst, abs(measured))
            print(f"  {label}: {what}: gap {measured:+.1%}, between two that never were {control:+.1%}, {middle * 1000:.2f} ms, {attempt + 1} measurement(s)", flush=True)
        server.stop()


drill()
with cluster() as postgres:
    drill(postgres)
end(broken, f"largest gap {worst:.1%} over {PAIRS} interleaved requests each, same bytes")
