"""A WebSocket peer on Debian's python3-websockets. peer.js, in the folder npm, does the same with the package ws.

    peer.py connect URL STEP...              one connection, one step after another
    peer.py serve [--subprotocol NAME] STEP...   the steps on each connection, on a free port of 127.0.0.1

Steps (percent-encoded):
        send=TEXT  sendhex=HEX  sendsize=BYTES  fragments=A|B|...  (one message, with a ping between its fragments)
        recv  ping=DATA  close=CODE,REASON  wait (until closed)  echo (until closed)
Prints  listening PORT, open SUBPROTOCOL, text TEXT, binary HEX, pong DATA, closed CODE REASON
        (code and reason are the other side's; 1006: it sent none). Long messages: text|binary LENGTH sha256=HEX.
It ends when its standard input does, so that it never outlives the test.
"""

import asyncio
import hashlib
import os
import sys
import threading
import urllib.parse

import websockets


def say(*words):
    print(*words, flush=True)


def show(message):
    kind = "text" if isinstance(message, str) else "binary"
    data = message.encode() if isinstance(message, str) else message
    if len(data) > 100:
        return f"{kind} {len(data)} sha256={hashlib.sha256(data).hexdigest()}"
    return f"{kind} {message if kind == 'text' else data.hex()}"


async def do(step, socket):
    name, _, value = urllib.parse.unquote(step).partition("=")
    if name == "send":
        await socket.send(value)
    elif name == "sendhex":
        await socket.send(bytes.fromhex(value))
    elif name == "sendsize":
        await socket.send("0123456789" * (int(value) // 10) + "x" * (int(value) % 10))
    elif name == "fragments":

        async def parts():
            for part in value.split("|"):
                yield part
                await socket.ping()

        await socket.send(parts())
    elif name == "recv":
        say(show(await socket.recv()))
    elif name == "ping":
        await (await socket.ping(value))
        say("pong", value)
    elif name == "close":
        code, _, reason = value.partition(",")
        await socket.close(int(code), reason)
    elif name == "wait":
        await socket.wait_closed()
    elif name == "echo":
        async for message in socket:
            await socket.send(message)
    else:
        raise SystemExit(f"no such step: {step}")


async def converse(socket, steps):
    say("open", socket.subprotocol or "")
    try:
        for step in steps:
            await do(step, socket)
    except websockets.ConnectionClosed:
        pass
    await socket.wait_closed()
    say("closed", socket.close_code, socket.close_reason)


async def connect(url, steps):
    async with websockets.connect(url) as socket:
        await converse(socket, steps)


async def serve(steps):
    subprotocols = None
    if steps[:1] == ["--subprotocol"]:
        subprotocols, steps = [steps[1]], steps[2:]
    async with websockets.serve(lambda s: converse(s, steps), "127.0.0.1", 0, subprotocols=subprotocols) as server:
        say("listening", server.sockets[0].getsockname()[1])
        await asyncio.Future()


def end_with_standard_input():
    while os.read(0, 1024):
        pass
    os._exit(3)


threading.Thread(target=end_with_standard_input, daemon=True).start()
if sys.argv[1] == "connect":
    asyncio.run(connect(sys.argv[2], sys.argv[3:]))
else:
    asyncio.run(serve(sys.argv[2:]))
