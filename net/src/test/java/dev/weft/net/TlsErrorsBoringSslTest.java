package dev.weft.net;

/** The same over BoringSSL. */
class TlsErrorsBoringSslTest extends TlsErrorsTest {
    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
