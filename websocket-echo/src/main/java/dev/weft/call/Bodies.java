package dev.weft.call;

import dev.weft.http.HttpBody;
import dev.weft.http.Multipart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes the body that the items describe. */
final class Bodies {
    private static final long MOST_JSON_BYTES = 16L * 1024 * 1024;

    private final List<Item> items;
    private final boolean form;

    private Bodies(List<Item> items, boolean form) {
        this.items = items;
        this.form = form;
    }

    /** Null if they describe none; {@code @-} is none, either. */
    static @Nullable HttpBody of(Words words, boolean form) {
        List<Item> fields =
                words.items().stream()
                        .filter(i -> i.kind().isField() || i.kind() == Item.Kind.FILE)
                        .toList();
        return fields.isEmpty() ? null : new Bodies(fields, form).body();
    }

    /** Whether the body is to be read from standard input, and was said to be. */
    static boolean isStandardInput(Words words) {
        return words.items().stream().anyMatch(Bodies::isStandardInput);
    }

    private static boolean isStandardInput(Item item) {
        return item.kind() == Item.Kind.FILE && item.name().isEmpty() && item.value().equals("-");
    }

    private @Nullable HttpBody body() {
        for (Item item : items) {
            if (item.kind() == Item.Kind.FILE && item.name().isEmpty()) {
                if (items.size() > 1) {
                    throw new IllegalArgumentException(
                            "@" + item.value() + " is the whole body: it goes with no other data");
                }
                return isStandardInput(item) ? null : HttpBody.file(file(item));
            }
        }
        return form ? form() : json();
    }

    // ---- a form

    private HttpBody form() {
        for (Item item : items) {
            if (item.kind() == Item.Kind.JSON || item.kind() == Item.Kind.JSON_FILE) {
                throw new IllegalArgumentException(
                        item.name() + ":=" + item.value() + " is JSON: it goes not with --form");
            }
        }
        if (items.stream().anyMatch(i -> i.kind() == Item.Kind.FILE)) {
            return multipart();
        }
        List<String> pairs = new ArrayList<>();
        for (Item item : items) {
            pairs.add(item.name());
            pairs.add(text(item));
        }
        return HttpBody.form(pairs.toArray(String[]::new));
    }

    private HttpBody multipart() {
        Multipart parts = Multipart.of();
        for (Item item : items) {
            parts =
                    item.kind() == Item.Kind.FILE
                            ? parts.file(item.name(), file(item))
                            : parts.field(item.name(), text(item));
        }
        return HttpBody.multipart(parts);
    }

    // ---- JSON

    private HttpBody json() {
        Map<String, String> members = new LinkedHashMap<>();
        for (Item item : items) {
            String value =
                    switch (item.kind()) {
                        case JSON, JSON_FILE -> json(item);
                        case FIELD, FIELD_FILE -> quoted(text(item));
                        default ->
                                throw new IllegalArgumentException(
                                        item.name() + "@" + item.value() + " needs --form");
                    };
            members.put(item.name(), value);
        }
        StringBuilder object = new StringBuilder("{");
        members.forEach((name, value) -> {
            if (object.length() > 1) {
                object.append(", ");
            }
            object.append(quoted(name)).append(": ").append(value);
        });
        byte[] bytes = object.append('}').toString().getBytes(StandardCharsets.UTF_8);
        return HttpBody.of(bytes).type("application/json");
    }

    private static String json(Item item) {
        String json = item.kind() == Item.Kind.JSON_FILE ? read(item) : item.value();
        if (!JsonScanner.isValue(json)) {
            throw new IllegalArgumentException(
                    "not JSON: "
                            + (item.kind() == Item.Kind.JSON_FILE
                                    ? "what " + item.value() + " holds"
                                    : json)
                            + ", the value of "
                            + item.name()
                            + ": for a text write "
                            + item.name()
                            + "=...");
        }
        return json.strip();
    }

    /** As a JSON string (RFC 8259, section 7). */
    static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> json.append('\\').append(c);
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c)) {
                        json.append("\\u%04x".formatted((int) c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        return json.append('"').toString();
    }

    // ---- files

    private static String text(Item item) {
        return item.kind() == Item.Kind.FIELD_FILE ? read(item) : item.value();
    }

    private static String read(Item item) {
        Path file = file(item);
        try {
            if (Files.size(file) > MOST_JSON_BYTES) {
                throw new IllegalArgumentException(
                        file
                                + " is too long for a field: send it with --form and @, or as @"
                                + file);
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read " + file + ": " + e, e);
        }
    }

    private static Path file(Item item) {
        String name = item.value();
        try {
            Path file = Path.of(name);
            if (Files.isRegularFile(file) && Files.isReadable(file)) {
                return file;
            }
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("not a file: " + name, e);
        }
        throw new IllegalArgumentException("no such file, or one that cannot be read: " + name);
    }
}
