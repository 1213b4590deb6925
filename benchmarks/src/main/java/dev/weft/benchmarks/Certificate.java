package dev.weft.benchmarks;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A certificate for one run, in files that every server can read.
 *
 * @param folder where they are; removed at the end
 */
record Certificate(Path folder) implements AutoCloseable {
    static Certificate make() throws Exception {
        Certificate made = new Certificate(Files.createTempDirectory("weft-bench"));
        X509Bundle bundle =
                new CertificateBuilder()
                        .subject("CN=localhost")
                        .setIsCertificateAuthority(true)
                        .buildSelfSigned();
        Files.writeString(Path.of(made.chain()), bundle.getCertificatePathPEM());
        Files.writeString(Path.of(made.key()), bundle.getPrivateKeyPEM());
        return made;
    }

    String chain() {
        return folder.resolve("chain.pem").toString();
    }

    String key() {
        return folder.resolve("key.pem").toString();
    }

    @Override
    public void close() throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(folder)) {
            files = found.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
