"""Seals with Google's Tink what our opener is to open.

tink_stream.py seal KEY ASSOCIATED FILE OUT   the stream of FILE under that key; key and associated data in hexadecimal
tink_stream.py open KEY ASSOCIATED FILE OUT   the content of the stream FILE
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs"))
from read_log import primitive  # noqa: E402


def main(verb, key, associated, source, target):
    aead = primitive(bytes.fromhex(key))
    with open(source, "rb") as file, open(target, "wb") as out:
        if verb == "seal":
            with aead.new_encrypting_stream(out, bytes.fromhex(associated)) as stream:
                stream.write(file.read())
        else:
            with aead.new_decrypting_stream(file, bytes.fromhex(associated)) as stream:
                out.write(stream.read())


main(*sys.argv[1:])
