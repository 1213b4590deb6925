package dev.weft.http;

/**
 * How a response begins.
 *
 * @param version what it was answered in
 * @param status 200 to 999
 * @param reason what HTTP/1.1 says beside the status; may be empty
 * @param headers those of the response
 */
record ResponseHead(HttpVersion version, int status, String reason, HttpHeaders headers) {}
