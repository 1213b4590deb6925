package dev.weft.websocket;

import dev.weft.net.TlsProvider;

/** The same over BoringSSL. */
class SecureWebSocketBoringSslTest extends SecureWebSocketTest {
    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
