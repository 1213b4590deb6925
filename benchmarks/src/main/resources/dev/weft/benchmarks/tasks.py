"""One figure of tasks on asyncio or uvloop: python -c "$(cat tasks.py)" asyncio|uvloop FIGURE [quick]"""
import asyncio
import gc
import os
import statistics
import sys
import threading
import time

QUICK = len(sys.argv) > 3
WARM_UP, REPEAT, REPEATS, SUSPENDED = (0.05, 0.01, 3, 10_000) if QUICK else (0.5, 0.1, 11, 1_000_000)


async def nanos_per_operation(batch, clock):
    operations = 1000
    repeats = []
    warm = clock() + WARM_UP
    while len(repeats) < REPEATS:
        start = clock()
        await batch(operations)
        each = (clock() - start) / operations
        if start >= warm:
            repeats.append(each)
        operations = 1000 * max(1, min(1000, int(REPEAT / each / 1000)))
    return statistics.median(repeats) * 1e9


async def one():
    return 1


async def start(n):
    for _ in range(n):
        await asyncio.create_task(one())


async def start_many(n):
    for _ in range(0, n, 1000):
        tasks = [asyncio.create_task(one()) for _ in range(1000)]
        for task in tasks:
            await task


async def yielding(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def switch(n):
    other = asyncio.create_task(yielding(n // 2))
    await yielding(n // 2)
    await other


def resident_bytes():
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


async def suspended():
    never = asyncio.get_running_loop().create_future()

    async def wait():
        await never

    async def suspend(n):
        tasks = [asyncio.create_task(wait()) for _ in range(n)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return tasks

    warm = await suspend(1000)
    before = resident_bytes()
    tasks = await suspend(SUSPENDED)
    return (resident_bytes() - before) / len(tasks)


async def wake(n):
    loop = asyncio.get_running_loop()
    pings = [loop.create_future() for _ in range(n)]
    pongs = [threading.Event() for _ in range(n)]

    def foreign():
        for ping, pong in zip(pings, pongs):
            loop.call_soon_threadsafe(ping.set_result, None)
            pong.wait()

    thread = threading.Thread(target=foreign)
    thread.start()
    for ping, pong in zip(pings, pongs):
        await ping
        pong.set()
    thread.join()


async def main(figure):
    if figure == "suspended":
        return await suspended()
    if figure == "wake":
        return await nanos_per_operation(wake, time.perf_counter)
    batch = {"start": start, "start_many": start_many, "switch": switch}[figure]
    # The time on the core: as for the JVM's tasks.
    return await nanos_per_operation(batch, time.process_time)


if sys.argv[1] == "uvloop":
    import uvloop

    uvloop.install()
print(asyncio.run(main(sys.argv[2])), flush=True)
os._exit(0)  # a million tasks need not be ended one by one
