"""How the program is called, and what it is called with."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1)
POSTGRES = os.environ.get("UNDERSTORY_TEST_POSTGRES")
DEMO = ROOT.parent / "shared/data/refi-qda/qc-1.3.2-demo.qdpx"
EXAMPLE = ROOT / "examples/seven-communities"


def run(*arguments, code=0, **options):
    """What it printed; it must end with that code (None: with any)."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=300, **options)
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if code is not None and done.returncode != code:
        raise AssertionError(f"{arguments} ended with {done.returncode}, not {code}:\n{out}\n{err}")
    return out + err if code is None else out if code == 0 or out else err
