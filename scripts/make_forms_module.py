#!/usr/bin/env python3
"""Makes forms.js and forms.css, what runs on the page of a form in the browser, out of web/.

Usage: make_forms_module.py WEB WORK OUT. The packages come from npm at the versions and with the checksums of
package-lock.json, into WORK; they are fetched again only after that file changed, and from npm's own cache where they
are in it, so that a second build needs no network.
"""
import hashlib
import pathlib
import shutil
import subprocess
import sys


def fetch(web: pathlib.Path, work: pathlib.Path) -> None:
    lock = (web / "package-lock.json").read_bytes()
    mark, wanted = work / "fetched", hashlib.sha256(lock).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    if shutil.which("npm") is None:
        sys.exit("npm is needed to fetch what forms in the browser are made of (Debian: apt-get install npm)")
    mark.unlink(missing_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(web / name, work / name)
    # No package's own scripts run. A slow line is waited for, a broken one tried again.
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--silent",
         "--fetch-retries=5", "--fetch-timeout=600000"],
        cwd=work, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"npm could not fetch what forms in the browser are made of: {(done.stderr or done.stdout).strip() or 'no answer'}")
    mark.write_text(wanted)


def main() -> None:
    web, work, out = (pathlib.Path(each).resolve() for each in sys.argv[1:4])
    fetch(web, work)
    out.mkdir(parents=True, exist_ok=True)
    # Sources are built beside the packages, so that they are found without a folder of packages in the project.
    shutil.rmtree(work / "forms", ignore_errors=True)
    shutil.copytree(web / "forms", work / "forms")
    shutil.copyfile(web / "tsconfig.json", work / "tsconfig.json")
    for entry, name in (("forms/page.ts", "forms.js"), ("forms/forms.css", "forms.css")):
        subprocess.run(
            ["node", "node_modules/esbuild/bin/esbuild", entry, "--bundle", "--format=esm", "--minify", "--target=es2022",
             "--legal-comments=none", f"--outfile={out / name}", "--log-level=warning"],
            cwd=work, check=True)


if __name__ == "__main__":
    main()
