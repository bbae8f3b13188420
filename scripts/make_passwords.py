#!/usr/bin/env python3
"""Makes build/made/people/passwords.txt: passwords every guesser tries first, one a line, sorted by bytes.

Usage: make_passwords.py OUT. They come from npm's zxcvbn-ts language package (MIT): the most frequent of published
breaches. Those shorter than the shortest password allowed here are left out; nobody can choose them anyway.
"""
import pathlib
import re
import sys

import npm_package

PACKAGE = "@zxcvbn-ts/language-common@3.0.4"
SHORTEST = 8  # characters; password.h allows 10 and more, and compares also without digits at the end


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    script = npm_package.read(PACKAGE, "package/dist/passwords.json.js", out.parent)
    quoted = re.search(r'passwords = "((?:[^"\\]|\\.)*)"', script)
    if not quoted:
        sys.exit(f"{PACKAGE} holds no list of passwords in the form this script knows")
    words = {word.lower() for word in quoted.group(1).split(",") if len(word) >= SHORTEST and word.isascii()}
    if len(words) < 5000:
        sys.exit(f"{PACKAGE} holds only {len(words)} passwords")
    partial = out.with_suffix(".part")
    partial.write_text("\n".join(sorted(words)) + "\n", encoding="ascii")
    partial.rename(out)


if __name__ == "__main__":
    main()
