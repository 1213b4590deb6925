"""A TCP echo server on asyncio or uvloop: python -c "$(cat echo.py)" asyncio|uvloop streams|protocol CERTIFICATE KEY"""
import asyncio
import os
import ssl
import sys
import threading


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def echo(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # the load resets its connections
    writer.close()


async def listen(style, context=None):
    loop = asyncio.get_running_loop()
    if style == "protocol":
        return await loop.create_server(Echo, "127.0.0.1", 0, ssl=context, backlog=1024)
    return await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context, backlog=1024)


async def main(style, certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    servers = [await listen(style), await listen(style, context)]
    print("listening", *(s.sockets[0].getsockname()[1] for s in servers), flush=True)
    await asyncio.gather(*(s.serve_forever() for s in servers))


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
if sys.argv[1] == "uvloop":
    import uvloop

    uvloop.install()
asyncio.run(main(*sys.argv[2:5]))
