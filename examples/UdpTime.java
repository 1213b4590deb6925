import static dev.weft.Async.*;

import dev.weft.*;
import dev.weft.net.*;

/**
 * Asks a time server (SNTP, RFC 4330) how late it is: {@code ./weft run examples/UdpTime.java HOST
 * [PORT]}.
 */
void main(String[] args) {
    if (args.length < 1 || args.length > 2) {
        System.err.println("usage: UdpTime HOST [PORT]");
        System.exit(2);
    }
    int port = args.length == 2 ? Integer.parseInt(args[1]) : 123;
    try {
        IO.println(Async.run(() -> ask(args[0], port)));
    } catch (UncheckedIOException | DeadlineExceededException e) {
        System.err.println("no time from " + args[0] + ": " + e.getMessage());
        System.exit(1);
    }
}

Instant ask(String host, int port) {
    try (UdpSocket server = Udp.connect(host, port)) {
        for (int attempt = 1; ; attempt++) {
            byte[] request = new byte[48];
            request[0] = 0b00_100_011; // version 4, a client
            // Comes back as it is: whoever does not see it cannot make up an answer.
            ByteBuffer.wrap(request).putLong(40, new SecureRandom().nextLong());
            server.send(request);
            try {
                return timeout(Duration.ofSeconds(1), () -> answer(server, request));
            } catch (DeadlineExceededException e) { // lost, perhaps
                if (attempt == 3) {
                    throw e;
                }
            }
        }
    }
}

Instant answer(UdpSocket server, byte[] request) {
    for (Datagram datagram : server.datagrams()) {
        byte[] answer = datagram.bytes();
        boolean ours = answer.length >= 48 && Arrays.equals(answer, 24, 32, request, 40, 48);
        if (ours && answer[1] != 0) { // stratum 0 is a refusal
            ByteBuffer time = ByteBuffer.wrap(answer, 40, 8);
            long seconds = Integer.toUnsignedLong(time.getInt()) - 2_208_988_800L; // from 1900
            long nanos = Integer.toUnsignedLong(time.getInt()) * 1_000_000_000L >>> 32;
            return Instant.ofEpochSecond(seconds, nanos);
        }
    }
    throw new IllegalStateException("closed");
}
