#!/usr/bin/env python3
"""Holds the #includes of src/ against the arrows in src/CMakeLists.txt, and a few libraries against their one room."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
source = root / "src"
cmake = (source / "CMakeLists.txt").read_text()
uses = {}
for name, rest in re.findall(r"^room\((\w+)([^)]*)\)", cmake, re.M):
    words = re.search(r"USES ([\w\s]+?)(?= PARTS|\s+RESOURCES|$)", rest)
    uses[name] = {name, *(words.group(1).split() if words else [])}

# What only these files may see (docs/architecture.md).
kept = {
    "sodium.h": ["vault/"],
    "openssl/": ["vault/", "server/tls.cpp"],
    "boost/asio/ssl": ["server/tls.h"],
    "prometheus/": ["server/metrics.cpp"],
    "systemd/": ["server/serve.cpp"],
    "sqlite3.h": ["storage/"],
    "libpq-fe.h": ["storage/"],
    "boost/beast": ["server/wire.h"],
    "zip.h": ["foundation/archive.cpp"],
    "archive.h": ["foundation/zip_stream.cpp"],
    "archive_entry.h": ["foundation/zip_stream.cpp"],
    "xlsxwriter.h": ["study/exchange/", "collect/", "publish/report_numbers.cpp"],
    "unicode/": ["foundation/"],
    "qrencode.h": ["publish/qr_code.cpp"],
}

wrong = []
for path in sorted(source.rglob("*.[hc]*")):
    if path.suffix not in (".h", ".cpp"):
        continue
    relative = path.relative_to(source).as_posix()
    room = relative.split("/")[0]
    test = relative.endswith(("_test.cpp", "_test.h")) or room == "testing"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        include = re.match(r'\s*#include [<"]([^>"]+)[>"]', line)
        if not include:
            continue
        name = include.group(1)
        target = name.split("/")[0]
        if '"' in line and target in uses and room in uses and target not in uses[room]:
            wrong.append(f"src/{relative}:{number}: {room} may not use {target}")
        if '"' in line and target == "testing" and not test:
            wrong.append(f"src/{relative}:{number}: only tests use the testing room")
        for library, allowed in kept.items():
            if name.startswith(library) and not test and not any(relative.startswith(place) for place in allowed):
                wrong.append(f"src/{relative}:{number}: <{name}> belongs in {', '.join(allowed)}")
    if not test and re.search(r'"\s*(select|insert|update|delete) ', path.read_text(encoding="utf-8")) and not (relative.endswith("_store.cpp") or room == "storage"):
        wrong.append(f"src/{relative}: SQL stands outside a *_store.cpp")

missing = [room for room in ("foundation", "vault", "storage", "statistics", "people", "places", "collect", "study", "findings", "publish", "server", "cli") if room not in uses]
if missing:
    wrong.append(f"src/CMakeLists.txt: no arrows found for {', '.join(missing)}")
if wrong:
    print("\n".join(wrong))
    sys.exit(1)
print(f"{len(uses)} rooms, every arrow as drawn")
