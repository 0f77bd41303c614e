#!/usr/bin/env python3
"""Renders the help of a program built with swift-argument-parser as manual pages in mdoc(7), one for each command.

    PROGRAM --experimental-dump-help | man.py --version 1.0 FOLDER

The date is SOURCE_DATE_EPOCH's where it is set, so that a build can be repeated to the byte.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import sys


def escaped(text):
    """Text for mdoc: backslashes, a leading dot or quote and hyphens of options would be taken as commands or dashes."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def words(text):
    """One macro's argument, quoted."""
    return '"' + escaped(text).replace('"', '""') + '"'


def prose(text):
    """Paragraphs are filled; indented lines and headings in capitals keep their layout."""
    lines = []
    literal = False
    previous_blank = True
    for line in text.rstrip().split("\n"):
        heading = re.fullmatch(r"[A-Z][A-Z ]+", line.strip())
        if literal and line and not line.startswith(" "):
            lines.append(".Ed")
            literal = False
        if heading:
            lines.append(f".Ss {line.strip().capitalize()}")
        elif line.startswith(" "):
            if not literal:
                lines.append(".Bd -literal -offset indent -compact")
                literal = True
            lines.append(escaped(line.strip() if line.startswith("  ") and not line.startswith("   ") else line[2:]))
        elif not line:
            if not literal and not previous_blank:
                lines.append(".Pp")
        else:
            lines.append(escaped(line))
        previous_blank = not line or bool(heading)
    if literal:
        lines.append(".Ed")
    # A paragraph before a heading is a warning of mandoc, and nothing on the page.
    return [line for index, line in enumerate(lines)
            if not (line == ".Pp" and (index + 1 == len(lines) or lines[index + 1].startswith(".Ss")))]


def flag(name):
    return name["name"] if name["kind"] == "short" else "\\-" + name["name"]


def names(argument):
    """`Fl o Ar output , Fl -output Ar output`; a position is `Ar path ...`."""
    if argument["kind"] == "positional":
        return f"Ar {words(argument['valueName'])}" + (" ..." if argument.get("isRepeating") else "")
    shapes = []
    for name in sorted(argument["names"], key=lambda name: name["kind"] != "short"):
        shape = f"Fl {flag(name).replace('-', chr(92) + '-') if name['kind'] == 'short' else escaped('-' + name['name'])}"
        if argument["kind"] == "option":
            shape += f" Ar {words(argument['valueName'])}"
        shapes.append(shape)
    return " , ".join(shapes)


def synopsis(argument):
    if argument["kind"] == "positional":
        text = names(argument)
    else:
        preferred = argument.get("preferredName") or argument["names"][0]
        text = names({**argument, "names": [preferred]})
    return f".Op {text}" if argument.get("isOptional") else f".{text}"


def description(argument):
    parts = [argument.get("abstract", "")]
    choices = argument.get("allValueStrings") or argument.get("allValues")
    if choices:
        parts.append("One of: " + ", ".join(choices) + ".")
    if argument.get("defaultValue") not in (None, ""):
        parts.append(f"Default: {argument['defaultValue']}.")
    if argument.get("discussion"):
        parts.append(argument["discussion"])
    return [escaped(part) for part in parts if part]


def page(command, path, version, date, siblings):
    title = "-".join(path)
    arguments = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
    subcommands = [sub for sub in command.get("subcommands", []) if sub.get("shouldDisplay", True) and sub["commandName"] != "help"]
    lines = [
        f".Dd {date}", f".Dt {words(title.upper())} 1", f".Os apus {version}",
        ".Sh NAME", f".Nm {words(title)}", f".Nd {escaped(command.get('abstract', '').rstrip('.'))}",
        ".Sh SYNOPSIS", f".Nm {words(' '.join(path))}",
    ]
    lines += [synopsis(argument) for argument in arguments]
    if subcommands:
        lines += [".Ar command", ".Op Ar arguments ..."]
    if command.get("discussion"):
        lines += [".Sh DESCRIPTION"] + prose(command["discussion"])
    if subcommands:
        lines += [".Sh COMMANDS", ".Bl -tag -width schema-of-config"]
        for sub in subcommands:
            lines += [f".It Cm {words(sub['commandName'])}", escaped(sub.get("abstract", ""))]
            lines += [f"See {escaped('-'.join(path + [sub['commandName']]))}(1)."]
        lines += [".El"]
    if arguments:
        lines += [".Sh OPTIONS", ".Bl -tag -width indent"]
        for argument in arguments:
            lines += [f".It {names(argument)}"] + description(argument)
        lines += [".El"]
    if siblings:
        lines += [".Sh SEE ALSO"]
        lines += [f".Xr {escaped(name)} 1" + (" ," if index + 1 < len(siblings) else "")
                  for index, name in enumerate(siblings)]
    return "\n".join(lines) + "\n"


def pages(command, path):
    path = path + [command["commandName"]]
    yield command, path
    for sub in command.get("subcommands", []):
        if sub.get("shouldDisplay", True) and sub["commandName"] != "help":
            yield from pages(sub, path)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--version", required=True)
    options.add_argument("folder", type=pathlib.Path)
    options = options.parse_args()
    moment = os.environ.get("SOURCE_DATE_EPOCH")
    day = datetime.datetime.fromtimestamp(int(moment), datetime.timezone.utc) if moment else datetime.datetime.now()
    date = f"{day:%B} {day.day}, {day.year}"
    every = list(pages(json.load(sys.stdin)["command"], []))
    titles = ["-".join(path) for _, path in every]
    for command, path in every:
        title = "-".join(path)
        siblings = sorted(name for name in titles if name != title)
        (options.folder / f"{title}.1").write_text(page(command, path, options.version, date, siblings))


if __name__ == "__main__":
    main()
