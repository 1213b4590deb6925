package dev.weft.it;

import dev.weft.http.HttpOptions;
import dev.weft.http.HttpVersion;
import dev.weft.net.ClientTls;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * nginx with a site: over HTTP/1.1 and HTTP/2, with TLS and without, and on one more port with TLS
 * that nobody should put up with.
 */
record HttpNginx(Program program, Pki pki, int plain, int plain2, int secure, Bad bad)
        implements AutoCloseable {
    static final int LARGE = 64 * 1024 * 1024;

    /** Ports on which TLS is not as it should be. */
    record Bad(int wrongHost, int expired, int unknownIssuer, int oldProtocol) {}

    private static final String SITE =
            """
            root www;
            client_max_body_size 100m;
            gzip on;
            gzip_types text/plain application/json;
            gzip_min_length 1;
            keepalive_requests 20;
            keepalive_timeout 20s 20s;
            location /protocol { return 200 "$server_protocol $request_method"; }
            location /connection { return 200 "$connection $connection_requests"; }
            location /echo-header { return 200 "$http_x_echo"; }
            location /redirect { return 302 /protocol; }
            location /redirect-post { return 307 /upload; }
            location /private/ {
              auth_basic "the private part";
              auth_basic_user_file htpasswd;
              try_files /page.txt =404;
            }
            location /upload {
              proxy_pass http://127.0.0.1:%d/sink;
              proxy_http_version 1.1;
            }
            location /limited {
              client_max_body_size 1k;
              proxy_pass http://127.0.0.1:%d/sink;
            }
            location /sink { return 200 "$request_method $content_length"; }
            error_page 404 /missing.html;
            """;

    /** Starts it in a folder; suspends. */
    static HttpNginx start(Path folder) {
        Path binary = Tools.require(Tools.find("nginx"), "no nginx", "apt-get install nginx-light");
        Pki pki =
                Pki.make(folder)
                        .authority("other", "Another Authority")
                        .issue("elsewhere", "ca", "elsewhere.example", 2)
                        .issue("expired", "ca", "localhost", -1)
                        .issue("unknown", "other", "localhost", 2);
        write(folder);
        int plain = Tools.freePort();
        int plain2 = Tools.freePort();
        int secure = Tools.freePort();
        Bad bad = new Bad(Tools.freePort(), Tools.freePort(), Tools.freePort(), Tools.freePort());
        String site = SITE.formatted(plain, plain);
        String servers =
                server(plain, "", "", site)
                        + server(plain2, "http2", "", site)
                        + server(secure, "ssl http2", "localhost", site)
                        + server(bad.wrongHost, "ssl http2", "elsewhere", site)
                        + server(bad.expired, "ssl http2", "expired", site)
                        + server(bad.unknownIssuer, "ssl http2", "unknown", site)
                        + server(
                                bad.oldProtocol,
                                "ssl",
                                "localhost",
                                "ssl_protocols TLSv1.1; ssl_ciphers \"ALL:@SECLEVEL=0\";" + site);
        Path file = write(folder.resolve("nginx.conf"), configuration(servers));
        ProcessBuilder builder =
                new ProcessBuilder(
                        List.of(
                                binary.toString(),
                                "-p",
                                folder.toString(),
                                "-e",
                                "stderr",
                                "-c",
                                file.toString()));
        return new HttpNginx(
                Ports.start(builder, plain, plain2, secure), pki, plain, plain2, secure, bad);
    }

    private static String server(int port, String how, String key, String site) {
        String keys =
                key.isEmpty()
                        ? ""
                        : "ssl_certificate %s.pem; ssl_certificate_key %s.key;".formatted(key, key);
        return "server {\nlisten 127.0.0.1:%d %s;\n%s\n%s\n}\n".formatted(port, how, keys, site);
    }

    private static String configuration(String servers) {
        return """
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr error;
        events {}
        http {
        access_log off;
        client_body_temp_path body;
        proxy_temp_path proxy;
        fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi;
        scgi_temp_path scgi;
        types { text/plain txt; text/html html; application/json json; }
        default_type application/octet-stream;
        %s
        }
        """
                .formatted(servers);
    }

    private static void write(Path folder) {
        try {
            Path www = Files.createDirectories(folder.resolve("www"));
            write(www.resolve("page.txt"), "Hello from nginx\n");
            write(www.resolve("long.txt"), "0123456789".repeat(100_000));
            write(www.resolve("missing.html"), "<h1>nothing here</h1>");
            // ada, secret
            write(folder.resolve("htpasswd"), "ada:{PLAIN}secret\n");
            try (RandomAccessFile large =
                    new RandomAccessFile(www.resolve("large").toFile(), "rw")) {
                large.setLength(LARGE);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path write(Path file, String text) {
        try {
            return Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A way to talk to it. */
    record Way(String url, HttpVersion version, HttpOptions options) {
        String url(String path) {
            return url + path;
        }

        @Override
        public String toString() {
            return version + " at " + url;
        }
    }

    /** HTTP/1.1 and HTTP/2, with TLS and without. */
    List<Way> ways() {
        HttpOptions trusting = HttpOptions.defaults().tls(ClientTls.defaults().trust(pki.trust()));
        return List.of(
                way("http", plain, HttpVersion.HTTP_1_1, trusting),
                way("https", secure, HttpVersion.HTTP_1_1, trusting),
                way("http", plain2, HttpVersion.HTTP_2, trusting),
                way("https", secure, HttpVersion.HTTP_2, trusting));
    }

    private static Way way(String scheme, int port, HttpVersion version, HttpOptions options) {
        return new Way(scheme + "://localhost:" + port, version, options.versions(version));
    }

    @Override
    public void close() {
        program.close();
    }
}
