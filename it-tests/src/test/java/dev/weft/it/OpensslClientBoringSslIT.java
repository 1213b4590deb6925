package dev.weft.it;

import dev.weft.net.TlsProvider;

/** The same over BoringSSL. */
class OpensslClientBoringSslIT extends OpensslClientIT {
    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
