import static dev.weft.Async.*;

import dev.weft.*;
import dev.weft.net.*;

/**
 * A chat: a line that one sends goes to all others. {@code ./weft run examples/LineChat.java
 * [PORT]}, then {@code nc 127.0.0.1 PORT}, as often as you like.
 */
void main(String[] args) {
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 0;
    Async.run(() -> {
        Server server = Tcp.listen("127.0.0.1", port, this::talk);
        IO.println("listening on port " + server.port());
        server.awaitClosed();
    });
}

record Member(ByteStream stream, Queue<String> unsent) {}

/** No lock: tasks of one loop run one at a time. */
final Map<String, Member> members = new LinkedHashMap<>();

void talk(ByteStream stream) {
    stream.write("your name?\n");
    String name = stream.readLine();
    Member member = new Member(stream, Queue.bounded(100));
    if (name == null || members.putIfAbsent(name, member) != null) {
        stream.write("that name is taken\n");
        return;
    }
    async(() -> {
        for (;;) { // until the connection's scope ends, and cancels it
            stream.write(member.unsent.take() + "\n");
        }
    });
    try {
        tellOthers(name, name + " has come");
        for (String line : stream.lines()) {
            tellOthers(name, name + ": " + line);
        }
    } finally {
        members.remove(name);
        tellOthers(name, name + " has left");
    }
}

void tellOthers(String sender, String line) {
    members.forEach((name, member) -> {
        if (!name.equals(sender) && !member.unsent.tryPut(line)) {
            member.stream.abort(); // does not read: nobody waits for it
        }
    });
}
