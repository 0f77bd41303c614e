#!/usr/bin/env python3
"""Renders the JSON Schema of the configuration as Markdown: docs/configuration.md is this script's output.

Usage: apus schema-of-config | configuration-docs.py > docs/configuration.md
       apus schema-of-config | configuration-docs.py --check docs/configuration.md    exit code 1 when they differ
"""
import difflib
import json
import sys

HEAD = """\
# Configuration

<!-- Written by scripts/configuration-docs.py from `apus schema-of-config`. Do not edit: change the settings type. -->

One YAML file, by default `/etc/apus/apus.yaml`. Its top-level keys are {sections}.
Everything has a default but what is marked **required**; an empty file is a valid one, and runs the admin endpoint
alone. `apus check FILE` says what is wrong in a file, `apus check --print FILE` shows what holds, defaults included and
secrets redacted.

## How values are written

| kind | examples | notes |
| --- | --- | --- |
| duration | `200ms`, `30s`, `5m`, `1h30m`, `1d` | `ns us ms s m h d w`, always with a unit; `0` needs none |
| bytes | `512`, `100M`, `1.5GiB` | `k M G T P` and `KiB` … `PiB` count in 1024, `kB` … `PB` in 1000 |
| address | `127.0.0.1:9900`, `[::1]:9900`, `:9900`, `unix:/run/apus/admin.sock` | `:9900` is every address |
| reference | `${{env:NAME}}`, `${{env:NAME:-default}}`, `${{file:/path}}` | replaced when the file is read, in any value |
| secret | any text, best as a reference | never logged; `redacted` where the configuration is printed |

Unknown keys, duplicate keys, wrong types and values out of range are complaints with `file:line:column: key: …`, all of
them at once. `apus schema-of-config` prints the JSON Schema from which this page is made; editors with a YAML language
server complete and check by it.

"""


def plain(schema):
    """Without the alternatives that any value may be a reference, and that an optional one may be null."""
    choices = [
        each for each in schema.get("anyOf", [])
        if each.get("$ref") != "#/$defs/reference" and each.get("type") != "null"
    ]
    if len(choices) == 1:
        return {**{key: value for key, value in schema.items() if key != "anyOf"}, **choices[0]}
    return schema


def groups_of(schema, suffix=""):
    """The groups that a value may be or hold, each with what stands behind the key: [] in a list, .NAME in a map."""
    schema = plain(schema)
    reference = schema.get("$ref", "")
    if reference.startswith("#/$defs/") and not reference.endswith("/reference"):
        yield suffix, reference.rsplit("/", 1)[1]
    for choice in schema.get("anyOf", []):
        yield from groups_of(choice, suffix)
    if isinstance(schema.get("items"), dict):
        yield from groups_of(schema["items"], suffix + "[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from groups_of(schema["additionalProperties"], suffix + ".NAME")


def group_of(schema):
    return next((group for _, group in groups_of(schema)), None)


def bounds(schema, low, high, unit=""):
    least, most = schema.get(low), schema.get(high)
    if least is not None and most is not None:
        return f", {least} to {most}{unit}"
    if least is not None and least > 0:
        return f", at least {least}{unit}"
    return "" if most is None else f", at most {most}{unit}"


def kind(schema):
    schema = plain(schema)
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        return "group, see below"
    if "anyOf" in schema:
        kinds = [kind(each) for each in schema["anyOf"] if "reference" not in each.get("$ref", "")]
        return " or ".join(dict.fromkeys(kinds))
    of = schema.get("type")
    of = [each for each in of if each != "null"][0] if isinstance(of, list) else of
    if of == "array":
        of_what = "groups, see below" if group_of(schema["items"]) else kind(schema["items"])
        return f"list of {of_what}{bounds(schema, 'minItems', 'maxItems', ' entries')}"
    if of == "object":
        extra = schema.get("additionalProperties")
        return f"map of name to {kind(extra)}" if isinstance(extra, dict) else "group"
    if of in ("integer", "number"):
        return of + bounds(schema, "minimum", "maximum")
    if of == "boolean":
        return "`true` or `false`"
    return named(schema)


def named(schema):
    """Texts with a form of their own are told apart by their patterns."""
    pattern = schema.get("pattern", "")
    if "unix:" in pattern:
        return "address"
    if "|ms|" in pattern:
        return "duration"
    if "kKMGT" in pattern:
        return "bytes"
    if "[hH][tT][tT][pP]" in pattern:
        return "URL"
    if pattern.endswith("%$"):
        return "percentage such as `12.5%`"
    if schema.get("writeOnly"):
        return "secret"
    return "text"


def default(schema, required):
    if required:
        return "**required**"
    value = schema.get("default", plain(schema).get("default"))
    if value is None:
        return "none"
    if value in ([], {}):
        return "empty"
    if isinstance(value, dict):
        return "see below"
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value)
    return f"`{json.dumps(value) if isinstance(value, (bool, int, float)) else value}`"


def anchor(heading):
    """As GitHub makes it."""
    return "".join(each for each in heading.lower() if each.isalnum() or each in "-_ ").replace(" ", "-")


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def tables(document, path, group, depth, defaults=None, seen=None):
    seen = {} if seen is None else seen
    # A group is told once in a section, but for those whose defaults differ with the place.
    if group in seen and not defaults:
        yield f"As [`{seen[group]}`](#{anchor(seen[group])}).\n\n"
        return
    seen.setdefault(group, path)
    schema = document["$defs"][group]
    yield "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
    required = schema.get("required", [])
    inner = []
    for key, field in schema["properties"].items():
        shown = {**field, "default": defaults[key]} if defaults and key in defaults else field
        cells = [f"`{key}`", kind(field), default(shown, key in required), field.get("description", "")]
        yield "| " + " | ".join(map(cell, cells)) + " |\n"
        # A value and a list of such values have the same keys.
        for nested in dict.fromkeys(group for _, group in groups_of(field)):
            suffix = max((suffix for suffix, group in groups_of(field) if group == nested), key=len)
            inner.append((key + suffix, nested, shown.get("default")))
    yield "\n"
    for key, nested, values in inner:
        yield f"{'#' * min(depth, 4)} `{path}.{key}`\n\n"
        values = values if isinstance(values, dict) else None
        yield from tables(document, f"{path}.{key}", nested, depth + 1, values, seen)


def render(document):
    sections = document["properties"]
    yield HEAD.format(sections=", ".join(f"[`{name}`](#{name})" for name in sections))
    for name, section in sections.items():
        yield f"## `{name}`\n\n{section['description']}\n\n"
        group = group_of(section)
        # A section that is another one under a second name has no group of its own.
        if group:
            yield from tables(document, name, group, 3)


def main():
    text = "".join(render(json.load(sys.stdin))).rstrip("\n") + "\n"
    if sys.argv[1:2] != ["--check"]:
        sys.stdout.write(text)
        return 0
    committed = open(sys.argv[2], encoding="utf-8").read()
    if committed == text:
        return 0
    sys.stderr.writelines(
        difflib.unified_diff(committed.splitlines(True), text.splitlines(True), sys.argv[2], "apus schema-of-config"))
    return 1


if __name__ == "__main__":
    sys.exit(main())
