package dev.weft.net;

import dev.weft.Async;
import dev.weft.net.internal.TlsContexts;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What the options of both sides have in common. Never changed once it is in one of them. */
class TlsValues implements Cloneable {
    private static final int MAX_PROTOCOL_BYTES = 255; // RFC 7301, section 3.1

    List<String> protocols = List.of("TLSv1.3", "TLSv1.2");
    List<String> cipherSuites = List.of();
    List<String> applicationProtocols = List.of();
    Duration handshakeTimeout = Duration.ofSeconds(10);
    Duration closeTimeout = Duration.ofSeconds(1);
    TlsProvider provider = TlsProvider.AUTO;

    TlsContexts.Plan plan() {
        return new TlsContexts.Plan(provider, protocols, cipherSuites, applicationProtocols);
    }

    @Override
    protected TlsValues clone() {
        try {
            return (TlsValues) super.clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** Made once, when first needed, off the loop: it reads files and is costly. */
    static final class Context {
        /** Makes it. */
        interface Maker {
            SslContext make() throws IOException;
        }

        private final Maker maker;
        private final ReentrantLock lock = new ReentrantLock();
        private volatile @Nullable SslContext made;

        Context(Maker maker) {
            this.maker = maker;
        }

        /** The context; suspends the first time. */
        SslContext get() {
            SslContext known = made;
            return known != null ? known : Async.offload(this::make);
        }

        private SslContext make() {
            lock.lock();
            try {
                SslContext context = made;
                if (context == null) {
                    context = maker.make();
                    made = context;
                }
                return context;
            } catch (IOException e) {
                throw new IllegalArgumentException(
                        "these TLS options cannot be used: " + e.getMessage(), e);
            } finally {
                lock.unlock();
            }
        }
    }

    static List<String> requireProtocols(String... value) {
        if (value.length == 0) {
            throw new IllegalArgumentException("protocols must not be empty");
        }
        for (String protocol : value) {
            if (!protocol.equals("TLSv1.3") && !protocol.equals("TLSv1.2")) {
                throw new IllegalArgumentException(
                        "protocols must be TLSv1.3 or TLSv1.2, was " + protocol);
            }
        }
        return List.of(value);
    }

    static List<String> requireApplicationProtocols(String... value) {
        for (String protocol : value) {
            int length = protocol.getBytes(StandardCharsets.UTF_8).length;
            if (length < 1 || length > MAX_PROTOCOL_BYTES) {
                throw new IllegalArgumentException(
                        "an application protocol must have 1 to 255 bytes, had " + length);
            }
        }
        return List.of(value);
    }

    static void requirePositive(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + value);
        }
    }
}
