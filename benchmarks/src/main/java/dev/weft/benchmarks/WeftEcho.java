package dev.weft.benchmarks;

import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.SchedulerMode;
import dev.weft.net.ByteStream;
import dev.weft.net.ByteView;
import dev.weft.net.Server;
import dev.weft.net.Tcp;
import java.util.concurrent.ExecutionException;

/** Weft: a task per connection, which reads and writes in direct style, without copying. */
final class WeftEcho {
    private WeftEcho() {}

    /** Starts it on a free port, which is returned. */
    static int start(SchedulerMode mode) throws InterruptedException, ExecutionException {
        Loop loop = Loop.open(LoopOptions.defaults().scheduler(mode));
        Promise<Integer> port = Promise.create();
        loop.submit(() -> {
            Server server = Tcp.listen("127.0.0.1", 0, WeftEcho::echo);
            port.complete(server.port());
            server.awaitClosed();
        });
        return port.get();
    }

    private static void echo(ByteStream stream) {
        for (ByteView bytes; (bytes = stream.readView()) != null; ) {
            stream.write(bytes);
        }
    }
}
