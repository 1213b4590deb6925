package dev.weft.benchmarks

import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executors
import java.util.function.LongSupplier
import kotlin.concurrent.thread
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield

/**
 * What is measured of Kotlin's coroutines: on the event loop of `runBlocking`, so on one thread. It
 * knows nothing of the Java code, since it is compiled before.
 */
object KotlinTasks {
    private const val HOUR = 3_600_000L

    private val oneThread by lazy { Executors.newFixedThreadPool(1).asCoroutineDispatcher() }

    /** Keeps results alive for the compiler. */
    @Volatile private var sink = 0L

    /** As for Weft's tasks: a thousand operations in a coroutine of their own. */
    private fun inCoroutines(n: Int, batch: suspend CoroutineScope.(Int) -> Unit) = runBlocking {
        repeat(n / 1000) { launch { batch(1000) }.join() }
    }

    @JvmStatic
    fun startAndAwait(n: Int) =
        inCoroutines(n) { times ->
            var sum = 0L
            repeat(times) { sum += async { 1 }.await() }
            sink = sum
        }

    @JvmStatic
    fun startMany(n: Int) =
        inCoroutines(n) { times ->
            var sum = 0L
            val tasks = List(times) { async { 1 } }
            for (task in tasks) {
                sum += task.await()
            }
            sink = sum
        }

    @JvmStatic
    fun switchCoroutines(n: Int) =
        inCoroutines(n) { times ->
            val other = launch { repeat(times / 2) { yield() } }
            repeat(times / 2) { yield() }
            other.join()
        }

    @JvmStatic
    fun handLockOn(n: Int) =
        inCoroutines(n) { times ->
            val mutex = Mutex()
            mutex.lock() // so that both wait for it
            val two =
                List(2) {
                    launch {
                        repeat(times / 2) {
                            mutex.lock()
                            mutex.unlock()
                        }
                    }
                }
            yield()
            mutex.unlock()
            two.joinAll()
        }

    @JvmStatic
    fun passItems(n: Int) =
        inCoroutines(n) { times ->
            val channel = Channel<Int>(1)
            launch { repeat(times) { channel.send(1) } }
            var sum = 0L
            repeat(times) { sum += channel.receive() }
            sink = sum
        }

    /** A coroutine that begins at once and sleeps: what a timer is here. */
    @JvmStatic
    fun startAndCancelTimers(n: Int) =
        inCoroutines(n) { times ->
            val sooner = launch(start = CoroutineStart.UNDISPATCHED) { delay(HOUR) }
            repeat(times) {
                launch(start = CoroutineStart.UNDISPATCHED) { delay(2 * HOUR) }.cancel()
            }
            sooner.cancel()
        }

    @JvmStatic
    fun gather(n: Int) =
        inCoroutines(n) { times -> sink = List(times) { async { 1 } }.awaitAll().size.toLong() }

    @JvmStatic
    fun group(n: Int) = inCoroutines(n) { times -> coroutineScope { repeat(times) { async { 1 } } } }

    @JvmStatic fun offload(n: Int) = inCoroutines(n) { times -> offload(Dispatchers.IO, times) }

    @JvmStatic
    fun offloadToOneThread(n: Int) = inCoroutines(n) { times -> offload(oneThread, times) }

    @JvmStatic
    fun offloadMany(n: Int) = runBlocking {
        repeat(100) { launch { offload(Dispatchers.IO, n / 100) } }
    }

    private suspend fun offload(context: CoroutineContext, times: Int) {
        var sum = 0L
        repeat(times) { sum += withContext(context) { 1 } }
        sink = sum
    }

    /** The caller, a foreign thread, completes what a coroutine awaits, and waits for its answer. */
    @JvmStatic
    fun wake(n: Int) {
        val pings = List(n) { CompletableDeferred<Unit>() }
        val pongs = List(n) { CompletableFuture<Unit>() }
        val loop = thread {
            runBlocking {
                for (i in 0 until n) {
                    pings[i].await()
                    pongs[i].complete(Unit)
                }
            }
        }
        for (i in 0 until n) {
            pings[i].complete(Unit)
            pongs[i].get()
        }
        loop.join()
    }

    @JvmStatic
    fun bytesOfSuspended(n: Int, liveHeapBytes: LongSupplier): Double = runBlocking {
        repeat(10) {
            val soon = CompletableDeferred<Unit>()
            val few = suspended(soon, n / 20)
            soon.complete(Unit)
            few.joinAll()
        }
        delay(200)
        val before = liveHeapBytes.asLong
        val end = CompletableDeferred<Unit>()
        suspended(end, n)
        val bytes = (liveHeapBytes.asLong - before).toDouble() / n
        end.complete(Unit)
        bytes
    }

    private suspend fun CoroutineScope.suspended(what: CompletableDeferred<Unit>, n: Int): List<Job> {
        val jobs = List(n) { launch { what.await() } }
        yield() // each has begun
        return jobs
    }

    /** Starts coroutines that sleep as long as they are told and say when they have. */
    @JvmStatic
    fun startSleepers(n: Int, nanosLeft: LongSupplier, awoke: Runnable) {
        thread(isDaemon = true) {
            runBlocking {
                repeat(n) {
                    launch {
                        delay((nanosLeft.asLong + 999_999) / 1_000_000)
                        awoke.run()
                    }
                }
            }
        }
    }
}
