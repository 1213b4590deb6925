package dev.weft.net;

/** The same over BoringSSL. */
class TlsStreamBoringSslTest extends TlsStreamTest {
    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
