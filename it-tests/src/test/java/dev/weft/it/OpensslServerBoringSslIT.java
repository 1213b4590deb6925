package dev.weft.it;

import dev.weft.net.TlsProvider;

/** The same over BoringSSL. */
class OpensslServerBoringSslIT extends OpensslServerIT {
    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
