"""Passes TCP connections on to a server: ended, that server is unreachable; started again on the same port, it is back.

    relay.py TARGET_HOST:PORT [PORT]

Prints the port that it listens on, and stays until its parent ends or it is killed.
"""

import asyncio
import os
import sys

PARENT = os.getppid()


async def pass_on(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(target, port="0"):
    host, target_port = target.rsplit(":", 1)

    async def serve(reader, writer):
        upstream = await asyncio.open_connection(host, int(target_port))
        await asyncio.gather(pass_on(reader, upstream[1]), pass_on(upstream[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", int(port))
    print(server.sockets[0].getsockname()[1], flush=True)
    while os.getppid() == PARENT:
        await asyncio.sleep(0.5)


asyncio.run(main(*sys.argv[1:]))
