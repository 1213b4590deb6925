package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The programs in {@code examples}, run as their comments say; the JDK's sockets talk to them. */
@Timeout(120)
class ExampleProgramsIT {
    private static final Path FOLDER = Checkout.ROOT.resolve("examples");

    /** A client with lines, which waits for 20 seconds at most. */
    private record Client(Socket socket, BufferedReader in) implements AutoCloseable {
        static Client connect(int port) throws IOException {
            Socket socket = new Socket("127.0.0.1", port);
            socket.setSoTimeout(20_000);
            return new Client(
                    socket,
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.UTF_8)));
        }

        void send(String line) throws IOException {
            socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        String receive() throws IOException {
            return in.readLine();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Program start(String name, String... args) {
        String[] command =
                Stream.concat(
                                Stream.of("run", FOLDER.resolve(name + ".java").toString()),
                                Stream.of(args))
                        .toArray(String[]::new);
        return Checkout.weft(command);
    }

    private static int port(Program program) {
        String line = program.awaitLine("listening on port ");
        return Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
    }

    private static void stop(Program program) {
        program.terminate();
        program.awaitExit();
        assertThat(program.err()).isEmpty();
    }

    @Test
    void eachIsShort() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            List<Path> sources = files.toList();
            assertThat(sources).isNotEmpty();
            for (Path source : sources) {
                assertThat(Files.readAllLines(source)).as(source.toString()).hasSizeLessThan(61);
            }
        }
    }

    @Test
    void theEchoServerSendsBackWhatComes() throws IOException {
        try (Program server = start("EchoServer");
                Client client = Client.connect(port(server))) {
            client.send("hello");
            assertThat(client.receive()).isEqualTo("hello");
            client.socket.shutdownOutput();
            assertThat(client.receive()).isNull();
            stop(server);
        }
    }

    @Test
    void inTheChatEverybodyHearsTheOthers() throws IOException {
        try (Program server = start("LineChat", "0")) {
            int port = port(server);
            try (Client ada = Client.connect(port)) {
                assertThat(ada.receive()).isEqualTo("your name?");
                ada.send("Ada");
                ada.send("anybody here?");
                try (Client bob = join(port, ada, "Bob")) {
                    bob.send("hello Ada");
                    assertThat(ada.receive()).isEqualTo("Bob: hello Ada");
                    ada.send("hello Bob");
                    assertThat(bob.receive()).isEqualTo("Ada: hello Bob");
                    try (Client impostor = Client.connect(port)) {
                        impostor.receive();
                        impostor.send("Bob");
                        assertThat(impostor.receive()).isEqualTo("that name is taken");
                        assertThat(impostor.receive()).isNull();
                    }
                }
                assertThat(ada.receive()).isEqualTo("Bob has left");
            }
            stop(server);
        }
    }

    private static Client join(int port, Client other, String name) throws IOException {
        Client client = Client.connect(port);
        assertThat(client.receive()).isEqualTo("your name?");
        client.send(name);
        assertThat(other.receive()).isEqualTo(name + " has come");
        return client;
    }

    @Test
    void theForwarderCarriesBothWays() throws IOException {
        try (Program server = start("EchoServer")) {
            int target = port(server);
            try (Program forwarder =
                    start("PortForwarder", "0", "127.0.0.1", Integer.toString(target))) {
                try (Client client = Client.connect(port(forwarder))) {
                    client.send("through");
                    assertThat(client.receive()).isEqualTo("through");
                    client.socket.shutdownOutput();
                    assertThat(client.receive()).isNull();
                }
                stop(forwarder);
            }
            stop(server);
        }
    }

    @Test
    void theForwarderSaysWhyItCannotConnect() throws IOException {
        try (Program forwarder = start("PortForwarder", "0", "nobody.invalid", "1");
                Client client = Client.connect(port(forwarder))) {
            forwarder.awaitErrorLine("no address found for host nobody.invalid");
            assertThat(ended(client)).isTrue();
        }
        try (Program program = start("PortForwarder")) {
            assertThat(program.awaitExit()).isEqualTo(2);
            assertThat(program.err()).containsExactly("usage: PortForwarder PORT HOST HOST_PORT");
        }
    }

    private static boolean ended(Client client) {
        try {
            return client.receive() == null;
        } catch (IOException e) {
            return true; // reset
        }
    }

    @Test
    void theTimeComesByUdpThoughAQuestionIsLost() throws IOException {
        try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                Program program =
                        start("UdpTime", "127.0.0.1", Integer.toString(server.getLocalPort()))) {
            server.setSoTimeout(20_000);
            DatagramPacket question = new DatagramPacket(new byte[100], 100);
            server.receive(question); // and it is lost
            server.receive(question);
            assertThat(question.getLength()).isEqualTo(48);
            ByteBuffer answer = ByteBuffer.allocate(48);
            answer.put(1, (byte) 1).putLong(24, ByteBuffer.wrap(question.getData()).getLong(40));
            answer.putInt(40, (int) 3_155_673_600L).putInt(44, 1 << 31);
            byte[] forged = answer.array().clone();
            forged[24] ^= 1;
            for (byte[] bytes : List.of(new byte[3], forged, answer.array())) {
                server.send(new DatagramPacket(bytes, bytes.length, question.getSocketAddress()));
            }
            assertThat(program.awaitExit()).describedAs("%s", program).isZero();
            assertThat(program.out()).containsExactly("2000-01-01T00:00:00.500Z");
            assertThat(program.err()).isEmpty();
        }
    }

    @Test
    void withoutATimeServerTheProgramSaysSo() throws IOException {
        int port;
        try (DatagramSocket free = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (Program program = start("UdpTime", "127.0.0.1", Integer.toString(port))) {
            assertThat(program.awaitExit()).isEqualTo(1);
            assertThat(program.err())
                    .singleElement()
                    .asString()
                    .startsWith("no time from 127.0.0.1: nobody listens on UDP port " + port);
        }
        try (Program program = start("UdpTime")) {
            assertThat(program.awaitExit()).isEqualTo(2);
            assertThat(program.err()).containsExactly("usage: UdpTime HOST [PORT]");
        }
    }
}
