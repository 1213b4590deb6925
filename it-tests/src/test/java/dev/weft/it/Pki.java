package dev.weft.it;

import static org.junit.jupiter.api.Assertions.fail;

import dev.weft.net.TlsIdentity;
import dev.weft.net.TlsTrust;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Keys and certificates in a folder, made by the openssl command: NAME.key, NAME.pem. */
record Pki(Path folder) {
    private static final List<String> EC =
            List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes");

    /**
     * An authority {@code ca}, which has issued {@code localhost}; skips where none can be made.
     */
    static Pki make(Path folder) {
        return new Pki(folder).authority("ca", "Test Authority").issue("localhost", "ca");
    }

    /**
     * As {@link #make}, with {@code one.example}, {@code client} and {@code expired} (which was for
     * localhost), and another authority's {@code stranger}.
     */
    static Pki makeMany(Path folder) {
        return make(folder)
                .authority("other-ca", "Other Authority")
                .issue("expired", "ca", "localhost", -1)
                .issue("one.example", "ca")
                .issue("client", "ca")
                .issue("stranger", "other-ca");
    }

    static Path openssl() {
        return Tools.require(Tools.find("openssl"), "no openssl", "apt-get install openssl");
    }

    /** Runs the command in the folder, to its end. */
    Pki run(String... arguments) {
        try (Program program = start(arguments)) {
            return program.awaitExit() == 0 ? this : fail(program.toString());
        }
    }

    /** Starts the command in the folder. */
    Program start(String... arguments) {
        List<String> words = new ArrayList<>();
        words.add(openssl().toString());
        words.addAll(List.of(arguments));
        return Program.start(new ProcessBuilder(words).directory(folder.toFile()));
    }

    Pki authority(String name, String subject) {
        return request(name, "-x509", "-days", "2", "-subj", "/CN=" + subject, "-out", pem(name));
    }

    /** A certificate for a name, of an authority that is here. */
    Pki issue(String name, String authority) {
        return issue(name, authority, name, 2);
    }

    /** As the other, for a host that is named otherwise; with negative days it has expired. */
    Pki issue(String name, String authority, String host, int days) {
        String names = "subjectAltName=DNS:" + host;
        request(name, "-subj", "/CN=" + host, "-addext", names, "-out", name + ".csr");
        return sign(name, authority, days);
    }

    /** The certificate for NAME.csr. */
    Pki sign(String name, String authority, int days) {
        return run(
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-CA",
                pem(authority),
                "-CAkey",
                key(authority),
                "-days",
                Integer.toString(days),
                "-copy_extensions",
                "copy",
                "-out",
                pem(name));
    }

    private Pki request(String name, String... more) {
        List<String> words = new ArrayList<>(List.of("req", "-new", "-keyout", key(name)));
        words.addAll(EC);
        words.addAll(List.of(more));
        return run(words.toArray(String[]::new));
    }

    String pem(String name) {
        return name + ".pem";
    }

    String key(String name) {
        return name + ".key";
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    TlsIdentity identity(String name) {
        return TlsIdentity.pem(file(pem(name)), file(key(name)));
    }

    TlsTrust trust() {
        return TlsTrust.pem(file(pem("ca")));
    }
}
