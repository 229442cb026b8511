"""The manual pages: nothing that the command says of itself is missing, and troff understands them."""

import gzip
import json
import re
import subprocess

import pytest
from command import scalenet

ROOT = json.loads(scalenet("--experimental-dump-help").stdout)["command"]
COMMANDS = [each for each in ROOT["subcommands"] if each["commandName"] != "help"]


def plain(text):
    """What is read, without what is for troff."""
    return re.sub(r"\\f[BIR]|\\&", "", text).replace("\\-", "-").replace("\\e", "\\")


def page(unpacked, name):
    return gzip.decompress((unpacked["deb"] / f"share/man/man1/{name}.1.gz").read_bytes()).decode()


def test_the_commands_page_names_all(unpacked):
    text = plain(page(unpacked, "scalenet"))
    for each in COMMANDS:
        assert f".B {each['commandName']}\n{each['abstract']}" in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["commandName"])
def test_every_option_is_described(unpacked, command):
    text = plain(page(unpacked, f"scalenet-{command['commandName']}"))
    assert text.startswith(f".TH SCALENET-{command['commandName'].upper()} 1")
    for each in command["arguments"]:
        for name in each.get("names", []):
            assert re.search(rf"^.*(?<!-)-{'-' if name['kind'] == 'long' else ''}{name['name']}\b", text, re.MULTILINE)
        assert each.get("abstract", "") in text
    for line in command.get("discussion", "").split("\n"):
        assert line.strip() in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["commandName"])
def test_troff_has_nothing_to_say(unpacked, command):
    text = page(unpacked, f"scalenet-{command['commandName']}")
    outcome = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-b"], input=text, capture_output=True, text=True, check=True)
    # A long example is longer than a line: that is not broken, and said.
    assert [line for line in outcome.stderr.splitlines() if "break" not in line and "adjust" not in line] == []
