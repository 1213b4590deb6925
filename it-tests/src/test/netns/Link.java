import dev.weft.*;
import dev.weft.net.*;

/**
 * The two ends of a link, as LinkIT has it: {@code Link sink ADDRESS} counts what each connection
 * sends, and answers with that; {@code Link send ADDRESS PORT MIB LIMIT_MILLIS} sends, within a
 * limit.
 */
void main(String[] args) {
    Async.run(() -> {
        if (args[0].equals("sink")) {
            sink(args[1]);
        } else {
            send(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]), Long.parseLong(args[4]));
        }
    });
}

void sink(String address) {
    Server server = Tcp.listen(address, 0, stream -> {
        long sum = 0;
        for (ByteView view; (view = stream.readView()) != null; ) {
            sum += view.length();
        }
        stream.write(sum + "\n");
    });
    IO.println("port " + server.port());
    server.awaitClosed();
}

void send(String address, int port, int mib, long limit) {
    TcpOptions options = TcpOptions.defaults().closeTimeout(Duration.ofSeconds(1));
    ByteStream stream = Tcp.connect(address, port, options);
    IO.println("connected");
    long start = System.nanoTime();
    try {
        String answer = Async.timeout(Duration.ofMillis(limit), () -> pump(stream, mib));
        IO.println("done " + answer + " " + millis(start));
    } catch (DeadlineExceededException e) {
        IO.println("ended " + millis(start));
    }
    start = System.nanoTime();
    try {
        stream.close();
        IO.println("closed " + millis(start));
    } catch (TimedOutException e) {
        IO.println("timed-out " + millis(start) + " " + e.getMessage());
    }
}

String pump(ByteStream stream, int mib) {
    byte[] chunk = new byte[64 * 1024];
    for (int i = 0; i < mib * 16; i++) {
        stream.write(chunk);
        if (i % 16 == 15) {
            IO.println("written " + (i + 1) / 16);
        }
    }
    stream.shutdownOutput();
    return stream.readLine();
}

long millis(long start) {
    return (System.nanoTime() - start) / 1_000_000;
}
