"""`scalenet inspect --html` and `--chart`, seen by a browser that cannot reach anything."""

import json

import numpy
import onnx
import pytest
import reference
from command import scalenet
from onnx import TensorProto, helper, numpy_helper

HOSTILE = "<script>document.title='taken'</script>\"><img src=x onerror=document.title='taken'>'&`\u202e"

# Of every text in the pictures, the box in which the browser draws it; and the picture's own.
BOXES = """
[...document.querySelectorAll("svg")].map(svg => {
  const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
  return {frame: box(svg), texts: [...svg.querySelectorAll("text")].map(t => [t.textContent, ...box(t)])};
})
"""

ROWS = """
[...document.querySelectorAll("table")[%d].tBodies[0].rows].map(row => [...row.cells].map(c => c.textContent))
"""


def page_of(tmp_path, *models):
    path = tmp_path / "page.html"
    scalenet("inspect", *models, "--html", path)
    return path


def hostile_model(path):
    """A residual block in which every name is hostile."""
    def weights(name, *shape):
        return numpy_helper.from_array(numpy.zeros(shape, numpy.float32), name)

    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8, 8, 8])

    names = [f"{HOSTILE}{index}" for index in range(6)]
    nodes = [
        helper.make_node("Conv", [names[0], "w0"], [names[1]], names[1], pads=[1] * 4),
        helper.make_node("Relu", [names[1]], [names[2]], names[2]),
        helper.make_node("Conv", [names[2], "w1"], [names[3]], names[3], pads=[1] * 4),
        helper.make_node("Add", [names[3], names[0]], [names[4]], names[4]),
        helper.make_node("Relu", [names[4]], [names[5]], names[5]),
    ]
    initializers = [weights("w0", 8, 8, 3, 3), weights("w1", 8, 8, 3, 3)]
    graph = helper.make_graph(nodes, HOSTILE, [value(names[0])], [value(names[5])], initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def assert_texts_are_apart(pictures):
    for picture in pictures:
        left, top, right, bottom = picture["frame"]
        texts = [text for text in picture["texts"] if text[0]]
        assert texts
        for index, (text, *box) in enumerate(texts):
            assert left <= box[0] and top <= box[1] and box[2] <= right and box[3] <= bottom, f"{text} is cut off"
            for other, *place in texts[:index]:
                # Boxes hold a font's whole height; letters take less.
                high, low = max(box[1], place[1]), min(box[3], place[3])
                if box[0] < place[2] and place[0] < box[2]:
                    assert low - high <= 0.3 * min(box[3] - box[1], place[3] - place[1]), f"{text} covers {other}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["tiny", "scalenet152"])
def test_page_of_one_model(tmp_path, checkpoint, browser, name, scheme):
    path = page_of(tmp_path, checkpoint(name))
    browser.requests.clear()
    browser.problems.clear()
    browser.open(path, scheme=scheme)
    assert browser.requests == [path.resolve().as_uri()]
    assert browser.problems == []
    report = json.loads(scalenet("inspect", checkpoint(name), "--format", "json").stdout)
    body = browser.evaluate("document.body.innerText")
    assert f"{report['totals']['macs']:,}" in body
    assert f"{report['totals']['parameters']:,}" in body
    rows = browser.evaluate(ROWS % 0)
    assert [[row[1], row[-1]] for row in rows] == [[b["name"], f"{b['macs']:,}"] for b in report["blocks"]]
    assert len(browser.evaluate(ROWS % 1)) == len(report["layers"])
    pictures = browser.evaluate(BOXES)
    assert len(pictures) == 2
    assert_texts_are_apart(pictures)
    # Nothing sticks out to the side.
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_schemes_differ_and_can_be_read(tmp_path, checkpoint, browser):
    path = page_of(tmp_path, checkpoint("tiny"))

    def luminance(color):
        parts = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    backgrounds = []
    for scheme in ("light", "dark"):
        browser.open(path, scheme=scheme)
        background = luminance(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
        backgrounds.append(background)
        for selector, property in [("body", "color"), ("p.muted", "color"), ("svg text", "fill")]:
            ink = luminance(browser.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{property}"))
            assert (max(ink, background) + 0.05) / (min(ink, background) + 0.05) >= 4.5, (scheme, selector)
    assert backgrounds[0] > 0.9 and backgrounds[1] < 0.1


@pytest.mark.parametrize("table", [0, 1])
def test_tables_sort(tmp_path, checkpoint, browser, table):
    browser.open(page_of(tmp_path, checkpoint("scalenet50_light")))
    titles = browser.evaluate(
        f"[...document.querySelectorAll('table')[{table}].tHead.rows[0].cells].map(c => c.textContent)")
    before = browser.evaluate(ROWS % table)

    def click(title):
        browser.evaluate(f"document.querySelectorAll('table')[{table}].querySelectorAll('th button')"
                         f"[{titles.index(title)}].click()")
        return browser.evaluate(ROWS % table)

    def number(text):
        return int(text.replace(",", ""))

    column = titles.index("MACs")
    ascending = [number(row[column]) for row in click("MACs")]
    assert ascending == sorted(number(row[column]) for row in before)
    sort = f"document.querySelectorAll('table')[{table}].querySelector('[aria-sort]').getAttribute('aria-sort')"
    assert browser.evaluate(sort) == "ascending"
    assert [number(row[column]) for row in click("MACs")] == ascending[::-1]
    assert browser.evaluate(sort) == "descending"
    name = titles.index("block" if table == 0 else "layer")
    assert [row[name] for row in click(titles[name])] == sorted(row[name] for row in before)
    assert click("#") == before


def test_hostile_names_are_text(tmp_path, browser):
    path = page_of(tmp_path, hostile_model(tmp_path / "hostile.onnx"))
    browser.requests.clear()
    browser.problems.clear()
    browser.open(path)
    assert browser.evaluate("document.title") != "taken"
    assert browser.evaluate("document.title").startswith("<script>")
    assert browser.evaluate("document.querySelectorAll('script, img').length") == 1
    assert browser.requests == [path.resolve().as_uri()]
    assert browser.problems == []
    # Behind what the file says of its graph, and the blocks.
    layers = browser.evaluate(ROWS % (browser.evaluate("document.querySelectorAll('table').length") - 1))
    assert [row[2] for row in layers] == ["Conv", "Relu", "Conv", "Add", "Relu"]
    assert all(row[1].startswith("<script>document.title='taken'</script>\"><img") for row in layers)


def test_page_of_several_models(tmp_path, checkpoint, browser):
    names = ["tiny", "scalenet50_light", "scalenet50"]
    path = page_of(tmp_path, *map(checkpoint, names))
    browser.open(path, scheme="dark", width=500)
    assert browser.evaluate("document.querySelectorAll('section').length") == 3
    assert len(browser.evaluate(ROWS % 0)) == 3
    pictures = browser.evaluate(BOXES)
    assert len(pictures) == 7
    assert_texts_are_apart(pictures)
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("names", [["scalenet152"], ["tiny", *reference.NAMES]])
def test_chart_as_svg(tmp_path, checkpoint, browser, names):
    path = tmp_path / "chart.svg"
    scalenet("inspect", *map(checkpoint, names), "--chart", path)
    browser.open(path)
    assert browser.evaluate("document.documentElement.tagName") == "svg"
    pictures = browser.evaluate(BOXES)
    assert len(pictures) == 1
    assert_texts_are_apart(pictures)


def test_chart_as_png(tmp_path, checkpoint, browser):
    path = tmp_path / "chart.png"
    scalenet("inspect", checkpoint("scalenet50"), "--chart", path)
    browser.open(path)
    width, height = browser.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
    assert width > 1000 and height > 500


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_of_a_comparison(tmp_path, browser, scheme):
    """Both graphs, the error by depth and maps of errors; nothing is loaded, and hostile names stay text."""
    left, right, page = tmp_path / "left.onnx", tmp_path / "right.onnx", tmp_path / "page.html"
    hostile_model(left)
    model = onnx.load(left)
    for path, last in [(left, 0.01), (right, 0.02)]:
        for tensor, value in zip(model.graph.initializer, [0.01, last]):
            weight = numpy.full((8, 8, 3, 3), value, numpy.float32)
            tensor.CopyFrom(numpy_helper.from_array(weight, tensor.name))
        onnx.save(model, path)
    assert scalenet("diff", left, right, "--html", page, check=False).status == 1
    browser.requests.clear()
    browser.problems.clear()
    browser.open(page, scheme=scheme)
    assert browser.requests == [page.resolve().as_uri()]
    assert browser.problems == []
    assert browser.evaluate("document.querySelectorAll('script, img').length") == 1
    body = browser.evaluate("document.body.innerText")
    assert all(text in body for text in ("DIFFER", "First divergence", "Where the errors lie", "Error by depth"))
    pictures = browser.evaluate(BOXES)
    # Two graphs, the chart, and a map of the output and of each layer that differs.
    assert len(pictures) >= 5
    assert_texts_are_apart(pictures)
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
