package dev.weft.http;

/**
 * How a request begins, as it goes to the server.
 *
 * @param method such as {@code GET}
 * @param scheme {@code http} or {@code https}
 * @param authority the host, and the port unless it is the scheme's
 * @param target the path and the query, or the whole URL for a proxy
 * @param headers all but Host and those about the body's length
 * @param length of the body in bytes; 0 if there is none, -1 if nobody knows
 */
record RequestHead(
        String method,
        String scheme,
        String authority,
        String target,
        HttpHeaders headers,
        long length) {}
