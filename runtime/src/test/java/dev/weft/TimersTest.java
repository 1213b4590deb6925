package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimersTest {
    private static final class Numbered extends Timers.Timer {
        final int number;

        Numbered(long deadline, int number) {
            super(deadline);
            this.number = number;
        }

        @Override
        void fire() {}
    }

    @Test
    void behavesAsASortedListUnderRandomUse() {
        long seed = Long.getLong("weft.seed", System.nanoTime());
        Random random = new Random(seed);
        Timers timers = new Timers();
        List<Numbered> model = new ArrayList<>();
        long origin = Long.MAX_VALUE - 500; // deadlines wrap around
        for (int step = 0; step < 50_000; step++) {
            int what = random.nextInt(4);
            if (what < 2) {
                Numbered timer = new Numbered(origin + random.nextInt(1000), step);
                model.add(timer);
                model.sort(
                        Comparator.<Numbered>comparingLong(t -> t.deadline - origin)
                                .thenComparingInt(t -> t.number));
                assertThat(timers.add(timer))
                        .as("seed " + seed)
                        .isEqualTo(model.getFirst() == timer);
            } else if (what == 2 && !model.isEmpty()) {
                Numbered timer = model.remove(random.nextInt(model.size()));
                assertThat(timers.remove(timer)).isTrue();
                assertThat(timers.remove(timer)).isFalse();
            } else {
                long now = origin + random.nextInt(200);
                Timers.Timer due = timers.pollDue(now);
                Numbered first = model.isEmpty() ? null : model.getFirst();
                boolean expected = first != null && first.deadline - now <= 0;
                assertThat(due).as("seed " + seed).isSameAs(expected ? model.removeFirst() : null);
            }
            assertThat(timers.size()).isEqualTo(model.size());
            if (!model.isEmpty()) {
                assertThat(timers.earliest()).isEqualTo(model.getFirst().deadline);
            }
        }
    }
}
