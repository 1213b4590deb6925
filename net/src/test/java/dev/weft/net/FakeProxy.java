package dev.weft.net;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A proxy that answers what the test wants, and keeps what it was asked. */
final class FakeProxy implements AutoCloseable {
    /** What it does after a request. */
    interface Answer {
        void give(ByteStream client) throws Exception;
    }

    final List<String> asked = new ArrayList<>();
    private final Server server;

    private FakeProxy(Protocol protocol) {
        server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        client -> {
                            try {
                                protocol.serve(client, asked);
                            } catch (EndOfStreamException e) {
                                client.abort(); // the client has given up
                            }
                        });
    }

    /** Reads requests into a list. */
    private interface Protocol {
        void serve(ByteStream client, List<String> asked) throws Exception;
    }

    /** Takes the head of a request. */
    static FakeProxy http(Answer answer) {
        return new FakeProxy((client, asked) -> {
            asked.add(text(client.readUntil("\r\n\r\n")));
            answer.give(client);
        });
    }

    /** Accepts a greeting with a method, a user if that is wanted, and takes a request. */
    static FakeProxy socks5(int method, int userStatus, Answer answer) {
        return new FakeProxy((client, asked) -> {
            byte[] greeting = client.readExactly(2);
            asked.add("methods " + hex(client.readExactly(greeting[1])));
            client.write(new byte[] {5, (byte) method});
            if (method == 2) {
                client.readExactly(1);
                String user = counted(client);
                asked.add(user + "/" + counted(client));
                client.write(new byte[] {1, (byte) userStatus});
            }
            byte[] request = client.readExactly(4);
            asked.add(
                    switch (request[3]) {
                        case 1 -> hex(client.readExactly(6));
                        case 4 -> hex(client.readExactly(18));
                        default -> counted(client) + " " + hex(client.readExactly(2));
                    });
            answer.give(client);
        });
    }

    /** Takes a request of SOCKS 4 or 4a. */
    static FakeProxy socks4(Answer answer) {
        byte[] end = {0};
        return new FakeProxy((client, asked) -> {
            byte[] request = client.readExactly(8);
            String user = text(client.readUntil(300, end)).replace("\0", "");
            boolean named = request[4] == 0 && request[5] == 0 && request[6] == 0;
            String name = named ? text(client.readUntil(300, end)).replace("\0", "") : "";
            asked.add(hex(request) + " " + user + " " + name);
            answer.give(client);
        });
    }

    private static String counted(ByteStream client) {
        return text(client.readExactly(client.readExactly(1)[0] & 0xff));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    /** Sends bytes one by one, so that each comes alone. */
    static void trickle(ByteStream to, byte[] bytes) {
        for (byte b : bytes) {
            to.write(new byte[] {b});
            to.flush();
            dev.weft.Async.yieldNow();
        }
    }

    int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.close();
    }
}
