#!/usr/bin/env python3
"""Writes the OTLP trace descriptors as a FileDescriptorSet for protoc: see README.md in this folder.

Source: the PyPI package opentelemetry-proto. Left out: the gRPC service (we speak HTTP), the JSON container TracesData,
entity references, the flag masks, and the string-table fields that only profiles use. Field numbers are untouched, so the bytes on the
wire are those of the full schema.
"""
import sys

from google.protobuf import descriptor_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

LEFT_OUT_MESSAGES = {"TracesData", "EntityRef"}
LEFT_OUT_ENUMS = {"SpanFlags"}
LEFT_OUT_FIELDS = {"entity_refs", "string_value_strindex", "key_strindex"}


def keep(items, left_out):
    kept = [item for item in items if item.name not in left_out]
    del items[:]
    items.extend(kept)


files = descriptor_pb2.FileDescriptorSet()
for module in (common_pb2, resource_pb2, trace_pb2, trace_service_pb2):
    file = files.file.add()
    module.DESCRIPTOR.CopyToProto(file)
    file.options.Clear()
    file.options.swift_prefix = "OTLP"
    del file.service[:]
    keep(file.message_type, LEFT_OUT_MESSAGES)
    keep(file.enum_type, LEFT_OUT_ENUMS)
    for message in file.message_type:
        keep(message.field, LEFT_OUT_FIELDS)
sys.stdout.buffer.write(files.SerializeToString())
