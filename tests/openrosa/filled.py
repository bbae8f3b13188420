"""An XForm as a phone reads it: filled in, and what must come out again by the output contract of
../../docs/decisions/016 and ODK's documentation. Written from those alone: it knows nothing of the program's own code.
"""
import re
import xml.etree.ElementTree as tree

TEXTS = ["ភូមិ <&\"'> ក្រ", "=SUM(A1:A9)", "+855 12 345 678", "-1+1", "@ចាស់ទុំ", 'said "no", and, then;\na second line',
         "  spaces around  ", "\tbegins with a tab", "\rbegins with a return", "U+200B\u200bwithin \U0001F333", "&amp; ]]> é",
         "नेपाल বাংলা ไทย Việt", "-12.50", "007", "1e5", "true"]
RIGHT = {"int": ["3", "-12", "0"], "decimal": ["2.50", "-0.125", "100"], "boolean": ["true", "false"], "date": ["2024-02-29"],
         "time": ["06:07:08.000+07:00"], "dateTime": ["2024-02-29T06:07:08.000+07:00", "2024-03-01T23:59:59.999Z"],
         "geopoint": ["11.5 104.9 1.5 4.25", "-33.25 -70.5", "0 0 0 0"],
         "geotrace": ["11.5 104.9 0 0; 11.6 104.9 0 0", "1 2 3 4;5 6 7 8;9 10 11 12"],
         "geoshape": ["1 1 0 0;1 2 0 0;2 2 0 0;1 1 0 0", "1 1;1 2;2 2;1 1;"]}
WRONG = {"int": ["many", "3.5"], "decimal": ["2,5"], "boolean": ["perhaps"], "date": ["yesterday", "2024-02-30"], "time": ["noon"],
         "dateTime": ["soon"], "geopoint": ["by the river", "=91 0 0 0"], "geotrace": ["there", "1 2 0 0"], "geoshape": ["1 1;2 2"]}
BOUND = {"integer": "int", "long": "int", "short": "int", "double": "decimal", "float": "decimal", "datetime": "dateTime"}
CONTROLS = ("input", "secret", "select1", "select", "rank", "upload", "trigger", "range")
RETURN = "\ue000"  # stands for &#13; until the XML is text


def local(element):
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element):
    return [child for child in element if isinstance(child.tag, str)]


def first(element, name):
    return next((child for child in children(element) if local(child) == name), None)


def text_of(element):
    return (element.text or "") + "".join(child.tail or "" for child in element)


def attribute(element, name):
    return next((value.strip() for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def is_template(element):
    return any(key.endswith("}template") for key in element.attrib)


def path_from(reference, context):
    """"/data/orx:meta/x", "../y", "z" as a path of names without prefixes."""
    steps = [] if reference.startswith("/") else context.strip("/").split("/")
    for step in re.sub(r"\[[^\]]*\]", "", reference).split("/"):
        if step == "..":
            steps.pop()
        elif step and step not in (".", "current()"):
            steps.append(step.rpartition(":")[2])
    return "/" + "/".join(steps)


class Node:
    """One element of the instance by its name, however often it stands there."""

    def __init__(self, element, path):
        self.name, self.path, self.model = local(element), path, element
        self.children, self.copies, self.repeats, self.is_group = [], [], False, False
        self.kind, self.choices, self.offered = "text", [], []  # offered: choices that stand in the control itself

    def is_answer(self):
        return not self.children and not self.repeats and not self.is_group


class XForm:
    def __init__(self, xml):
        # One of ODK Central's own test forms holds a bare “&”: phones' parsers let it through.
        page = tree.fromstring(re.sub(rb"&(?!#?\w+;)", b"&amp;", xml))
        model = next(each for each in page.iter() if local(each) == "model")
        instances = [each for each in children(model) if local(each) == "instance"]
        self.lists = {attribute(each, "id"): each for each in instances[1:]}
        root = children(instances[0])[0]
        self.form_id, self.version = attribute(root, "id") or root.tag.partition("}")[0].strip("{"), attribute(root, "version")
        self.nodes, self.bind_ids = {}, {}
        self.root = self.read_node(root, "/" + local(root))
        self.root.copies = [root]
        for bind in model.iter():
            if local(bind) == "bind":
                self.read_bind(bind)
        for body in [each for each in children(page) if local(each) == "body"]:
            self.read_body(body, self.root.path)
        for node in self.nodes.values():
            node.is_group = bool(node.children) or node.is_group

    def read_node(self, element, path):
        node = self.nodes.setdefault(path, Node(element, path))
        entity = local(element) == "entity" and attribute(element, "dataset")
        node.is_group = path.count("/") == 1 or bool(entity) or node.name == "meta"
        node.repeats = is_template(element)
        by_name = {}
        for child in children(element):
            by_name.setdefault(local(child), []).append(child)
        for name, all_of_name in by_name.items():
            model = next((each for each in all_of_name if is_template(each)), all_of_name[0])
            below = self.read_node(model, path + "/" + name)
            below.copies = [each for each in all_of_name if not is_template(each)]
            node.children.append(below)
        return node

    def read_bind(self, bind):
        path = path_from(attribute(bind, "nodeset") or attribute(bind, "ref"), self.root.path)
        if attribute(bind, "id"):
            self.bind_ids[attribute(bind, "id")] = path
        kind = attribute(bind, "type").rpartition(":")[2]
        if path in self.nodes and kind:
            self.nodes[path].kind = BOUND.get(kind.lower(), kind)

    def read_body(self, element, context):
        for control in children(element):
            name = local(control)
            if name not in CONTROLS + ("group", "repeat"):
                continue
            reference = attribute(control, "nodeset" if name == "repeat" else "ref") or attribute(control, "nodeset")
            path = path_from(reference, context) if reference else self.bind_ids.get(attribute(control, "bind"), "")
            node = self.nodes.get(path)
            if name in ("group", "repeat"):
                if node:
                    node.repeats = node.repeats or name == "repeat"
                    node.is_group = node.is_group or name == "group"
                self.read_body(control, path or context)
            elif node and not node.children:
                self.read_control(control, name, node)

    def read_control(self, control, name, node):
        node.choices = node.choices or self.choices_of(control)
        if name in ("select", "rank"):
            node.kind = name
        elif name == "upload":
            node.kind = "binary"
        elif name == "select1" and node.kind in ("text", "string"):
            node.kind = "select1"
        if name == "select":
            node.offered = self.choices_of(control, sets=False)

    def choices_of(self, control, sets=True):
        values = []
        for child in control.iter():
            if local(child) == "item":
                values.append(text_of(first(child, "value")).strip())
            elif local(child) == "itemset" and sets:
                value = first(child, "value")
                of = re.match(r"\s*(?:randomize\()?instance\('([^']+)'\)", attribute(child, "nodeset"))
                if of and of.group(1) in self.lists and value is not None:
                    wanted = attribute(value, "ref").rpartition(":")[2]
                    for item in self.lists[of.group(1)].iter():
                        values += [text_of(each).strip() for each in children(item) if local(each) == wanted][:1]
        return [value for value in dict.fromkeys(values) if value]

    def tables(self):
        """Each with the answers of its rows: the form, then its repeats in the order of the form."""
        found = []

        def walk(node, table):
            for child in node.children:
                if child.repeats:
                    found.append((child, []))
                    walk(child, found[-1][1])
                elif child.is_answer():
                    table.append(child)
                else:
                    walk(child, table)

        found.append((self.root, []))
        walk(self.root, found[0][1])
        return found


class Row:
    def __init__(self, key, parent):
        self.key, self.parent, self.texts, self.below = key, parent, {}, {}  # below: path of a repeat → rows


class Filled:
    """One submission: `xml` as it is sent, `rows` as they must come out, `files` it names."""

    def __init__(self, form, number, how):
        self.form, self.number, self.how = form, number, how  # how: "blank", "filled", "wrong"
        self.counts, self.files, self.rows = {}, [], {node.path: [] for node, _ in form.tables()}
        row = self.add_row(form.root, None)
        root = self.element(form.root, form.root.copies[0], row)
        if how == "wrong":
            root.append(tree.Element("what_the_form_does_not_know"))
        self.xml = tree.tostring(root, encoding="unicode").replace(RETURN, "&#13;").encode()

    def add_row(self, node, above, base=""):
        if above is None:
            row = Row(self.number, "")
        else:
            siblings = above.below.setdefault(node.path, [])
            path = node.path[len(base) + 1:]
            row = Row(f"{above.key}/{path}[{len(siblings) + 1}]", above.key)
            siblings.append(row)
        self.rows[node.path].append(row)
        return row

    def element(self, node, model, row, base=None):
        base = base or node.path
        tag = model.tag.replace("{http://www.w3.org/2002/xforms}", "")
        made = tree.Element(tag, {key: value for key, value in model.attrib.items() if not key.endswith("}template")})
        if node.is_answer():
            self.answer(node, model, row, made)
            return made
        if self.how == "wrong" and node.is_group:
            made.text = " text where none belongs "
        for child in node.children:
            # What stands twice and is no repeat counts once; the first.
            copies = child.copies if self.how == "blank" else [child.model] * (2 if child.repeats else 1)
            for at, copy in enumerate(copies):
                if child.repeats:
                    made.append(self.element(child, copy, self.add_row(child, row, base), child.path))
                else:
                    made.append(self.element(child, copy, row if at == 0 else Row("", ""), base))
        return made

    def answer(self, node, model, row, made):
        text = text_of(model)
        if node.name == "instanceID" and "/meta/" in node.path:
            text = self.number
        elif self.how != "blank" and "/meta/" not in node.path:
            text = self.value(node)
        made.text = text.replace("\r", RETURN)
        if node.kind == "binary" and text.strip() and text.strip() not in self.files:
            self.files.append(text.strip())
        row.texts[node.path] = text

    def value(self, node):
        def turn(values, of):
            self.counts[of] = self.counts.get(of, sum(self.form.form_id.encode())) + 1  # each form begins elsewhere
            return values[self.counts[of] % len(values)]

        if self.how == "wrong" and node.kind in WRONG:
            return turn(WRONG[node.kind], node.kind)
        if node.kind == "binary":
            return f"រូប {len(self.files) + 1}.jpg"
        if node.kind in ("select", "rank"):
            chosen = (node.choices or ["one", "two"])[: None if node.kind == "rank" else 3]
            return " ".join(chosen + (["other_ផ្សេង"] if node.kind == "select" else []))
        if node.kind in RIGHT:
            return turn(RIGHT[node.kind], node.kind)
        return turn(node.choices, node.path) if node.choices else turn(TEXTS, "text")


# What each way out makes of a text.

def is_number(text):
    return re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text) is not None


def safe(text):
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") and text and not is_number(text) else text


def place(text):
    """[latitude, longitude, …] as told, or None."""
    parts = text.split()
    if not 2 <= len(parts) <= 4 or not all(is_number(part) for part in parts):
        return None
    return parts if abs(float(parts[0])) <= 90 and abs(float(parts[1])) <= 180 else None


def number_of(text):
    return float(text) if is_number(text.strip()) else None


def coordinates(parts):
    numbers = [float(part) for part in parts]
    return [numbers[1], numbers[0], *numbers[2:3]]


def json_of(kind, text):
    """As OData writes it."""
    if text is None or text == "":
        return None
    word = text.strip()
    if kind == "int":
        return int(float(word)) if is_number(word) and float(word) == int(float(word)) else None
    if kind == "decimal":
        return number_of(word)
    if kind == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(word)
    if kind == "date":
        return word if re.fullmatch(r"\d{4}-(02-29|(0[13-9]|1[0-2])-\d\d|02-[01]\d|02-2[0-8])", word) else None
    if kind == "dateTime":
        return word if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+)", word) else word + "Z" if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+", word) else None
    if kind == "geopoint":
        parts = place(text)
        if not parts:
            return None
        point = {"type": "Point", "coordinates": coordinates(parts)}
        return {**point, "properties": {"accuracy": float(parts[3])}} if len(parts) == 4 else point
    if kind in ("geotrace", "geoshape"):
        points = [place(part) for part in text.split(";") if part.strip()]
        if None in points or len(points) < (2 if kind == "geotrace" else 3):
            return None
        line = [coordinates(point) for point in points]
        if kind == "geotrace":
            return {"type": "LineString", "coordinates": line}
        return {"type": "Polygon", "coordinates": [line if line[0] == line[-1] else line + line[:1]]}
    return text


def csv_of(kind, text):
    """The fields of a line: four of a place, else one."""
    text = text or ""
    if kind != "geopoint":
        return [safe(text)]
    parts = place(text) or [text]
    return [safe(part) for part in parts] + [""] * (4 - len(parts))
