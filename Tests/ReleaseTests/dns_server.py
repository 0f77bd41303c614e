#!/usr/bin/env python3
"""A DNS server for the release tests: UDP and TCP, one table, answers only what is in it.

Usage: dns_server.py ADDRESS [PORT]   prints "ready" once it listens, ends when its standard input is closed.

Names: see TABLE. `silent.test` is never answered, `failing.test` gets SERVFAIL, `large.test` is truncated over UDP;
everything else NXDOMAIN.
"""
import socket
import struct
import sys
import threading

A, CNAME, AAAA = 1, 5, 28
TABLE = {
    ("service.test", A): [(A, "127.0.0.1")],
    ("both.test", A): [(A, "127.0.0.21")],
    ("both.test", AAAA): [(AAAA, "::1")],
    ("alias.test", A): [(CNAME, "service.test"), (A, "127.0.0.1")],
    ("six.test", AAAA): [(AAAA, "fd00::6")],
    ("short.search.test", A): [(A, "127.0.0.22")],
    ("large.test", A): [(A, f"127.0.1.{i}") for i in range(1, 101)],
}
KNOWN = {name for name, _ in TABLE}


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def read_question(packet):
    labels, offset = [], 12
    while packet[offset]:
        length = packet[offset]
        labels.append(packet[offset + 1 : offset + 1 + length].decode("ascii", "replace"))
        offset += 1 + length
    kind, _ = struct.unpack_from(">HH", packet, offset + 1)
    return ".".join(labels).lower(), kind, packet[12 : offset + 5]


def encode_record(owner, kind, value):
    if kind == CNAME:
        data = encode_name(value)
    else:
        data = socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, value)
    return encode_name(owner) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def answer(packet, over_tcp):
    name, kind, question = read_question(packet)
    if name == "silent.test":
        return None
    records, owner = b"", name
    found = TABLE.get((name, kind), [])
    code = 2 if name == "failing.test" else 0 if name in KNOWN else 3
    truncated = name == "large.test" and not over_tcp
    if not truncated:
        for record_kind, value in found:
            records += encode_record(owner, record_kind, value)
            owner = value if record_kind == CNAME else owner
    flags = 0x8180 | (0x0200 if truncated else 0) | code
    count = 0 if truncated else len(found)
    return packet[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0) + question + records


def serve_udp(udp):
    while True:
        packet, peer = udp.recvfrom(4096)
        reply = answer(packet, False)
        if reply:
            udp.sendto(reply, peer)


def serve_tcp(tcp):
    while True:
        connection, _ = tcp.accept()
        with connection, connection.makefile("rb") as stream:
            size = stream.read(2)
            if len(size) == 2:
                reply = answer(stream.read(struct.unpack(">H", size)[0]), True)
                if reply:
                    connection.sendall(struct.pack(">H", len(reply)) + reply)


def main():
    address, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 53
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, port))
    tcp = socket.create_server((address, port))
    for target, listener in ((serve_udp, udp), (serve_tcp, tcp)):
        threading.Thread(target=target, args=(listener,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


main()
