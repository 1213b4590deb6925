package dev.weft.net;

/** The same over BoringSSL. */
class TlsUpgradeBoringSslTest extends TlsUpgradeTest {
    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
