"""The format of cases/*.case, which cases/README.md explains, and what they say of answers and requests."""

import dataclasses
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
# \xHH, \{N*TEXT} (TEXT may hold one more of them), and a single letter
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|\{(\d+)\*((?:[^{}]|\{\d+\*[^{}]*\})*)\}|(.))", re.S)
PLAIN = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
STEPS = {"send", "receive", "closed", "bytes", "half-close", "reset", "reconnect", "until", "closed-early"}


class BadCase(Exception):
    pass


@dataclasses.dataclass
class Section:
    name: str
    words: list
    lines: list = dataclasses.field(default_factory=list)

    def bytes(self):
        return to_bytes(self.lines)

    def directives(self):
        return [line for line in self.lines if line.strip() and not line.startswith("#")]


@dataclasses.dataclass
class Case:
    name: str
    title: str = ""
    rfc: str = ""
    level: str = "must"
    profile: str = "plain"
    speaks: str = "profile"
    steps: list = dataclasses.field(default_factory=list)
    answers: list = dataclasses.field(default_factory=list)
    upstream: list = dataclasses.field(default_factory=list)


def unescape(text):
    def one(match):
        if match[1]:
            return chr(int(match[1], 16))
        if match[2]:
            return unescape(match[3]) * int(match[2])
        if match[4] not in PLAIN:
            raise BadCase(f"what is \\{match[4]}?")
        return PLAIN[match[4]]
    return ESCAPE.sub(one, text)


def to_bytes(lines):
    """Each line ends in CRLF, unless it ends in a single backslash."""
    text = ""
    for line in lines:
        joined = line.endswith("\\") and not line.endswith("\\\\")
        text += unescape(line[:-1]) if joined else unescape(line) + "\r\n"
    return text.encode("latin-1")


def read(path):
    case = Case(os.path.basename(path)[:-len(".case")])
    section = None
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        if line.startswith("=== "):
            name, *words = line[4:].split()
            section = Section(name, words)
            place(case, section, path, number)
        elif section is not None:
            section.lines.append(line)
        elif line.startswith("# ") and not case.title:
            case.title = line[2:]
        elif found := re.match(r"# (rfc|level|gateway|speaks): (.*)", line):
            setattr(case, {"gateway": "profile"}.get(found[1], found[1]), found[2])
        elif line and not line.startswith("#"):
            raise BadCase(f"{path}:{number}: stands before the first section")
    for section in case.answers + [step for step in case.steps if step.name in ("send", "bytes")]:
        section.bytes()
    if not case.title or not case.steps:
        raise BadCase(f"{path}: a title (`# …`) and a step are needed")
    return case


def place(case, section, path, number):
    if section.name == "upstream" and section.words[:1] == ["answers"]:
        section.words = section.words[1:]
        case.answers.append(section)
    elif section.name == "upstream":
        case.upstream.append(section)
    elif section.name in STEPS:
        case.steps.append(section)
    else:
        raise BadCase(f"{path}:{number}: no such section: {section.name}")


def all_cases(folder=f"{HERE}/cases"):
    return [read(path) for path in sorted(glob.glob(f"{folder}/*.case"))]


def fits(wanted, seen):
    """`TEXT`, or `~ PATTERN` found anywhere."""
    if wanted.startswith("~ "):
        return re.search(wanted[2:], seen, re.S) is not None
    return unescape(wanted) == seen


def check_fields(directive, message):
    """What answers and requests have in common. Returns a complaint, "" when it holds, None when it is something else."""
    if found := re.match(r"(header|trailer) ([^:\s]+)(?:: ?| (?=~ ))(.*)", directive):
        fields = message.fields if found[1] == "header" else message.trailers
        values = [value for name, value in fields if name.lower() == found[2].lower()]
        return "" if any(fits(found[3], value) for value in values) else f"{found[2]} is {values}"
    if found := re.match(r"no (header|trailer) ([^:\s]+)$", directive):
        fields = message.fields if found[1] == "header" else message.trailers
        values = [value for name, value in fields if name.lower() == found[2].lower()]
        return f"{found[2]} is there: {values}" if values else ""
    if found := re.match(r"count ([^:\s]+) (\d+)$", directive):
        count = sum(1 for name, _ in message.fields if name.lower() == found[1].lower())
        return "" if count == int(found[2]) else f"{found[1]} is there {count} times"
    if found := re.match(r"framing (.*)", directive):
        return "" if message.framing in found[1].split("|") else f"framing is {message.framing}"
    if found := re.match(r"body size (\d+)$", directive):
        size = getattr(message, "body_size", len(message.body))
        return "" if size == int(found[1]) else f"the body has {size} bytes"
    if found := re.match(r"body (.*)", directive):
        body = message.body.decode("latin-1")
        return "" if fits("" if found[1] == "none" else found[1], body) else f"the body is {body[:200]!r}"
    return None


def check_answer(directive, answer):
    if found := re.match(r"status (.*)", directive):
        return "" if str(answer.status) in found[1].split("|") else f"status {answer.status}"
    if found := re.match(r"interim (.*)", directive):
        seen = [str(status) for status in answer.interims]
        return "" if seen == found[1].split() else f"interim answers {seen}"
    if directive == "no interim":
        return f"interim answers {answer.interims}" if answer.interims else ""
    complaint = check_fields(directive, answer)
    if complaint is None:
        raise BadCase(f"no such expectation of an answer: {directive}")
    return complaint


def check_upstream(directive, requests):
    if found := re.match(r"requests (\d+)$", directive):
        lines = [f"{request.method} {request.target}" for request in requests]
        return "" if len(lines) == int(found[1]) else f"{len(lines)} requests: {lines}"
    if found := re.match(r"connections (\d+)$", directive):
        count = len({request.connection for request in requests})
        return "" if count == int(found[1]) else f"{count} connections"
    if found := re.match(r"no bytes ~ (.*)", directive):
        return next((f"bytes {request.head!r}" for request in requests
                     if re.search(found[1], request.head.decode("latin-1"))), "")
    number, rest = re.match(r"(?:(\d+) )?(.*)", directive).groups()
    index = int(number or 1) - 1
    if index >= len(requests):
        return f"there are only {len(requests)} requests"
    return check_request(rest, requests[index])


def check_request(directive, request):
    if found := re.match(r"line (.*)", directive):
        line = f"{request.method} {request.target} {request.version}"
        return "" if fits(found[1], line) else f"the request line is {line!r}"
    if directive in ("complete", "incomplete"):
        return "" if request.complete == (directive == "complete") else f"the body's end came: {request.complete}"
    complaint = check_fields(directive, request)
    if complaint is None:
        raise BadCase(f"no such expectation of a request: {directive}")
    return complaint
