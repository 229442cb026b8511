"""Names that would be markup, formulas or commands of a terminal are text in every report, each read by a real parser."""

import csv
import html
import html.parser
import io
import json
import re
import shutil
import sys
import unicodedata
from xml.etree import ElementTree

import numpy as np
import pytest
import reference
from command import BINARY, DIFFERENCE, OK

sys.path.append(str(reference.FIXTURES / "malformed"))
import markup  # noqa: E402
from markup import NAMES  # noqa: E402

#: A file whose name is no better than those within.
FILE = "=<b>&|`x`,\"'_*.onnx"
PHOTO = "=<i>.jpg"
#: Names of the same number, and plain.
PLAIN = tuple(f"name{number}" for number in range(len(NAMES)))
#: Characters that are not shown as they are: controls, formats, separators and what is no character.
HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Cn", "Co"}


def shown(name):
    """A name as reports for people show it: whole, but with nothing in it that is not seen."""
    result = ""
    for character in name:
        escaped = f"\\u{{{ord(character):x}}}" if unicodedata.category(character) in HIDDEN else character
        result += "\\\\" if character == "\\" else escaped
    return result


def printable(text):
    return all(character.isprintable() or character == "\n" for character in text)


@pytest.fixture
def models(tmp_path):
    """Hostile models, and one beside them that differs in a weight."""
    (tmp_path / FILE).write_bytes(markup.chain())
    (tmp_path / "other.onnx").write_bytes(markup.chain(factor=1.5))
    (tmp_path / "plain.onnx").write_bytes(markup.chain(PLAIN))
    (tmp_path / "plain.other.onnx").write_bytes(markup.chain(PLAIN, 1.5))
    (tmp_path / "outputs.onnx").write_bytes(markup.outputs())
    (tmp_path / "classes.onnx").write_bytes(markup.classifier())
    (tmp_path / "keys.pth").write_bytes(markup.checkpoint())
    np.save(tmp_path / "x.npy", np.float32([[1, -2, 3, -4]]))
    return tmp_path


@pytest.fixture
def run(models, runner):
    def start(*arguments, status=OK):
        ending = runner.run([BINARY, *arguments], models)
        assert ending.status == status, ending
        return ending.stdout

    return start


def layers(report):
    """The names of the convolutions."""
    return [each["name"] for each in report["layers"]][::2]


def tensors(report):
    return [each["name"] for each in report["tensors"]]


#: What each command that prints a report is given, how it ends, and what gives the names in its JSON.
REPORTS = {
    "layers": (("inspect", FILE, "--per-layer"), OK, layers),
    "tensors": (("inspect", "keys.pth", "--per-tensor"), OK, tensors),
    "diff": (("diff", FILE, "other.onnx", "--layers"), DIFFERENCE, layers),
    "classes": (("predict", "classes.onnx", PHOTO, "--labels", "labels.json", "--top", str(len(NAMES))), OK, None),
}
EXPECTED = {"tensors": [f"{name}.weight" for name in NAMES]}


def report(run, models, kind, form):
    arguments, status, _ = REPORTS[kind]
    if kind == "classes":
        shutil.copy(reference.FIXTURES / "images/444.jpg", models / PHOTO)
        (models / "labels.json").write_text(json.dumps(NAMES))
    return run(*arguments, "--format", form, status=status)


@pytest.mark.parametrize("kind", REPORTS)
def test_json_has_the_names_themselves(run, models, kind):
    found = json.loads(report(run, models, kind, "json"))
    if kind == "classes":
        (image,) = found["images"]
        assert image["image"] == PHOTO
        assert {each["index"]: each["label"] for each in image["classes"]} == dict(enumerate(NAMES))
    else:
        assert REPORTS[kind][2](found) == EXPECTED.get(kind, list(NAMES))
        assert kind != "layers" or found["path"] == FILE


@pytest.mark.parametrize("kind", REPORTS)
def test_csv_has_the_names_as_data(run, models, kind):
    text = report(run, models, kind, "csv")
    assert printable(text)
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert {len(row) for row in rows} == {len(header)}
    if kind == "classes":
        labels = {int(row[header.index("index")]): row[header.index("label")] for row in rows}
        assert labels == {number: shown(name) for number, name in enumerate(NAMES)}
        assert {row[0] for row in rows} == {PHOTO}
        return
    column = next(header.index(name) for name in ("name", "layer", "tensor") if name in header)
    cells = [row[column] for row in rows]
    assert [cell for cell in cells if cell in set(map(shown, EXPECTED.get(kind, NAMES)))] == [
        shown(name) for name in EXPECTED.get(kind, NAMES)
    ]


def markdown_cells(line):
    """The cells of a row of a table, as CommonMark shows them."""
    cells = re.split(r"(?<!\\)(?:\\\\)*\|", line.strip().strip("|"))
    text = [html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell.strip())) for cell in cells]
    # In a name nothing is active: neither markup of Markdown that no backslash stands before, nor a tag.
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", cells[0])
    assert not re.search(r"`|\*\w|\w\*|\]\(|<[a-z/!]|!\[", bare), cells[0]
    return text


@pytest.mark.parametrize("kind", ["layers", "tensors", "diff"])
def test_markdown_shows_the_names(run, models, kind):
    text = report(run, models, kind, "markdown")
    assert printable(text)
    rows = [markdown_cells(line) for line in text.splitlines() if line.startswith("|")]
    names = EXPECTED.get(kind, list(NAMES))
    assert [row[0] for row in rows if row[0] in set(map(shown, names))] == list(map(shown, names))
    # No name adds a cell to its row.
    lines = [line for line in text.splitlines() if line.startswith("|")]
    widths = [line.replace("\\\\", "").replace("\\|", "").count("|") for line in lines]
    assert widths == [len(row) + 1 for row in rows]


@pytest.mark.parametrize("kind", REPORTS)
def test_terminals_get_text(run, models, kind):
    text = report(run, models, kind, "text" if kind == "classes" else "table")
    assert printable(text)
    assert shown("\x1b[31mred\x1b[0m") in text


class Page(html.parser.HTMLParser):
    """The tags of a page, with their attributes' names, and its text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.attributes = [], [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attributes}
        self.texts += [value for _, value in attributes if value]

    def handle_data(self, data):
        self.texts.append(data)


def plain_of(arguments):
    """The same command on models with plain names."""
    return [{FILE: "plain.onnx", "other.onnx": "plain.other.onnx"}.get(each, each) for each in arguments]


@pytest.mark.parametrize(
    "arguments",
    [("inspect", FILE), ("inspect", FILE, "other.onnx"), ("diff", FILE, "other.onnx", "--layers")],
    ids=["inspect", "inspect-two", "diff"],
)
def test_pages_hold_the_names_as_text(run, models, arguments):
    status = DIFFERENCE if arguments[0] == "diff" else OK
    run(*arguments, "--html", "page.html", status=status)
    run(*plain_of(arguments), "--html", "plain.html", status=status)
    page, plain = (Page((models / name).read_text()) for name in ("page.html", "plain.html"))
    # Nothing is a tag or an attribute that is none with plain names; of scripts there are as many.
    assert set(page.tags) == set(plain.tags) and page.attributes == plain.attributes
    assert page.tags.count("script") == plain.tags.count("script")
    assert not any(name.startswith("on") for name in page.attributes)
    text = "\n".join(page.texts)
    assert "\x1b" not in text and "\u202e" not in text
    assert FILE in text
    if arguments[0] == "diff":
        for name in NAMES:
            assert shown(name) in text, name


def test_pages_of_answers_hold_the_labels_as_text(run, models):
    report(run, models, "classes", "json")
    run(*REPORTS["classes"][0], "--html", "page.html")
    page = Page((models / "page.html").read_text())
    assert "script" not in page.tags and not any(name.startswith("on") for name in page.attributes)
    text = "\n".join(page.texts)
    assert PHOTO in text and all(shown(name) in text for name in NAMES)


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    "arguments",
    [("inspect", FILE, "other.onnx"), ("diff", FILE, "other.onnx", "--layers")], ids=["inspect", "diff"],
)  # fmt: skip
def test_charts_hold_the_names_as_text(run, models, arguments):
    status = DIFFERENCE if arguments[0] == "diff" else OK
    run(*arguments, "--chart", "chart.svg", status=status)
    run(*plain_of(arguments), "--chart", "plain.svg", status=status)
    chart, plain = (list(ElementTree.parse(models / name).iter()) for name in ("chart.svg", "plain.svg"))
    tags = {each.tag for each in chart}
    assert tags == {each.tag for each in plain} and f"{SVG}script" not in tags
    attributes = {name for each in chart for name in each.attrib}
    assert attributes == {name for each in plain for name in each.attrib}
    assert not any(name.startswith("on") or "href" in name for name in attributes)
    text = "\n".join(filter(None, (each.text for each in chart)))
    assert FILE[:6] in text and "\x1b" not in text


def test_junit_holds_the_names(run, models):
    (models / "other.outputs.onnx").write_bytes(markup.outputs())
    run("diff", "outputs.onnx", "other.outputs.onnx", "--junit", "j.xml")
    cases = [each.get("name") for each in ElementTree.parse(models / "j.xml").iter("testcase")]
    assert cases == [*(f"output {shown(name)}" for name in NAMES), "verdict"]
    run("diff", FILE, "other.onnx", "--layers", "--junit", "k.xml", status=DIFFERENCE)
    (failure, *_) = ElementTree.parse(models / "k.xml").iter("failure")
    assert shown(NAMES[4]) in failure.text and "\\\\\\\\" not in failure.text


def test_names_of_outputs_become_names_of_files_in_the_folder(run, models):
    """Nothing in a name leads out of the folder, and the answers are all there."""
    names = (*NAMES, "../canary", "/tmp/canary", "..", ".", "a/b")
    (models / "paths.onnx").write_bytes(markup.outputs(names))
    before = set(models.iterdir())
    text = run("run", "paths.onnx", "--input", "x.npy", "--output-dir", "out")
    assert printable(text)
    assert set(models.iterdir()) - before == {models / "out"} and not (models.parent / "canary").exists()
    files = list((models / "out").iterdir())
    assert len(files) == len(names) and all(re.fullmatch(r"[\w.+-]+\.npy", path.name) for path in files)
    for path in files:
        np.testing.assert_array_equal(np.load(path), np.float32([[1, 0, 3, 0]]))
