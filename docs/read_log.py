#!/usr/bin/env python3
"""Opens a sealed log of apus with its key ring and without apus: see log-format.md. Needs PyPI tink and cryptography.

    read_log.py /etc/apus/logs.keys 20261128T134500Z-1a222906bb5f10f5.log.zst.enc | zstd -d

Everything is checked: the header's checksum, the wrapped key, each segment. What it writes is right as far as it goes;
that it is whole is known by the exit code 0.
"""

import base64
import hashlib
import io
import struct
import sys

import tink
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

ALGORITHM = "AES256_GCM_HKDF_1MB"
TYPE = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"


def field(file):
    """A u16 length and so many bytes."""
    (length,) = struct.unpack(">H", file.read(2))
    return file.read(length)


def put(*values):
    return b"".join(struct.pack(">H", len(value)) + value for value in values)


def read_header(file):
    """Reads up to the stream: the fixed part, its context pairs in order, and key id, version and wrapped key."""
    start = file.read(12)
    if start[:8] != b"APUSLOG1":
        sys.exit("not a sealed log of apus")
    (size,) = struct.unpack(">I", start[8:])
    header = start + file.read(size - 12)
    if hashlib.sha256(header[:-32]).digest() != header[-32:]:
        sys.exit("the header is damaged")
    parts = io.BytesIO(header[12:])
    fixed = parts.read(struct.unpack(">I", parts.read(4))[0])
    wrapping = io.BytesIO(parts.read(struct.unpack(">I", parts.read(4))[0]))
    fields = io.BytesIO(fixed[2:])
    if fixed[:2] != b"\0\1" or field(fields) != ALGORITHM.encode():
        sys.exit("another version or algorithm")
    field(fields)  # compression
    (count,) = struct.unpack(">H", fields.read(2))
    pairs = [(field(fields), field(fields)) for _ in range(count)]
    field(wrapping)  # provider
    return fixed, pairs, [field(wrapping) for _ in range(3)]


def unwrap(ring, pairs, key_id, version, wrapped):
    """Opens the data key with the version of the ring that has wrapped it."""
    lines = [line.split() for line in open(ring) if line.strip() and not line.startswith("#")]
    ids = [words[1] for words in lines if words[0] == "ring"]
    keys = {words[1]: base64.b64decode(words[3]) for words in lines if words[0] == "key"}
    if ids != [key_id.decode()] or version.decode() not in keys:
        sys.exit(f"the ring has no key {key_id.decode()} version {version.decode()}")
    bound = put(b"apus-log-key-wrap-1", key_id, version) + struct.pack(">H", len(pairs))
    bound += b"".join(put(*pair) for pair in pairs)
    return AESGCM(keys[version.decode()]).decrypt(wrapped[:12], wrapped[12:], bound)


def primitive(key):
    """Tink's streaming AEAD of that data key."""
    params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=1 << 20, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    )
    value = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=params, key_value=key)
    keyset = tink_pb2.Keyset(primary_key_id=1)
    keyset.key.add(
        key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW,
        key_data=tink_pb2.KeyData(
            type_url=TYPE, value=value.SerializeToString(), key_material_type=tink_pb2.KeyData.SYMMETRIC
        ),
    )
    streaming_aead.register()
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


def main(ring, path):
    with open(path, "rb") as file:
        fixed, pairs, wrapping = read_header(file)
        key = unwrap(ring, pairs, *wrapping)
        with primitive(key).new_decrypting_stream(file, fixed) as stream:
            while piece := stream.read(1 << 20):
                sys.stdout.buffer.write(piece)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: read_log.py KEYRING FILE > CONTENT    (CONTENT is compressed: | zstd -d)")
    main(*sys.argv[1:])
