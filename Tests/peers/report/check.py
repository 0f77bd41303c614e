#!/usr/bin/env python3
"""Checks the reports that receiver.py wrote down: their shape by a JSON Schema, and that each sample is newer than the last.

    check.py FOLDER
"""
import json
import pathlib
import sys

import jsonschema

COUNT = {"type": ["integer", "null"], "minimum": 0}
PERCENT = {"type": ["integer", "null"], "minimum": 0, "maximum": 100}


def strict(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


MOUNT = strict(
    mount={"type": "string", "pattern": "^/"}, device={"type": "string"}, type={"type": "string"}, sizeBytes=COUNT,
    usedBytes=COUNT, availableBytes=COUNT, usePercent=PERCENT, inodesUsePercent=PERCENT, readOnly={"type": "boolean"},
    error={"type": ["string", "null"]})
ALERT = strict(
    rule={"type": "string"}, severity={"enum": ["info", "warning", "critical"]}, status={"enum": ["firing", "resolved"]},
    metric={"type": "string"}, mount={"type": "string"}, device={"type": "string"}, value={"type": ["number", "null"]})
REPORT = strict(
    host={"type": "string", "minLength": 1}, time={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    version={"type": "string"}, mounts={"type": "array", "items": MOUNT, "minItems": 1}, alerts={"type": "array", "items": ALERT})

problems, last = [], ""
for line in (pathlib.Path(sys.argv[1]) / "requests").read_text().splitlines():
    record = json.loads(line)
    kind = record["headers"].get("Content-Type")
    if kind != "application/json":
        problems.append(f"Content-Type is {kind}")
    report = json.loads(record["body"])
    for error in jsonschema.Draft202012Validator(REPORT).iter_errors(report):
        problems.append(f"{error.json_path}: {error.message}")
    if report["time"] <= last:
        problems.append(f"{report['time']} came after {last}")
    last = report["time"]
    if "/" not in [mount["mount"] for mount in report["mounts"]]:
        problems.append("there is no /")
print("\n".join(dict.fromkeys(problems)))
sys.exit(1 if problems else 0)
