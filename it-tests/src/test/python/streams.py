"""Streams of Python's asyncio, for TCP and Unix sockets, and its datagrams.

    streams.py serve tcp | unix PATH         echoes each line in upper case; at the end of the input: "end BYTES", then closes
    streams.py connect tcp PORT | unix PATH  sends two lines, ends its output, prints what comes as  line TEXT, then  end
    streams.py serve-udp                     echoes datagrams in upper case
    streams.py connect-udp PORT              sends "hello", prints what comes as  datagram TEXT, then  end

Servers print  listening PORT  first. All end when their standard input does.
"""

import asyncio
import sys
import threading


def say(*words):
    print(*words, flush=True)


async def echo(reader, writer):
    count = 0
    while line := await reader.readline():
        count += len(line)
        writer.write(line.upper())
        await writer.drain()
    writer.write(b"end %d\n" % count)
    await writer.drain()
    writer.close()


async def serve(kind, path=None):
    if kind == "unix":
        server = await asyncio.start_unix_server(echo, path)
        say("listening", path)
    else:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        say("listening", server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def connect(kind, where):
    if kind == "unix":
        reader, writer = await asyncio.open_unix_connection(where)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(where))
    writer.write(b"one\ntwo\n")
    await writer.drain()
    writer.write_eof()
    while line := await reader.readline():
        say("line", line.decode().rstrip("\n"))
    say("end")
    writer.close()


class Upper(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self.transport.sendto(data.upper(), sender)


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.received = asyncio.Queue()

    def datagram_received(self, data, sender):
        self.received.put_nowait(data)


async def serve_udp():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Upper, local_addr=("127.0.0.1", 0))
    say("listening", transport.get_extra_info("sockname")[1])
    await asyncio.Event().wait()


async def connect_udp(port):
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_datagram_endpoint(
        Client, remote_addr=("127.0.0.1", int(port))
    )
    transport.sendto(b"hello")
    say("datagram", (await asyncio.wait_for(client.received.get(), 20)).decode())
    say("end")
    transport.close()


def watch():
    sys.stdin.read()
    import os

    os._exit(0)


threading.Thread(target=watch, daemon=True).start()
COMMANDS = {"serve": serve, "connect": connect, "serve-udp": serve_udp, "connect-udp": connect_udp}
asyncio.run(COMMANDS[sys.argv[1]](*sys.argv[2:]))
