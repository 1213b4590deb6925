import static dev.weft.Async.*;

import dev.weft.*;
import dev.weft.http.*;

/**
 * Fetches pages, eight at a time, and shows how far it is: {@code ./weft run
 * examples/PageFetcher.java URL...}. One that fails does not stop the others.
 */
static final int LIMIT = 8;

int done;

void main(String[] urls) {
    if (urls.length == 0) {
        System.err.println("usage: PageFetcher URL...");
        System.exit(2);
    }
    Async.run(() -> {
        HttpOptions options = HttpOptions.defaults().timeout(Duration.ofSeconds(30));
        try (HttpClient http = HttpClient.open(options)) {
            List<String> lines = map(List.of(urls), LIMIT, url -> {
                String line = fetch(http, url);
                done++; // no lock: tasks of one loop run one at a time
                showProgress(urls.length);
                return line;
            });
            System.err.println();
            lines.forEach(IO::println);
        }
    });
}

String fetch(HttpClient http, String url) {
    try (HttpResponse response = http.get(url)) {
        long bytes = 0;
        for (byte[] part; (part = response.read()) != null; ) {
            bytes += part.length;
        }
        return response.status() + "  " + bytes + " bytes  " + url;
    } catch (UncheckedIOException | IllegalArgumentException e) {
        return "failed  " + url + ": " + e.getMessage();
    }
}

void showProgress(int total) {
    int width = 40 * done / total;
    System.err.printf("\r[%s%s] %d of %d", "#".repeat(width), " ".repeat(40 - width), done, total);
}
