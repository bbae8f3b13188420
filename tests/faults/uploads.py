#!/usr/bin/env python3
"""P16: hostile uploads are inert. Phones send, and people publish, what is made to harm: bombs, entities, deep nesting, huge
attributes, polyglots and pictures with script, names that climb out of a folder, cells that are formulas, thousands of parts,
wrong lengths. Nothing lands outside the workspace, the server's memory stays bounded, no answer is a 5xx, and what is
exported is inert: no name in an archive climbs, no cell begins a formula."""
import csv
import http.client
import io
import os
import re
import socket
import subprocess
import time
import zipfile

from drill import PROGRAM, Failures, Server, chance, count, end, folder, new_workspace, run
from phones import FORM, Phone, answers, enrol, multipart

broken = Failures("P16")
TOTAL = count(120, 1000)
MEMORY = 200  # MB the server may have held at most
MEMORY_OF_COMMANDS = 400  # of one that publishes; the system counts this program's own into it
BELL = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
NAMES = ["../../../../tmp/escaped-{}.jpg", "/tmp/escaped-{}.jpg", "..\\..\\escaped-{}.jpg", "C:\\escaped-{}.jpg", "a\x00escaped-{}.jpg", "n" * 3000 + "{}.jpg",
         "photo\u202egpj.{}.exe", "....//....//escaped-{}", "%2e%2e%2fescaped-{}", "con.{}", ".", "..", "", " ", "=HYPERLINK(\"http://x\"){}.jpg", "a/b/c/{}.jpg",
         "file:///etc/passwd", "~/escaped-{}", "a\r\nX-Injected: {}", "\ufeff{}.jpg", "\ud83d".encode("utf-8", "surrogatepass") + b"{}.jpg"]
FORMULAS = ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1+1", "=HYPERLINK(&quot;http://x&quot;)", "\u202e=1", "=cmd|'/C calc'!A1"]
number = 0


def fresh():
    global number
    number += 1
    return f"uuid:hostile-{number}"


def polyglot():
    """What is two things at once, or a picture that is a program."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("a.html", "<script>alert(1)</script>")
    return chance.choice([BELL, b"GIF89a/*<script>alert(1)</script>*/=1;" + BELL, b"\xff\xd8\xff\xe0" + archive.getvalue(), b"%PDF-1.7\n" + BELL, b"#!/bin/sh\ntouch /tmp/escaped-polyglot\n",
                          b"<?php system('touch /tmp/escaped-php'); ?>", archive.getvalue(), b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06" + b"\0" * 9])


def nested(depth):
    return b'<data id="visit" version="1">' + b"<a>" * depth + b"</a>" * depth + f"<meta><instanceID>{fresh()}</instanceID></meta></data>".encode()


def entities(kind):
    head = {"laughs": "<!DOCTYPE d [<!ENTITY a '0123456789'>" + "".join(f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(10)) + "]>",
            "file": "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", "web": "<!DOCTYPE d SYSTEM 'http://127.0.0.1:9/x.dtd'>",
            "quadratic": "<!DOCTYPE d [<!ENTITY a '" + "x" * 100000 + "'>]>", "parameter": "<!DOCTYPE d [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]>"}[kind]
    used = {"laughs": "&k;", "quadratic": "&a;" * 10000}.get(kind, "&a;")
    return answers(fresh(), village=used, before=head)


def huge():
    return answers(fresh()).replace(b"<village>", b"<village " + chance.choice([b"a='" + b"x" * 8_000_000 + b"'", b" ".join(b"a%d='1'" % each for each in range(100000))]) + b">")


def plain(sender, xml, files=()):
    return sender.post(*multipart(xml, files, chance.choice(["image/jpeg", "text/html", "image/svg+xml", "x" * 2000, "text/html; charset=utf-7"])))


def lying(port, path):
    """Lengths that are not so, pieces that never end, headers twice: whatever comes back, the server goes on."""
    body = multipart(answers(fresh()))[1]
    lines = chance.choice([f"Content-Length: {len(body) + 5000}", "Content-Length: -1", "Content-Length: 99999999999999999999", f"Content-Length: {len(body)}\r\nContent-Length: 3",
                           f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked", "Content-Length: 0x10", "Transfer-Encoding: chunked, chunked", f"Content-Length: {len(body) // 2}"])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        try:
            raw.sendall(f"POST {path}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n{lines}\r\n\r\n".encode() + body)
            raw.shutdown(socket.SHUT_WR)
            said = raw.recv(65536)
        except OSError:
            return 0, b""
    return (int(said.split()[1]) if said.startswith(b"HTTP/") else 0), said


def parts(amount):
    body = b"".join(b'--b\r\nContent-Disposition: form-data; name="p%d"; filename="%d"\r\n\r\nx\r\n' % (each, each) for each in range(amount))
    xml = b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="s.xml"\r\n\r\n' + answers(fresh()) + b"\r\n"
    return {"Content-Type": "multipart/form-data; boundary=b"}, xml + body + b"--b--\r\n"


def malformed():
    good = multipart(answers(fresh()))[1]
    boundary = good[2:34].decode()
    at = chance.randrange(len(good))
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, chance.choice([good[:at], good[:at] + bytes([chance.randrange(256)]) + good[at + 1:], good * 2,
                                                                                       good.replace(b"\r\n", b"\n"), b"--" + boundary.encode() + b"\r\n" + b"X: " + b"y" * 100000])


def post_one(sender, kind):
    if kind == 0:
        return plain(sender, answers(fresh(), ["p.svg"]), [("p.svg", polyglot())])
    if kind == 1:
        name = chance.choice(NAMES)
        name = name.replace(b"{}", b"%d" % number) if isinstance(name, bytes) else name.replace("{}", str(number))
        shown = re.sub(r"[\x00-\x1f<&]", "", name if isinstance(name, str) else "x")
        return plain(sender, answers(fresh(), [shown]), [(name, b"climbing")])
    if kind == 2:
        return plain(sender, nested(chance.choice([100, 3000, 100000, 1000000])))
    if kind == 3:
        return plain(sender, entities(chance.choice(["laughs", "file", "web", "quadratic", "parameter"])))
    if kind == 4:
        return plain(sender, huge())
    if kind == 5:
        return plain(sender, answers(fresh(), village=chance.choice(FORMULAS), remarks=chance.choice(FORMULAS)))
    if kind == 6:
        return sender.post(*parts(chance.choice([900, 1001, 10000])))
    if kind == 7:
        return sender.post(*malformed())
    if kind == 8:
        return lying(sender.port, sender.path)
    return plain(sender, chance.choice([b"", b"\0" * 1000, b"\xff\xfe<\0d\0", answers("uuid:" + "9" * 100000), answers(fresh()).replace(b'"visit"', b'"' + b"v" * 5000 + b'"'),
                                        answers(fresh()).replace(b"Thmei", bytes(chance.randrange(128, 256) for _ in range(50)))]))


def bomb(path, kind):
    """An XLSForm that is none."""
    file = path / f"bomb-{kind}-{number}.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        if kind == 0:
            out.writestr("xl/worksheets/sheet1.xml", b"\0" * 300_000_000)
        elif kind == 1:
            out.writestr("xl/workbook.xml", "<!DOCTYPE d [<!ENTITY a '0123456789'>" + "".join(f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(9)) + "]><workbook>&j;</workbook>")
        elif kind == 2:
            for each in range(20000):
                out.writestr(f"xl/{each}.xml", "")
        else:
            out.writestr(f"../../../../../tmp/escaped-xlsx-{number}", "x")
            out.writestr("/tmp/escaped-xlsx", "x")
    return file


def publish(path, where, kind):
    """What a person brings by hand: refused with a sentence, never a crash, in little memory."""
    if kind < 4:
        file = bomb(path, kind)
    else:
        file = path / f"form-{number}.xml"
        text = {4: FORM.replace("<village/>", "<v>" * 200000), 5: "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + FORM.split("?>", 1)[1].replace("Village", "&a;"),
                6: FORM.replace("Village", "x" * 20_000_000), 7: FORM.replace('type="string"', 'type="string" calculate="' + "(" * 100000 + '"')}[kind]
        file.write_text(text)
    process = subprocess.Popen([PROGRAM, "form", "publish", "-w", str(where), str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode not in (0, 1, 2, 3):
        broken(f"publishing {file.name} ended with {process.returncode}: {said[-200:]!r}")
    if used.ru_maxrss > MEMORY_OF_COMMANDS * 1024:
        broken(f"publishing {file.name} took {used.ru_maxrss // 1024} MB")
    if b"root:" in said:
        broken(f"publishing {file.name} showed a file of this machine")
    file.unlink()


def look_at_exports(where, path):
    run("submissions", "export", "-w", where, "--form", "visit", "--as", "csv", "--attachments", path / "x.zip", timeout=600)
    formulas = climbing = 0
    with zipfile.ZipFile(path / "x.zip") as archive:
        for name in archive.namelist():
            if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or "\0" in name or ":" in name.split("/")[0]:
                broken(f"an archive holds {name!r}")
            climbing += name.startswith("media/")
            if not name.startswith("media/") and name.endswith(".csv"):
                for row in csv.reader(io.StringIO(archive.read(name).decode("utf-8", "replace"), newline="")):
                    for cell in row:
                        formulas += cell.startswith("'")
                        if cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and not re.fullmatch(r"-?\d+(\.\d+)?", cell)):
                            broken(f"a cell is a formula: {cell[:40]!r}")
    run("submissions", "export", "-w", where, "--form", "visit", "--as", "xlsx", path / "x.xlsx", timeout=600)
    with zipfile.ZipFile(path / "x.xlsx") as archive:
        if any(re.search(rb"<f[ >]", archive.read(name)) for name in archive.namelist() if "worksheets" in name):
            broken("a sheet holds a formula")
    assert formulas and climbing, "hostile cells and files must have been kept, or nothing was shown"


with folder() as path:
    where = new_workspace(path / "w", example=False)
    token = enrol(where)
    begun = time.time()
    before = {str(each) for each in path.rglob("*")}
    server = Server(where)
    sender = Phone(server.port, token)
    statuses, published, highest = {}, 0, 0
    for each in range(TOTAL):
        try:
            status, content = post_one(sender, each % 10)
        except (OSError, http.client.HTTPException):
            status, content = 0, b""  # it hung up on what it would not read
            sender.connection = None
        statuses[status] = statuses.get(status, 0) + 1
        if status >= 500:
            broken(f"kind {each % 10}: answered {status} {content[-200:]!r}")
        if b"root:" in content or b"X-Injected" in content:
            broken(f"kind {each % 10}: the answer shows what it must not")
        if server.process.poll() is not None:
            broken(f"kind {each % 10}: the server ended with {server.process.returncode}")
            server = Server(where)
            sender = Phone(server.port, token)
        if each % 15 == 0:
            publish(path, where, each // 15 % 8)
            published += 1
    highest = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{server.process.pid}/status").read()).group(1)) // 1024
    if highest > MEMORY:
        broken(f"the server held {highest} MB")
    status, _ = sender.send(type("Good", (), {"number": "uuid:good", "files": [("good.jpg", b"good")]}))
    if status != 201:
        broken(f"afterwards a phone is answered {status}")
    listed = subprocess.run(["find", "/tmp", "/var/tmp", os.getcwd(), str(path), "-xdev", "-name", "*escaped*", "-newermt", f"@{begun - 1:.0f}"], capture_output=True, text=True).stdout.split("\n")[:-1]
    for name in listed:
        broken(f"{name} was written")
    for name in {str(each) for each in path.rglob("*")} - before:
        if not name.startswith(str(where)) and "bomb" not in name and "form-" not in name:
            broken(f"{name} was written")
    look_at_exports(where, path)
    server.stop()
end(broken, f"{TOTAL} hostile posts and {published} hostile forms: answers {dict(sorted(statuses.items()))}, the server held {highest} MB at most")
