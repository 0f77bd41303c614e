"""HTTP/2 on the wire: frames (RFC 9113 section 4) and header blocks (RFC 7541), good and bad ones alike.

The encoder keeps no state unless a case asks for it, so that a frame is the same bytes wherever it is sent. The
decoder is whole: what a gateway sends is read without mercy.
"""

import dataclasses

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
NAMES = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE",
         "CONTINUATION"]
ACK = END_STREAM = 0x1
END_HEADERS, PADDED, HAS_PRIORITY = 0x4, 0x8, 0x20
CODES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
         "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
         "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"]
(HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE) = \
    range(1, 7)
ENABLE_CONNECT_PROTOCOL = 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
LARGEST = (1 << 31) - 1

# RFC 7541 appendix A, from index 1 on.
STATIC = [tuple(word.replace("_", " ").partition("=")[::2]) for word in """
:authority= :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https :status=200 :status=204
:status=206 :status=304 :status=400 :status=404 :status=500 accept-charset= accept-encoding=gzip,_deflate
accept-language= accept-ranges= accept= access-control-allow-origin= age= allow= authorization= cache-control=
content-disposition= content-encoding= content-language= content-length= content-location= content-range=
content-type= cookie= date= etag= expect= expires= from= host= if-match= if-modified-since= if-none-match= if-range=
if-unmodified-since= last-modified= link= location= max-forwards= proxy-authenticate= proxy-authorization= range=
referer= refresh= retry-after= server= set-cookie= strict-transport-security= transfer-encoding= user-agent= vary=
via= www-authenticate=
""".split()]

# RFC 7541 appendix B: the code is canonical, so the lengths (A for 5 bits and so on) of all 257 symbols say all of it.
LENGTHS = ("ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJB"
           "KABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRS"
           "VVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ")
EOS = 256


def huffman_codes():
    codes, code, last = {}, 0, 0
    for length, symbol in sorted((ord(letter) - ord("A") + 5, symbol) for symbol, letter in enumerate(LENGTHS)):
        code <<= length - last
        codes[symbol], last = (code, length), length
        code += 1
    return codes


HUFFMAN = huffman_codes()
SYMBOLS = {coded: symbol for symbol, coded in HUFFMAN.items()}


class Malformed(Exception):
    """What came breaks a rule of the format."""


# Frames

@dataclasses.dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    def __str__(self):
        name = NAMES[self.kind] if self.kind < len(NAMES) else f"type {self.kind}"
        more = f" {code_name(self.code)}" if self.kind in (RST_STREAM, GOAWAY) else ""
        return f"{name}{more} on {self.stream}, flags {self.flags:#x}, {len(self.payload)} bytes"

    @property
    def code(self):
        return int.from_bytes(self.payload[4:8] if self.kind == GOAWAY else self.payload[:4], "big")

    @property
    def ends(self):
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)

    def settings(self):
        pieces = [self.payload[start:start + 6] for start in range(0, len(self.payload), 6)]
        return {int.from_bytes(piece[:2], "big"): int.from_bytes(piece[2:], "big") for piece in pieces}


def code_name(code):
    return CODES[code] if code < len(CODES) else f"{code:#x}"


def big(number, count=4):
    return number.to_bytes(count, "big")


def frame(kind, stream=0, payload=b"", flags=0, length=None):
    """`length` is for a frame that says another one than it has."""
    return big(len(payload) if length is None else length, 3) + bytes([kind, flags]) + big(stream) + payload


def data(stream, payload=b"", flags=0, padding=None):
    if padding is not None:
        payload, flags = bytes([padding]) + payload + bytes(padding), flags | PADDED
    return frame(DATA, stream, payload, flags)


def headers(stream, fragment, flags=END_STREAM | END_HEADERS, priority=None, padding=None):
    """`fragment` is a list of fields, or a block as bytes. `priority` is what `priority_fields` gives."""
    payload = fragment if isinstance(fragment, bytes) else block(fragment)
    if priority is not None:
        payload, flags = priority + payload, flags | HAS_PRIORITY
    if padding is not None:
        payload, flags = bytes([padding]) + payload + bytes(padding), flags | PADDED
    return frame(HEADERS, stream, payload, flags)


def continuation(stream, fragment, flags=END_HEADERS):
    return frame(CONTINUATION, stream, fragment if isinstance(fragment, bytes) else block(fragment), flags)


def priority_fields(on=0, weight=255, exclusive=False):
    return big(on | (1 << 31 if exclusive else 0)) + bytes([weight])


def priority(stream, on=0, weight=255, exclusive=False):
    return frame(PRIORITY, stream, priority_fields(on, weight, exclusive))


def reset(stream, code="CANCEL"):
    return frame(RST_STREAM, stream, big(CODES.index(code) if isinstance(code, str) else code))


def settings(*pairs):
    return frame(SETTINGS, 0, b"".join(big(name, 2) + big(value) for name, value in pairs))


def ping(text=b"apus h2.", flags=0):
    return frame(PING, 0, text, flags)


def goaway(last=0, code=0, stream=0):
    return frame(GOAWAY, stream, big(last) + big(code))


def window(stream, increment):
    return frame(WINDOW_UPDATE, stream, big(increment))


# Header blocks

def integer(value, bits, first=0):
    """RFC 7541 section 5.1; `first` holds the bits before the prefix."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    octets, value = [first | most], value - most
    while value >= 128:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes(octets + [value])


def huffman(text):
    bits = "".join(f"{HUFFMAN[octet][0]:0{HUFFMAN[octet][1]}b}" for octet in text)
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[start:start + 8], 2) for start in range(0, len(bits), 8))


def string(text, coded=False):
    octets = text.encode("latin-1") if isinstance(text, str) else text
    if coded:
        octets = huffman(octets)
    return integer(len(octets), 7, 0x80 if coded else 0) + octets


WITHOUT_INDEXING, NEVER_INDEXED, WITH_INDEXING = (4, 0x00), (4, 0x10), (6, 0x40)


def literal(name, value, form=WITHOUT_INDEXING, coded=False):
    """`name` may be an index (RFC 7541 section 6.2)."""
    bits, first = form
    start = integer(name, bits, first) if isinstance(name, int) else bytes([first]) + string(name, coded)
    return start + string(value, coded)


def indexed(index):
    return integer(index, 7, 0x80)


def table_size(size):
    return integer(size, 5, 0x20)


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


class Decoder:
    """RFC 7541, for the blocks of one peer. `limit` is our SETTINGS_HEADER_TABLE_SIZE."""

    def __init__(self, limit=4096):
        self.table, self.limit, self.size = [], limit, limit

    def decode(self, octets):
        fields, at = [], 0
        while at < len(octets):
            first = octets[at]
            if first & 0x80:
                index, at = self.integer(octets, at, 7)
                fields.append(self.entry(index))
            elif first & 0xe0 == 0x20:
                size, at = self.integer(octets, at, 5)
                if fields or size > self.limit:
                    raise Malformed(f"a table size of {size} after {len(fields)} fields")
                self.resize(size)
            else:
                at = self.literal(octets, at, fields)
        return fields

    def literal(self, octets, at, fields):
        keeps = octets[at] & 0xc0 == 0x40
        index, at = self.integer(octets, at, 6 if keeps else 4)
        if index:
            name = self.entry(index)[0]
        else:
            name, at = self.string(octets, at)
        value, at = self.string(octets, at)
        fields.append((name, value))
        if keeps:
            self.table.insert(0, (name, value))
            self.resize(self.size)
        return at

    def resize(self, size):
        self.size = size
        while sum(len(name) + len(value) + 32 for name, value in self.table) > size:
            self.table.pop()

    def entry(self, index):
        both = STATIC + self.table
        if not 1 <= index <= len(both):
            raise Malformed(f"index {index} of {len(both)}")
        return both[index - 1]

    def integer(self, octets, at, bits):
        most = (1 << bits) - 1
        value, at, shift = octets[at] & most, at + 1, 0
        if value < most:
            return value, at
        while True:
            if at >= len(octets) or shift > 28:
                raise Malformed("a number without an end")
            value, more = value + ((octets[at] & 127) << shift), octets[at] & 128
            at, shift = at + 1, shift + 7
            if not more:
                return value, at

    def string(self, octets, at):
        if at >= len(octets):
            raise Malformed("a block ends before a string")
        coded = octets[at] & 0x80
        count, at = self.integer(octets, at, 7)
        text = octets[at:at + count]
        if len(text) < count:
            raise Malformed("a block ends within a string")
        return (unhuffman(text) if coded else text).decode("latin-1"), at + count


def unhuffman(octets):
    found, code, length = bytearray(), 0, 0
    for octet in octets:
        for bit in range(7, -1, -1):
            code, length = code << 1 | octet >> bit & 1, length + 1
            symbol = SYMBOLS.get((code, length))
            if symbol == EOS:
                raise Malformed("EOS within a string")
            if symbol is not None:
                found.append(symbol)
                code, length = 0, 0
    if length > 7 or code != (1 << length) - 1:
        raise Malformed("padding that is not the beginning of EOS")
    return bytes(found)
