"""One file out of an npm package, fetched while building and not kept."""
import pathlib
import shutil
import subprocess
import sys


def read(package: str, member: str, folder: pathlib.Path) -> str:
    """The text of `member` ("package/…") of `package` ("name@version"); `folder` is where it may work."""
    if shutil.which("npm") is None:
        sys.exit(f"npm is needed once to fetch {package} (Debian: apt-get install npm)")
    work = folder / "fetch"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    done = subprocess.run(["npm", "pack", package, "--silent"], cwd=work, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"npm could not fetch {package}: {done.stderr.strip() or 'no answer'}")
    archive = next(work.glob("*.tgz"))
    subprocess.run(["tar", "-xzf", archive.name, member], cwd=work, check=True)
    content = (work / member).read_text(encoding="utf-8")
    shutil.rmtree(work)
    return content
