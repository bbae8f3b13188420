"""Phones for the drills: a form with a village, remarks and two files, an enrolled device, and what it sends."""
import hashlib
import http.client
import random
import re
import urllib.parse
import uuid
import zipfile

from drill import run

FORM = """<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>Visit</h:title><model><instance><data id="visit" version="1"><village/><remarks/><photo/><sound/>
<orx:meta><orx:instanceID/></orx:meta></data></instance>
<bind nodeset="/data/village" type="string"/><bind nodeset="/data/remarks" type="string"/>
<bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/sound" type="binary"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string"/></model></h:head>
<h:body><input ref="/data/village"><label>Village</label></input><input ref="/data/remarks"><label>Remarks</label></input>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload>
<upload ref="/data/sound" mediatype="audio/*"><label>Sound</label></upload></h:body></h:html>"""


def enrol(where):
    """The form published, one device for it: the path its requests begin with."""
    form = where.parent / "visit.xml"
    form.write_text(FORM)
    run("form", "publish", "-w", where, form)
    return urllib.parse.urlparse(run("device", "new", "-w", where, "--name", "drill").splitlines()[0]).path


def answers(number, files=(), village="Thmei", remarks="", before=""):
    photo, sound = (list(files) + ["", ""])[:2]
    return (f'{before}<data id="visit" version="1"><village>{village}</village><remarks>{remarks}</remarks><photo>{photo}</photo>'
            f"<sound>{sound}</sound><meta><instanceID>{number}</instanceID></meta></data>").encode()


def multipart(xml, files=(), media_type="image/jpeg"):
    """Headers and body; files are (name, content), names as they are or in bytes."""
    boundary = uuid.uuid4().hex
    body = b""
    for part, name, kind, content in [("xml_submission_file", "s.xml", "text/xml", xml)] + [("file", n, media_type, c) for n, c in files]:
        name = name if isinstance(name, bytes) else name.encode()
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="'.encode() + name
        body += f'"\r\nContent-Type: {kind}\r\n\r\n'.encode() + content + b"\r\n"
    return {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-OpenRosa-Version": "1.0"}, body + f"--{boundary}--\r\n".encode()


class Phone:
    """Keeps its connection; what has no answer raises."""

    def __init__(self, port, path):
        self.port, self.path, self.connection = port, path, None

    def post(self, headers, body):
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self.connection.request("POST", self.path + "/submission", body, headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        return response.status, content

    def send(self, sent):
        return self.post(*multipart(answers(sent.number, [name for name, _ in sent.files]), sent.files))


class Sent:
    """One submission with up to two files, made of its name alone: it can be sent again, the same."""

    def __init__(self, label, largest):
        made = random.Random(label)
        self.number = "uuid:" + label
        self.files = [(f"{label}-{each}.jpg", made.randbytes(made.choice((200, largest // 4, largest)))) for each in range(made.randrange(3))]


def exported(where, out, *key):
    """What is kept, as an export has it: how often each instance, and the hash of each file by its name."""
    out.unlink(missing_ok=True)
    run("submissions", "export", "-w", where, "--form", "visit", "--as", "csv", "--attachments", *key, out, timeout=600)
    instances, files = {}, {}
    with zipfile.ZipFile(out) as archive:
        for name in archive.namelist():
            if name.startswith("media/"):
                content = hashlib.sha256(archive.read(name)).hexdigest()
                files.setdefault(name.rsplit("/", 1)[1], []).append(content)
            elif name.endswith(".csv"):
                for number in re.findall(r"(?m)\buuid:[\w-]+(?=,|\r?$)", archive.read(name).decode()):
                    instances[number] = instances.get(number, 0) + 1
    out.unlink()
    return instances, files


def digest(content):
    return hashlib.sha256(content).hexdigest()
