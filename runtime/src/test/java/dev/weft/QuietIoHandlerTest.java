package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoHandlerContext;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How a loop without I/O waits, and when a virtual clock jumps. */
class QuietIoHandlerTest {
    private static final long HOUR = Duration.ofHours(1).toNanos();
    private final LoopClock clock = LoopClock.virtual();
    private boolean busyElsewhere;
    private boolean ready;
    private int parks;

    private final QuietIoHandler handler =
            new QuietIoHandler(
                    clock,
                    new QuietIoHandler.Waiting() {
                        @Override
                        public void park(long nanos) {
                            parks++;
                            handler().wakeup();
                        }

                        @Override
                        public void unpark() {}
                    },
                    () -> !busyElsewhere);

    private QuietIoHandler handler() {
        return handler;
    }

    /** A timer is due in an hour; {@code afterwards} happens right after the question. */
    private IoHandlerContext timerInAnHour(Runnable afterwards) {
        return new IoHandlerContext() {
            @Override
            public boolean canBlock() {
                boolean idle = !ready;
                afterwards.run();
                return idle;
            }

            @Override
            public long delayNanos(long currentTimeNanos) {
                return HOUR - currentTimeNanos;
            }

            @Override
            public long deadlineNanos() {
                return HOUR;
            }
        };
    }

    @Test
    void anIdleLoopJumpsToItsTimer() {
        handler.run(timerInAnHour(() -> {}));
        assertThat(clock.nanoTime()).isEqualTo(HOUR);
        assertThat(parks).isZero();
    }

    @Test
    void aLoopWithSomethingReadyDoesNot() {
        ready = true;
        handler.run(timerInAnHour(() -> {}));
        assertThat(clock.nanoTime()).isZero();
        assertThat(parks).isZero();
    }

    @Test
    void workElsewhereThatEndsMeanwhileIsHandledBeforeTimeGoesOn() {
        busyElsewhere = true;
        handler.run(
                timerInAnHour(() -> {
                    ready = true; // in the order of Loop.offloadEnded: first ready, then let go
                    busyElsewhere = false;
                    handler.wakeup();
                }));
        assertThat(clock.nanoTime()).isZero();
    }

    @Test
    void aWakeUpBeforeTheWaitEndsIt() {
        busyElsewhere = true;
        handler.run(timerInAnHour(handler::wakeup));
        assertThat(parks).isZero();
        handler.run(timerInAnHour(() -> {}));
        assertThat(parks).isEqualTo(1);
        assertThat(clock.nanoTime()).isZero();
    }
}
