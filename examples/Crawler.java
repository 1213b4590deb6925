import static dev.weft.Async.*;

import dev.weft.*;
import dev.weft.http.*;

/**
 * Finds the pages of one host, link by link, with ten workers: {@code ./weft run
 * examples/Crawler.java URL [DEPTH]}.
 */
static final Pattern LINK = Pattern.compile("<a\\s[^>]*href=[\"']([^\"'#\\s]+)");

record Page(URI url, int depth) {}

final Queue<Page> queue = Queue.create();
final Set<URI> seen = new HashSet<>(); // no lock: tasks of one loop run one at a time

void main(String[] args) {
    URI start = HttpRequest.get(args[0]).url();
    int depth = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    Async.run(() -> {
        try (HttpClient http = HttpClient.open()) {
            add(start, depth);
            for (int i = 0; i < 10; i++) {
                async(() -> work(http, start.getRawAuthority())); // until the body of run ends
            }
            queue.join(); // until all that was put in is done with
        }
    });
}

void add(URI url, int depth) {
    if (seen.size() < 10_000 && seen.add(url)) {
        queue.tryPut(new Page(url, depth));
    }
}

void work(HttpClient http, String host) {
    while (true) {
        Page page = queue.take();
        try (HttpResponse response = http.send(HttpRequest.get(page.url))) {
            IO.println(response.status() + " " + page.url);
            String type = String.valueOf(response.headers().first("Content-Type"));
            if (page.depth > 0 && type.startsWith("text/html")) {
                for (MatchResult link : LINK.matcher(response.text()).results().toList()) {
                    URI url = response.url().resolve(link.group(1));
                    if (host.equals(url.getRawAuthority())) {
                        add(url, page.depth - 1);
                    }
                }
            }
        } catch (UncheckedIOException | IllegalArgumentException e) {
            System.err.println(page.url + ": " + e.getMessage());
        } finally {
            queue.taskDone();
        }
    }
}
