"""Figures of tasks on asyncio or uvloop: python -c "$(cat tasks.py)" asyncio|uvloop full|quick FIGURE..."""
import asyncio
import gc
import os
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

QUICK = sys.argv[2] == "quick"
WARM_UP, REPEAT, REPEATS, TASKS = (0.02, 0.01, 3, 10_000) if QUICK else (0.4, 0.1, 7, 1_000_000)

kept = []  # what must not be freed, lest the next figure get its memory


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


async def lock(n):
    """Two tasks contend for a lock: each release hands it on."""
    lock = asyncio.Lock()

    async def times(n):
        for _ in range(n):
            await lock.acquire()
            lock.release()

    await lock.acquire()  # so that both wait for it
    two = [asyncio.create_task(times(n // 2)) for _ in range(2)]
    await asyncio.sleep(0)
    lock.release()
    for task in two:
        await task


async def queue(n):
    queue = asyncio.Queue(1)

    async def put():
        for _ in range(n):
            await queue.put(1)

    producer = asyncio.create_task(put())
    for _ in range(n):
        await queue.get()
    await producer


def nothing():
    pass


async def timer(n):
    """While a sooner one is pending, as for the others."""
    loop = asyncio.get_running_loop()
    for _ in range(0, n, 1000):
        sooner = loop.call_later(3600, nothing)
        for _ in range(1000):
            loop.call_later(7200, nothing).cancel()
        sooner.cancel()
        await asyncio.sleep(0)


async def gather(n):
    for _ in range(0, n, 1000):
        await asyncio.gather(*[asyncio.create_task(one()) for _ in range(1000)])


async def group(n):
    for _ in range(0, n, 1000):
        async with asyncio.TaskGroup() as group:
            for _ in range(1000):
                group.create_task(one())


def offloaded():
    return 1


async def offload_to(executor, n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        await loop.run_in_executor(executor, offloaded)


async def offload(n):
    await offload_to(None, n)


async def offload_many(n):
    await asyncio.gather(*[asyncio.create_task(offload_to(None, n // 100)) for _ in range(100)])


async def offload_thread(n):
    with ThreadPoolExecutor(1) as executor:
        await offload_to(executor, n)


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

    kept.append(await suspend(TASKS // 1000))
    before = resident_bytes()
    gc.disable()  # it would take most of the time, and what is counted is no time
    kept.append(await suspend(TASKS))
    gc.enable()
    return (resident_bytes() - before) / TASKS


async def sleepers(n, limit):
    """The bytes of each of n tasks, how long until they slept, and the time to wake them all: each; nothing where
    some had not begun before the deadline."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    deadline = begun + limit
    asleep = awake = 0
    ended = loop.create_future()

    async def sleeper():
        nonlocal asleep, awake
        asleep += 1
        await asyncio.sleep(max(1e-9, deadline - loop.time()))
        awake += 1
        if awake == n:
            ended.set_result(time.process_time())

    before = resident_bytes()
    gc.disable()  # until they sleep, which is not timed
    kept.append([asyncio.create_task(sleeper()) for _ in range(n)])
    while asleep < n:
        await asyncio.sleep(0.01)
    gc.enable()
    each = (resident_bytes() - before) / n
    took = loop.time() - begun
    in_time = awake == 0 and loop.time() < deadline
    start = time.process_time()
    end = await ended
    return (each, took, (end - start) / n * 1e9) if in_time else None


async def sleeping():
    """As for the JVM's: a guess at how long it takes until all sleep; where it was too short, it is doubled."""
    few = TASKS // 100
    warm = None
    limit = 0.3
    while warm is None:
        warm = await sleepers(few, limit)
        limit *= 2
    limit = 0.2 + min(warm[1] * 100 * 2.5, TASKS * 60e-6)
    while True:
        cost = await sleepers(TASKS, limit)
        if cost is not None:
            return cost[0], cost[2]
        limit *= 2


BATCHES = {
    "start": start,
    "start_many": start_many,
    "switch": switch,
    "lock": lock,
    "queue": queue,
    "timer": timer,
    "gather": gather,
    "group": group,
    "wake": wake,
    "offload": offload,
    "offload_many": offload_many,
    "offload_thread": offload_thread,
}
CROSSING = {"wake", "offload", "offload_many", "offload_thread"}


async def main(figures):
    for figure in figures:
        if figure == "suspended":
            print(figure, await suspended(), flush=True)
        elif figure == "sleeping":
            each, wake_all = await sleeping()
            print(figure, each, flush=True)
            print("wake_all", wake_all, flush=True)
        else:
            # The time on the core, or the wall's: as for the JVM's tasks.
            clock = time.perf_counter if figure in CROSSING else time.process_time
            print(figure, await nanos_per_operation(BATCHES[figure], clock), flush=True)
    os._exit(0)  # a million tasks need not be ended one by one


if sys.argv[1] == "uvloop":
    import uvloop

    uvloop.install()
asyncio.run(main(sys.argv[3:]))
