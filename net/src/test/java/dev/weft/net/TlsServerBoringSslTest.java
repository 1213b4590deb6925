package dev.weft.net;

/** The same over BoringSSL. */
class TlsServerBoringSslTest extends TlsServerTest {
    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
