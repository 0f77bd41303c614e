"""A WebSocket that stays open.

    websocket.py serve               prints its port, and sends back what comes, until it is killed
    websocket.py talk PORT STOP      one socket through PORT, whose echoes are awaited one by one until the file STOP is there;
                                     prints `talking`, and at the end `messages N`
"""

import asyncio
import os
import sys

import websockets


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def serve():
    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.Event().wait()


async def talk(port, stop):
    count = 0
    async with websockets.connect(f"ws://127.0.0.1:{port}/socket", proxy=None, open_timeout=20) as socket:
        while not os.path.exists(stop):
            message = f"{count} " + "x" * (count % 2000)
            await socket.send(message)
            answer = await asyncio.wait_for(socket.recv(), 20)
            if answer != message:
                sys.exit(f"message {count} came back changed")
            count += 1
            if count == 1:
                print("talking", flush=True)
            await asyncio.sleep(0.005)
    print(f"messages {count}", flush=True)


asyncio.run(serve() if sys.argv[1] == "serve" else talk(int(sys.argv[2]), sys.argv[3]))
