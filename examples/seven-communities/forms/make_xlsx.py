#!/usr/bin/env python3
"""A form's sheets (survey.csv, choices.csv, settings.csv of a folder) as one XLSForm workbook, the way the field passes
forms on. Usage: make_xlsx.py FOLDER OUT.xlsx. Run it with build/pyxform/bin/python, which has openpyxl, or with Debian's
python3-openpyxl."""
import csv
import pathlib
import sys

import openpyxl

folder, out = map(pathlib.Path, sys.argv[1:])
book = openpyxl.Workbook()
book.remove(book.active)
for name in ("survey", "choices", "settings"):
    sheet = book.create_sheet(name)
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            sheet.append([cell or None for cell in row])
    sheet.freeze_panes = "C2"
book.save(out)
