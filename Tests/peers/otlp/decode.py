#!/usr/bin/env python3
"""Shows an OTLP trace export (protobuf, gzip or plain) as Python's opentelemetry-proto reads it, in protobuf text format.

    decode.py FILE            prints it; unknown fields are an error
    decode.py FILE EXPECTED   compares with a text file; 1 and the differences if it is another message
"""
import difflib
import gzip
import pathlib
import sys

from google.protobuf import text_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def main():
    content = pathlib.Path(sys.argv[1]).read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    message = ExportTraceServiceRequest.FromString(content)
    known = ExportTraceServiceRequest()
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    if known.SerializeToString(deterministic=True) != message.SerializeToString(deterministic=True):
        sys.exit("there are fields that OTLP does not know")
    shown = text_format.MessageToString(message, as_utf8=True)
    if len(sys.argv) < 3:
        print(shown, end="")
        return
    expected = pathlib.Path(sys.argv[2]).read_text()
    differences = list(difflib.unified_diff(expected.splitlines(), shown.splitlines(), sys.argv[2], sys.argv[1], lineterm=""))
    print("\n".join(differences))
    sys.exit(1 if differences else 0)


main()
