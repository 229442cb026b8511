"""usage: manual.py BINARY DIRECTORY

Manual pages, made of what the command says of itself (`scalenet --experimental-dump-help`).

swift-argument-parser has a plug-in that makes such pages, but it has to be built with its own tool, knows neither examples nor
the titles of groups of options, and its pages bear the date of the day. These are the same for the same command.
"""
import json
import pathlib
import re
import subprocess
import sys

EXIT_STATUS = [
    ("0", "done"), ("1", "a difference, or a verification that failed"), ("64", "wrong usage"), ("65", "bad input"),
    ("66", "no such input"), ("70", "an internal error"), ("73", "the output cannot be created"),
    ("74", "an error while reading or writing"),
]


def escaped(text):
    """Text for troff, in which hyphens stay hyphens and no line is taken for a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.split("\n"))


def paragraphs(text):
    """A discussion: paragraphs are filled, lines that are indented stay as they are."""
    result, kept = [], False
    for line in text.strip("\n").split("\n"):
        if line.startswith("  ") != kept:
            kept = not kept
            result += [".RS 2", ".nf"] if kept else [".fi", ".RE"]
        result.append(".PP" if not line.strip() else escaped(line.strip()))
    return result + ([".fi", ".RE"] if kept else [])


def spelled(name, value=None):
    dashes = "\\-\\-" if name["kind"] == "long" else "\\-"
    text = f"\\fB{dashes}{escaped(name['name'])}\\fR"
    return text + (f" \\fI{escaped(value)}\\fR" if value else "")


def usage(command, name):
    parts = [f".B {escaped(name)}"]
    if command.get("subcommands"):
        return parts + [".I subcommand"]
    shown = [each for each in command["arguments"] if each["shouldDisplay"]]
    required = [each for each in shown if each["kind"] == "option" and not each["isOptional"]]
    parts.append("[\\fIoptions\\fR]")
    for each in shown:
        if each["kind"] == "positional":
            text = f"\\fI{escaped(each['valueName'])}\\fR" + (" ..." if each["isRepeating"] else "")
            parts.append(f"[{text}]" if each["isOptional"] else text)
    parts += [spelled(each["preferredName"], each["valueName"]) for each in required]
    return parts


def described(argument):
    text = argument.get("abstract", "")
    values = argument.get("allValues") or argument.get("allValueStrings")
    if values and not all(value in text for value in values):
        text += (" " if text else "") + "One of " + ", ".join(values) + "."
    if argument.get("defaultValue"):
        text += (" " if text else "") + f"{argument['defaultValue']} by default."
    return escaped(text) or "\\&"


def page(command, name, version, others):
    title = name.replace(" ", "-").upper()
    lines = [f'.TH {escaped(title)} 1 "" "scalenet {version}" "scalenet"', ".SH NAME",
             f"{escaped(name.replace(' ', '-'))} \\- {escaped(command['abstract'].rstrip('.'))}", ".SH SYNOPSIS"]
    lines += usage(command, name)
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", *paragraphs(command["discussion"])]
    for each in command.get("subcommands", []):
        if each is command["subcommands"][0]:
            lines.append(".SH COMMANDS")
        lines += [".TP", f".B {escaped(each['commandName'])}", escaped(each.get("abstract", ""))]
    sections = {}
    for each in command["arguments"]:
        if not each["shouldDisplay"]:
            continue
        section = "ARGUMENTS" if each["kind"] == "positional" else (each.get("sectionTitle") or "Options").upper()
        sections.setdefault(section, []).append(each)
    for section in sorted(sections, key=lambda title: (title != "ARGUMENTS", title != "OPTIONS")):
        lines.append(f".SH {escaped(section)}")
        for each in sections[section]:
            lines.append(".TP")
            if each["kind"] == "positional":
                lines.append(f"\\fI{escaped(each['valueName'])}\\fR")
            else:
                value = each["valueName"] if each["kind"] == "option" else None
                lines.append(", ".join(spelled(spelling, value) for spelling in each["names"]))
            lines.append(described(each))
    lines.append(".SH EXIT STATUS")
    for status, meaning in EXIT_STATUS:
        lines += [".TP", status, meaning]
    lines += [".SH SEE ALSO", ",\n".join(f".BR {escaped(each)} (1)" for each in others).replace(",\n", " ,\n")]
    return "\n".join(lines) + "\n"


def pages(dump, version):
    """File names and texts: one page for the command, and one for each of its commands."""
    root = dump["command"]
    commands = {root["commandName"]: root}
    for each in root["subcommands"]:
        if each["shouldDisplay"] and each["commandName"] != "help":
            commands[f"{root['commandName']} {each['commandName']}"] = each
    names = [name.replace(" ", "-") for name in commands]
    result = {}
    for name, command in commands.items():
        own = name.replace(" ", "-")
        others = [each for each in names if each != own] if command is root else [names[0]]
        text = page(command, name, version, others)
        # A page is only as good as what the command says of itself.
        assert not re.search(r"^\.(?![A-Z]{1,2}|nf|fi)", text, re.MULTILINE), own
        result[f"{own}.1"] = text
    return result


def of(binary):
    """The pages of that command."""
    def output(option):
        return subprocess.run([binary, option], check=True, capture_output=True, text=True).stdout

    return pages(json.loads(output("--experimental-dump-help")), output("--version").strip())


if __name__ == "__main__":
    for name, text in of(sys.argv[1]).items():
        (pathlib.Path(sys.argv[2]) / name).write_text(text)
