package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.pkitesting.X509Bundle;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What tests of TLS share: they run over the JDK's, and, in subclasses, over BoringSSL. */
abstract class TlsTests {
    TlsProvider provider() {
        return TlsProvider.JDK;
    }

    final boolean isJdk() {
        return provider() == TlsProvider.JDK;
    }

    final ClientTls client() {
        return ClientTls.defaults().trust(Certs.TRUST).provider(provider());
    }

    final ServerTls server() {
        return server(Certs.LOCALHOST);
    }

    final ServerTls server(X509Bundle certificate) {
        return ServerTls.of(Certs.identity(certificate)).provider(provider());
    }

    static Server listen(ServerTls tls, StreamHandler handler) {
        return Tcp.listen("0.0.0.0", 0, TcpOptions.defaults().tls(tls), handler);
    }

    static ByteStream connect(Server server, ClientTls tls) {
        return Tcp.connect("localhost", server.port(), TcpOptions.defaults().tls(tls));
    }

    static TlsException refused(ThrowingCallable call) {
        return org.assertj.core.api.Assertions.catchThrowableOfType(TlsException.class, call);
    }

    static void assertRefused(TlsException.Reason reason, TlsException e, String... parts) {
        assertThat(e).isNotNull();
        assertThat(e.reason()).as("%s", e).isEqualTo(reason);
        assertThat(e).hasMessageContainingAll(parts);
    }
}
