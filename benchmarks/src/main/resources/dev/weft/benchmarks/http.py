"""HTTP calls by aiohttp on asyncio or uvloop: python -c "$(cat http.py)" asyncio|uvloop CERTIFICATE

Obeys standard input, line by line, as HttpProgram does.
"""
import asyncio
import ssl
import sys
import time

import aiohttp


class Peer:
    """A session, open for one load."""

    def __init__(self, certificate, port, calls, size, http2, tls):
        assert http2 == "false"
        self.calls = int(calls)
        self.size = int(size)
        context = ssl.create_default_context(cafile=certificate) if tls == "true" else None
        self.url = f"http{'s' if context else ''}://127.0.0.1:{port}/1.1/{size}"
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.calls, keepalive_timeout=600, ssl=context),
            headers={"Accept-Encoding": "identity"},
        )

    async def caller(self, deadline, latencies):
        while True:
            sent = time.perf_counter_ns()
            async with self.session.get(self.url) as response:
                length = 0
                async for chunk in response.content.iter_any():
                    length += len(chunk)
                if response.status != 200 or length != self.size:
                    raise IOError(f"expected status 200 and {self.size} bytes, got {response.status} and {length}")
            now = time.perf_counter_ns()
            latencies.append(now - sent)
            if now >= deadline:
                return

    async def run(self, millis):
        latencies = []
        started = time.perf_counter_ns()
        deadline = started + int(millis) * 1_000_000
        await asyncio.gather(*(self.caller(deadline, latencies) for _ in range(self.calls)))
        nanos = time.perf_counter_ns() - started
        latencies.sort()
        return f"{len(latencies)} {nanos} {latencies[len(latencies) // 2]} {latencies[len(latencies) * 99 // 100]}"


async def obey(peers, certificate, words):
    if words[0] == "open":
        peers.append(Peer(certificate, *words[1:]))
    elif words[0] == "run":
        return await peers[0].run(words[1])
    elif words[0] == "close":
        await peers.pop().session.close()
    return "ok"


async def main(certificate):
    loop = asyncio.get_running_loop()
    peers = []
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            print(await obey(peers, certificate, line.split()), flush=True)
        except Exception as e:
            print("error", repr(e), flush=True)


if sys.argv[1] == "uvloop":
    import uvloop

    uvloop.install()
asyncio.run(main(sys.argv[2]))
