package dev.weft.net;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads certificates and key stores. Whatever fails names its source. Blocks. */
final class KeyMaterial {
    private KeyMaterial() {}

    /** A file, or bytes; read anew each time. */
    sealed interface Source {
        /** A file. */
        record File(Path path) implements Source {
            public File {
                Objects.requireNonNull(path, "path must not be null");
            }

            @Override
            public String toString() {
                return path.toString();
            }
        }

        /** Bytes that were given. */
        final class Given implements Source {
            private final byte[] bytes;
            private final String name;

            private Given(byte[] bytes, String name) {
                this.bytes = bytes;
                this.name = name;
            }

            @Override
            public String toString() {
                return name;
            }
        }

        /** A copy of text or bytes. */
        static Source of(byte[] bytes, String name) {
            Objects.requireNonNull(bytes, name + " must not be null");
            return new Given(bytes.clone(), name);
        }

        /** All of it. */
        default byte[] read() {
            try {
                return switch (this) {
                    case File file -> Files.readAllBytes(file.path);
                    case Given given -> given.bytes;
                };
            } catch (NoSuchFileException e) {
                throw new InvalidKeyMaterialException("no such file: " + this, toString(), e);
            } catch (IOException e) {
                throw new InvalidKeyMaterialException(
                        "cannot read " + this + ": " + e, toString(), e);
            }
        }
    }

    /** What is wrong with a source. */
    static InvalidKeyMaterialException invalid(
            Source source, String problem, @Nullable Throwable cause) {
        IOException io = cause instanceof IOException e ? e : new IOException(problem, cause);
        return new InvalidKeyMaterialException(source + ": " + problem, source.toString(), io);
    }

    /** One certificate or more, in PEM, text around them, or DER. */
    static List<X509Certificate> certificates(Source source) {
        byte[] bytes = source.read();
        List<X509Certificate> found = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            List<byte[]> blocks = Pem.blocks(text(bytes), "CERTIFICATE");
            // DER begins with a SEQUENCE.
            if (blocks.isEmpty() && bytes.length > 0 && bytes[0] == 0x30) {
                blocks = List.of(bytes);
            }
            for (byte[] block : blocks) {
                found.add(
                        (X509Certificate)
                                factory.generateCertificate(new ByteArrayInputStream(block)));
            }
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw invalid(source, "a certificate in it is damaged: " + e.getMessage(), e);
        }
        if (found.isEmpty()) {
            throw invalid(source, "no certificate in it (-----BEGIN CERTIFICATE-----)", null);
        }
        return found;
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static KeyStore pkcs12(Source source, char[] password) {
        byte[] bytes = source.read();
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new ByteArrayInputStream(bytes), password);
            return store;
        } catch (IOException e) {
            boolean wrong = e.getCause() instanceof java.security.UnrecoverableKeyException;
            throw invalid(
                    source, wrong ? "the password is wrong" : "no PKCS#12: " + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw invalid(source, "cannot be used: " + e.getMessage(), e);
        }
    }

    static List<X509Certificate> x509(Certificate... certificates) {
        List<X509Certificate> found = new ArrayList<>();
        for (Certificate certificate : certificates) {
            if (certificate instanceof X509Certificate x509) {
                found.add(x509);
            }
        }
        return found;
    }
}
