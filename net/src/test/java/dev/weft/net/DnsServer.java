package dev.weft.net;

import dev.weft.Async;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A name server of the test's, by UDP and TCP on one port, on the loop of the test: it answers as
 * it is told, and writes down what it was asked.
 */
final class DnsServer implements AutoCloseable {
    static final int NOERROR = 0;
    static final int SERVFAIL = 2;
    static final int NXDOMAIN = 3;
    private static final Map<String, Integer> TYPES = Map.of("A", 1, "CNAME", 5, "AAAA", 28);

    /** A record in the answer. */
    record Answer(String owner, String type, int ttl, byte[] data) {}

    private final Map<String, Integer> codes = new HashMap<>();
    private final Map<String, List<Answer>> answers = new HashMap<>();
    private final UdpSocket udp;
    private final Server tcp;
    final List<String> asked = new ArrayList<>();
    final List<String> silentFor = new ArrayList<>();
    boolean silent;
    boolean truncates;
    boolean silentByTcp;

    /** The TTL of the SOA record in negative answers; none if negative. */
    int negativeTtl = -1;

    private DnsServer(UdpSocket udp, Server tcp) {
        this.udp = udp;
        this.tcp = tcp;
    }

    static DnsServer start() {
        for (; ; ) {
            UdpSocket udp = Udp.bind("127.0.0.1", 0);
            DnsServer[] self = new DnsServer[1];
            try {
                Server tcp = Tcp.listen("127.0.0.1", udp.port(), stream -> self[0].answer(stream));
                self[0] = new DnsServer(udp, tcp);
                Async.async(() -> self[0].answerDatagrams());
                return self[0];
            } catch (AddressInUseException e) {
                udp.close(); // taken by another's TCP
            }
        }
    }

    InetSocketAddress address() {
        return udp.localAddress();
    }

    /** Options to ask this server alone, without the machine's hosts and search domains. */
    DnsOptions options() {
        return DnsOptions.defaults()
                .nameServers(List.of(address()))
                .searchDomains(List.of())
                .ndots(1)
                .hostsFile(Path.of("/nonexistent"))
                .queryTimeout(Duration.ofMillis(300));
    }

    DnsServer address(String name, int ttl, String address) {
        byte[] data = bytes(address);
        return record(name, new Answer(name, data.length == 4 ? "A" : "AAAA", ttl, data));
    }

    DnsServer alias(String name, int ttl, String target, String address) {
        for (String type : List.of("A", "AAAA")) {
            list(name, type).add(new Answer(name, "CNAME", ttl, encoded(target)));
        }
        if (address != null) {
            byte[] data = bytes(address);
            String type = data.length == 4 ? "A" : "AAAA";
            list(name, type).add(new Answer(target, type, ttl, data));
        }
        return this;
    }

    DnsServer code(String name, int code) {
        codes.put(name, code);
        return this;
    }

    private DnsServer record(String name, Answer answer) {
        list(name, answer.type).add(answer);
        return this;
    }

    private List<Answer> list(String name, String type) {
        return answers.computeIfAbsent(name + " " + type, _ -> new ArrayList<>());
    }

    void forget(String name) {
        answers.keySet().removeIf(k -> k.startsWith(name + " "));
    }

    /** How often a name was asked for, with both types. */
    long count(String name) {
        return asked.stream().filter(q -> q.startsWith(name + " ")).count();
    }

    private static byte[] bytes(String address) {
        try {
            return InetAddress.getByName(address).getAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answerDatagrams() {
        for (Datagram question : udp.datagrams()) {
            byte[] answer = answer(question.bytes(), false);
            if (answer.length > 0) {
                udp.send(answer, question.sender());
            }
        }
    }

    private void answer(ByteStream stream) {
        int length = ByteBuffer.wrap(stream.readExactly(2)).getShort() & 0xffff;
        byte[] answer = answer(stream.readExactly(length), true);
        if (silentByTcp) {
            stream.read();
            return;
        }
        stream.write(ByteBuffer.allocate(2).putShort((short) answer.length).array());
        stream.write(answer);
        stream.read();
    }

    private byte[] answer(byte[] question, boolean byTcp) {
        ByteBuffer in = ByteBuffer.wrap(question);
        int id = in.getShort(0);
        int at = 12;
        StringBuilder name = new StringBuilder();
        for (int length; (length = question[at]) > 0; at += length + 1) {
            name.append(name.isEmpty() ? "" : ".")
                    .append(new String(question, at + 1, length, StandardCharsets.US_ASCII));
        }
        int type = in.getShort(at + 1);
        String typeName =
                TYPES.entrySet().stream()
                        .filter(e -> e.getValue() == type)
                        .findFirst()
                        .map(Map.Entry::getKey)
                        .orElse("?");
        asked.add(name + " " + typeName + (byTcp ? " tcp" : ""));
        if (silent || silentFor.contains(name + " " + typeName)) {
            return new byte[0];
        }
        try {
            return response(id, question, at + 5, name.toString(), typeName, byTcp);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] response(
            int id, byte[] question, int end, String name, String type, boolean byTcp)
            throws IOException {
        List<Answer> found = answers.getOrDefault(name + " " + type, List.of());
        boolean known = answers.keySet().stream().anyMatch(k -> k.startsWith(name + " "));
        int code = codes.getOrDefault(name, known ? NOERROR : NXDOMAIN);
        boolean cut = truncates && !byTcp;
        boolean negative = found.isEmpty() && code != SERVFAIL && negativeTtl >= 0;
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        out.writeShort(id);
        out.writeShort(0x8180 | (cut ? 0x200 : 0) | code);
        out.writeShort(1);
        out.writeShort(cut || code != NOERROR ? 0 : found.size());
        out.writeShort(negative ? 1 : 0);
        out.writeShort(0);
        out.write(question, 12, end - 12);
        if (!cut && code == NOERROR) {
            for (Answer answer : found) {
                write(out, answer.owner, TYPES.get(answer.type), answer.ttl, answer.data);
            }
        }
        if (negative) {
            var soa = new ByteArrayOutputStream();
            soa.write(encoded("ns." + name));
            soa.write(encoded("admin." + name));
            soa.write(
                    ByteBuffer.allocate(20)
                            .putInt(1)
                            .putInt(2)
                            .putInt(3)
                            .putInt(4)
                            .putInt(negativeTtl)
                            .array());
            write(out, name, 6, 3600, soa.toByteArray());
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, String owner, int type, int ttl, byte[] data)
            throws IOException {
        out.write(encoded(owner));
        out.writeShort(type);
        out.writeShort(1);
        out.writeInt(ttl);
        out.writeShort(data.length);
        out.write(data);
    }

    private static byte[] encoded(String name) {
        var out = new ByteArrayOutputStream();
        for (String label : name.split("\\.")) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.write(0);
        return out.toByteArray();
    }

    @Override
    public void close() {
        udp.close();
        tcp.close();
    }
}
