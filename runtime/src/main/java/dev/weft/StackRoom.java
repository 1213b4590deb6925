package dev.weft;

/**
 * Makes sure that there is stack left before something is begun that must not overflow half-way.
 */
final class StackRoom {
    private static final int FRAMES = 100;

    private StackRoom() {}

    /**
     * Overflows now, if at all: uses about 16 KiB, more than the JDK takes to start or unpark a
     * virtual thread in interpreted code. Each frame holds its arguments across the call, and so
     * stays large when compiled. Costs about 0.2 us: not for loop mode's hot paths.
     *
     * @throws StackOverflowError if there is less
     */
    static void ensure() {
        ensure(FRAMES);
    }

    /** As {@link #ensure}, and leaves room for one more of that in what follows. */
    static void ensureTwice() {
        ensure(2 * FRAMES);
    }

    /** As {@link #ensure}, for calls that go less deep: about 4 KiB, in a quarter of the time. */
    static void ensureSome() {
        ensure(FRAMES / 4);
    }

    private static void ensure(int frames) {
        if (use(frames, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) == 0) {
            throw new StackOverflowError(); // never: keeps the compiler from dropping the call
        }
    }

    private static long use(
            int frames,
            long a,
            long b,
            long c,
            long d,
            long e,
            long f,
            long g,
            long h,
            long i,
            long j,
            long k,
            long l) {
        if (frames == 0) {
            return 1;
        }
        long deeper = use(frames - 1, b, c, d, e, f, g, h, i, j, k, l, a ^ frames);
        return (deeper ^ a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l) | 1;
    }
}
