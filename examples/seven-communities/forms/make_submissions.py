#!/usr/bin/env python3
"""Fills in the two forms with what the seven communities told (survey.csv and the focus groups of sources.csv beside
this folder), as phones would have sent it: one instance a file. Everything is invented, like all of this example.
Same files, same bytes. Usage: make_submissions.py OUT"""
import csv
import pathlib
import sys
import uuid
from xml.sax.saxutils import escape

here = pathlib.Path(__file__).resolve().parent
out = pathlib.Path(sys.argv[1])
communities = ("svay-rieng", "battambang", "sindhu", "banke", "bihar", "khulna", "chiang-rai")
# What the interviewer ticked: what the first coder found in the same answers.
TICKED = {"Poverty": "poverty", "Lack of knowledge": "lack_of_knowledge", "Materialism and high aspirations": "materialism",
          "Weak policy and law enforcement": "weak_law", "Custom and gender": "custom_and_gender", "Family breakdown": "family_breakdown",
          "Discrimination": "discrimination", "Disaster and climate": "disaster_and_climate"}
TREND = {"More than before": "more", "About the same": "same", "Less than before": "less", "Does not know": "dont_know"}
SINCE = {"The early 2000s": "early_2000s", "Ten years ago": "ten_years", "Before the pandemic": "pandemic"}
FACILITATORS = {"អ្នកសម្របសម្រួល", "सहजकर्ता", "संचालक", "সঞ্চালক", "ผู้ดำเนินรายการ"}


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def choices(form, name):
    return {row["name"] for row in table(here / form / "choices.csv") if row["list_name"] == name}


def element(name, value):
    return f"<{name}>{value if value.startswith('<') else escape(value)}</{name}>" if value else f"<{name}/>"


def group(name, *parts):
    return f"<{name}>{''.join(parts)}</{name}>"


def role_of(form, role):
    word = role.replace(" ", "_")
    return word if word in choices(form, "role") else "other"


def instance(form, name, date, place, community, language, consent, told):
    key = f"uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'understory example ' + form + ' ' + name)}"
    visit = [element("start", f"{date}T09:00:00.000+07:00"), element("end", f"{date}T09:40:00.000+07:00"), element("today", date),
             element("community", community), element("place", place), element("language", language),
             element("interviewer", community[:2].upper() + "-1"), element("private", "yes")]
    xml = (f'<data xmlns:orx="http://openrosa.org/xforms" id="{form}" version="1">' + "".join(visit) + "".join(consent)
           + group("told", *told) + group("orx:meta", element("orx:instanceID", key), element("orx:instanceName", f"{name} {date}")) + "</data>")
    (out / form).mkdir(parents=True, exist_ok=True)
    (out / form / f"{name.lower()}.xml").write_text('<?xml version="1.0" encoding="UTF-8"?>\n' + xml + "\n", encoding="utf-8")


def household(row, community, date, codings):
    first = min((c["coder"] for c in codings), default="")
    codes = [c["code"].split("/") for c in codings if c["coder"] == first]
    causes = list(dict.fromkeys(TICKED[code[1]] for code in codes if code[0] == "Causes" and len(code) > 1))
    trend = next((TREND[code[1]] for code in codes if code[0] == "Trend" and len(code) > 1 and code[1] in TREND), "")
    since = next((SINCE[code[2]] for code in codes if code[0] == "Trend" and len(code) > 2 and code[2] in SINCE), "")
    adult = row["age_band"] not in ("under 15", "15-17")
    consent = [element("is_adult", "yes" if adult else "no")] + ([] if adult else [element("guardian_agrees", "yes")]) + [element("consent", "yes")]
    about = group("about", element("respondent", row["respondent"]), element("age_band", row["age_band"].replace(" ", "_")),
                  element("gender", row["gender"]), element("role", role_of("household", row["role"])))
    instance("household", row["respondent"], date, row["place"], community, row["language"], consent,
             [about, element("why", row["why"]), element("causes", " ".join(causes))]
             + ([element("main_cause", "")] if len(causes) > 1 else []) + [element("trend", trend)]
             + ([element("since", since)] if trend in ("more", "less") else [])
             + [element("what_is_done", row["what_is_done"]), element("more", "no"), element("how_are_you", ""), element("may_keep", "yes")])


def focus_group(row, folder, community, people):
    name = row["source"].removesuffix(" focus group")
    turns = (folder / row["file"]).read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    speakers = dict(part.split("=") for part in row["respondents"].split("; ")) if "=" in row["respondents"] else {}
    told = [element("group", name)]
    if speakers:
        told += [element("size", str(len(speakers))), element("told_apart", "yes")]
        for label, code in speakers.items():
            person = people[code]
            told.append(group("participant", element("p_name", label), element("p_code", code), element("p_age_band", person["age_band"].replace(" ", "_")),
                              element("p_gender", person["gender"]), element("p_role", role_of("focus-group", person["role"])), element("p_place", person["place"])))
        for turn in turns:
            label, said = turn.split(": ", 1)
            who = [element("who_speaks", "facilitator")] if label in FACILITATORS else [element("who_speaks", "participant"), element("speaker", label)]
            told.append(group("turn", *who, element("said", said)))
    else:
        person = people[name]
        told += [element("size", person["size"]), element("told_apart", "no"),
                 group("together", element("age_band", person["age_band"].replace(" ", "_")), element("gender", person["gender"]),
                       *(group("note", element("noted", turn.removeprefix("– "))) for turn in turns))]
    place = people[next(iter(speakers.values()), name)]["place"]
    instance("focus-group", name, row["date"], place, community, row["language"], [element("consent", "yes")], told + [element("may_keep", "yes")])


for name in communities:
    folder, community = here.parent / name, name.replace("-", "_")
    people = {row["respondent"]: row for row in table(folder / "respondents.csv")}
    groups = [row for row in table(folder / "sources.csv") if row["kind"] == "focus_group" and not row["translation_of"]]
    for row in groups:
        focus_group(row, folder, community, people)
    codings = table(folder / "codings.csv")
    for row in table(folder / "survey.csv"):
        answers = [c for c in codings if c["source"].startswith(row["respondent"] + "/")]
        household(row, community, groups[-1]["date"], answers)  # the survey went on beside the last group
