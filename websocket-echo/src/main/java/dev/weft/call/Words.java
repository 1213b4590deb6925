package dev.weft.call;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was typed: a method perhaps, a URL, and items.
 *
 * @param method null if none was given
 * @param url with a scheme
 * @param items what to send
 */
public record Words(@Nullable String method, String url, List<Item> items) {
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE");

    /**
     * Takes a command line's words apart.
     *
     * @param words one or more
     * @return what they mean
     * @throws IllegalArgumentException if they mean nothing
     */
    public static Words parse(List<String> words) {
        boolean named = words.size() > 1 && isMethod(words.getFirst());
        String method = named ? words.getFirst().toUpperCase(Locale.ROOT) : null;
        int at = named ? 1 : 0;
        List<Item> items = new ArrayList<>();
        for (String word : words.subList(at + 1, words.size())) {
            items.add(Item.parse(word));
        }
        return new Words(method, url(words.get(at)), List.copyOf(items));
    }

    /** A known one in any case, or one of capitals: no host is written so. */
    private static boolean isMethod(String word) {
        return METHODS.contains(word.toUpperCase(Locale.ROOT)) || word.matches("[A-Z][A-Z-]*");
    }

    /** With the scheme and the host that may be left out. */
    private static String url(String word) {
        if (word.matches("(?s)[A-Za-z][A-Za-z0-9+.-]*://.*")) {
            return word;
        }
        if (word.startsWith("//")) {
            return "http:" + word;
        }
        if (word.startsWith(":")) {
            boolean bare = word.length() == 1 || word.charAt(1) == '/';
            return "http://localhost" + (bare ? word.substring(1) : word);
        }
        return "http://" + word;
    }

    /** Whether an item is a body, or a part of one. */
    boolean haveBody() {
        return items.stream().anyMatch(i -> i.kind().isField() || i.kind() == Item.Kind.FILE);
    }

    /** The headers that were given by a name. */
    List<String> headers(String name) {
        return items.stream()
                .filter(i -> i.kind() == Item.Kind.HEADER && i.name().equalsIgnoreCase(name))
                .map(Item::value)
                .toList();
    }
}
