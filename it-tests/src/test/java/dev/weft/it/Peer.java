package dev.weft.it;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A WebSocket client and server that nobody here wrote. What it shall do is given step by step, and
 * it prints what it sees; {@code peer.py} lists the steps and lines.
 */
record Peer(List<String> command, Map<String, String> environment) {
    /** Debian's python3-websockets, in whichever Python has it. */
    static Peer python() {
        Optional<String> python =
                Stream.concat(
                                Tools.find("python3").stream(),
                                Stream.of(Path.of("/usr/bin/python3")))
                        .filter(Files::isExecutable)
                        .map(Path::toString)
                        .filter(p -> Tools.succeeds(p, "-c", "import websockets"))
                        .findFirst();
        String program =
                Tools.require(
                        python,
                        "no python3 that can import websockets",
                        "apt-get install python3-websockets");
        return new Peer(List.of(program, Checkout.testFile("python/peer.py")), Map.of());
    }

    /** The package ws from npm. */
    static Peer node() {
        Path node = Tools.require(Tools.find("node"), "no node", "apt-get install nodejs npm");
        String given = System.getenv("WEFT_NPM_MODULES");
        Path modules =
                given != null
                        ? Path.of(given)
                        : Checkout.ROOT.resolve("it-tests/target/npm/node_modules");
        Tools.require(
                Optional.of(modules).filter(m -> Files.isDirectory(m.resolve("ws"))),
                "no npm package ws in " + modules,
                "mkdir -p it-tests/target/npm && cd it-tests/target/npm"
                        + " && cp ../../src/test/npm/package*.json . && npm ci, or run .ci/run");
        return new Peer(
                List.of(node.toString(), Checkout.testFile("npm/peer.js")),
                Map.of("NODE_PATH", modules.toAbsolutePath().toString()));
    }

    /** Starts a client that connects, takes the steps, and ends. */
    Program connect(String url, String... steps) {
        return start("connect", url, steps);
    }

    /** Starts a server that takes the steps on each connection; see {@link #url}. */
    Program serve(String... steps) {
        return start("serve", null, steps);
    }

    /** The URL of a server, once it listens. */
    static String url(Program server) {
        return "ws://127.0.0.1:" + server.awaitLine("listening ").split(" ")[1] + "/";
    }

    private Program start(String mode, String url, String... steps) {
        List<String> words = new ArrayList<>(command);
        words.add(mode);
        if (url != null) {
            words.add(url);
        }
        // In ASCII: a JVM hands on other letters in the locale's encoding alone.
        for (String step : steps) {
            words.add(URLEncoder.encode(step, StandardCharsets.UTF_8).replace("+", "%20"));
        }
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().putAll(environment);
        // Output in UTF-8, whatever the locale.
        builder.environment().put("PYTHONIOENCODING", "utf-8");
        return Program.start(builder);
    }
}
