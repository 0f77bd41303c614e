"""Reads and writes zstd files with PyPI zstandard and pyzstd, which our own must agree with.

zstd_files.py expand FILE OUT               all frames of FILE, by zstandard
zstd_files.py slice FILE OUT START LENGTH   by the seek table of FILE, by pyzstd
zstd_files.py seekable FILE OUT BYTES       FILE compressed into frames of BYTES with a seek table, by pyzstd
"""

import sys


def expand(source, target):
    import zstandard

    with open(source, "rb") as file, open(target, "wb") as out:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 31).stream_reader(file, read_across_frames=True)
        while piece := reader.read(1 << 20):
            out.write(piece)


def cut(source, target, start, length):
    import pyzstd

    with pyzstd.SeekableZstdFile(source, "r") as file, open(target, "wb") as out:
        file.seek(int(start))
        out.write(file.read(int(length)))


def seekable(source, target, frame):
    import pyzstd

    with open(source, "rb") as file, pyzstd.SeekableZstdFile(
        target, "w", max_frame_content_size=int(frame)
    ) as out:
        out.write(file.read())


if __name__ == "__main__":
    {"expand": expand, "slice": cut, "seekable": seekable}[sys.argv[1]](*sys.argv[2:])
