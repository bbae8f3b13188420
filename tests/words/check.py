#!/usr/bin/env python3
"""Every sentence the code can ask for stands in every catalogue, with the same things to put in, and none stands there unused.

Keys stand in the code whole ("page.problem"), or are put together from a beginning and a fixed word ("gender." + …); the
fixed words are read from the arrays they come from.
"""
import json
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]


def flat(words, above=""):
    for key, value in words.items():
        if isinstance(value, dict):
            yield from flat(value, above + key + ".")
        else:
            yield above + key, value


def arguments(pattern):
    """Names to put in. In an ICU message every other level of braces is text again."""
    depth, names = 0, set()
    for at, letter in enumerate(pattern):
        depth += (letter == "{") - (letter == "}")
        if letter == "{" and depth % 2:
            names.add(re.match(r"\w+", pattern[at + 1 :]).group())
    return names


def array(file, name):
    text = (root / "src" / file).read_text(encoding="utf-8")
    return re.findall(r'"([^"]+)"', re.search(rf"\b{name}(?:\[\])?\s*(?:= )?\{{(.*?)\}};", text, re.S).group(1))


catalogues = {path.stem: dict(flat(json.loads(path.read_text(encoding="utf-8")))) for path in sorted((root / "languages").glob("*.json"))}
english = catalogues.pop("en")
problems = re.findall(r'ProblemKind k\w+\{\s*"(\w+)"', "".join(path.read_text(encoding="utf-8") for path in sorted((root / "src").glob("*/*.h")) if path.stem in ("problems", "reasons")))
composed = {
    "role.": array("people/role.h", "kRoles"),
    "right.": array("people/role.h", "kRights"),
    "facet.": array("findings/question.h", "kFacets"),
    "gender.": array("study/vocabulary.h", "kGenders"),
    "age_band.": array("study/vocabulary.h", "kAgeBands"),
    "language.": array("study/vocabulary.h", "kLanguages"),
    "source_kind.": array("study/vocabulary.h", "kSourceKinds"),
    "kind.": array("study/vocabulary.h", "kCodeKinds"),
    "findings.trend.": array("findings/trend.cpp", "kDirections"),
    "findings.whom.": array("findings/risks.cpp", "kWhom"),
    "accounts.state_": ["invited", "active", "deactivated"],
    "glass.state_": ["asked", "open", "ended"],
    "backups.state_": ["whole", "changed", "missing"],
    "audit.": ["done", "denied"],
    "level.": ["top", "all"],
    "unit.": array("findings/question.h", "kUnits"),
    "engine.": array("server/routes/engine.cpp", "kEngineWords"),
    **{prefix: array("findings/question.h", "kAsks") for prefix in ("findings.title.", "findings.short.", "findings.about.", "figure.bars.")},
}



def phrases():
    """What problems say within their sentences, as it stands in the code: names of things, hints, reasons; and the names of
    places in a message where they are words (“The question”), not options or fields.

    What only whoever keeps the machine reads, in a terminal or the log, is English; and so are errors in the language of
    questions and in JSON, which are about English words, and phrases put together with a value."""
    elsewhere = ("cli/", "people/audit", "storage/", "server/listening", "server/serve", "server/tls", "vault/data_key", "vault/vault", "vault/signing")
    literals = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    for path in sorted((root / "src").rglob("*.[hc]*")):
        if path.name.endswith("_test.cpp") or str(path.relative_to(root / "src")).startswith(elsewhere):
            continue
        text = path.read_text(encoding="utf-8")
        # Helpers that make a problem of their words; the first thing most are told is the field.
        if path.parts[len(root.parts) + 1] in ("people", "study"):
            for helper, given in re.findall(r"\b(weak|bad|invalid|refuse|check_word)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)", text):
                for at, argument in enumerate(re.split(r",(?=(?:[^\"]|\"(?:[^\"\\]|\\.)*\")*$)", given)):
                    if re.fullmatch(rf"\s*{literals}\s*", argument) and (at > 0 or helper in ("weak", "bad")):
                        phrase = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', argument))
                        if phrase != "…":
                            yield phrase
        # A value, or one of two: {"what", "form"}, {"what", list.empty() ? "form" : "list of forms"}
        for name, value in re.findall(r'\{"(what|where|reason|hint)",\s*((?:[^{}])*?)\}', text):
            for said in re.findall(rf'(?:^|[?:])\s*(?:std::string\()?{literals}\)?\s*(?=$|:)', value.strip()):
                phrase = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', said))
                if phrase and not phrase.startswith(("$", "--")) and "“" not in phrase[:1] and (name != "where" or phrase[0].isupper()):
                    yield phrase


wrong = []
# English sentences of problems stand with the problems, phrases within them where they are said.
known = english.keys() | {f"problem.{code}" for code in problems} | {f"phrase.{phrase}" for phrase in phrases()}
for code, words in catalogues.items():
    wrong += [f"{key} is missing in {code}" for key in sorted(known - words.keys())]
    wrong += [f"{key} stands in {code} alone" for key in sorted(words.keys() - known)]
    wrong += [f"{key} is filled with other things in {code} than in English"
              for key in sorted(english.keys() & words.keys()) if arguments(english[key]) != arguments(words[key])]

groups = {key.split(".")[0] for key in english if "." in key}
said, beginnings = {"_name", "_checked"}, set()
for path in sorted((root / "src").rglob("*.[hc]*")):
    if path.suffix not in (".h", ".cpp") or path.name.endswith("_test.cpp"):
        continue
    code = re.sub(r"^\s*(//|#include).*", "", path.read_text(encoding="utf-8"), flags=re.M)
    for literal in re.findall(r'"#?([a-z_]+\.[a-z0-9_.]*)"', code):
        if literal.split(".")[0] not in groups or (root / "src/server/pages" / literal).exists():
            continue
        if literal in english:
            said.add(literal)
        elif literal.endswith((".", "_")) and any(key.startswith(literal) for key in english):
            beginnings.add(literal)
        elif literal not in ("audit.key", "report.mustache", "report.docx", "report.csv", "report.xlsx", "submissions.xlsx", "forms.js", "forms.css", "desk.js", "desk.css", "desk.pack", "desk.mustache"):  # files
            wrong.append(f"{path.relative_to(root)} says {literal}, which no catalogue has")
# The desk says its own.
for path in sorted((root / "web/desk/src").iterdir()):
    for key in re.findall(r"['`](desk\.[a-z0-9_]+)['`]", path.read_text(encoding="utf-8")):
        if key not in english:
            wrong.append(f"{path.relative_to(root)} says {key}, which no catalogue has")
        said.add(key)
wrong += [f"{prefix}{word} is missing" for prefix, words in composed.items() for word in words if prefix + word not in english]
wrong += [f"nothing begins with {prefix} any more" for prefix in composed if prefix not in beginnings]
beginnings.discard("desk.")  # what the desk says is known word for word
wrong += [f"nobody says {key}" for key in sorted(english) if key not in said and not key.startswith(tuple(beginnings))]
# It is offered in every language, so that each must have all of it.
for file in sorted((root / "languages").glob("*.json")):
    held = dict(flat(json.loads(file.read_text(encoding="utf-8"))))
    for key in sorted(english):
        if key.split(".")[0] in ("desk", "kind", "source_kind", "language"):
            if key not in held:
                wrong.append(f"{file.name} lacks {key}")
            elif arguments(english[key]) != arguments(held[key]):
                wrong.append(f"{key} is filled with other things in {file.name} than in English")
if wrong:
    print("\n".join(wrong))
    sys.exit(1)
print(f"{len(english)} sentences in {len(catalogues) + 1} languages; {len(said)} said by name, the rest by {len(beginnings)} beginnings")
