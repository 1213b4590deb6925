package dev.weft.net;

/**
 * Who was at the other end of a Unix socket when it connected, as the kernel says: it cannot be
 * forged.
 *
 * @param uid the effective user id of the peer's process
 * @param gid its effective group id
 * @param pid its process id; 0 where the system does not tell
 * @see Unix#peerCredentials
 */
public record PeerCredentials(int uid, int gid, int pid) {}
