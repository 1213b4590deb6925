package dev.weft.http;

import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The headers of a request or a response, or the trailers after its body: an ordered list of names
 * and values. A name's case does not matter; a name may come several times. Immutable: what changes
 * them returns a changed copy.
 *
 * {@snippet file="HttpHeadersTest.java" region="headers"}
 *
 * <p>Names and values are checked when they are set, so that no data from outside can smuggle a
 * header in (RFC 9110, sections 5.1 and 5.5). Each change copies the list: to build a long one, use
 * {@link #of} or {@link #addAll}.
 */
public final class HttpHeaders implements Iterable<HttpHeaders.Header> {
    private static final HttpHeaders EMPTY = new HttpHeaders(new CharSequence[0], 0);

    /** Room for what most responses have. */
    private static final int USUAL = 2 * 16;

    private static final List<String> SECRET =
            List.of("authorization", "proxy-authorization", "cookie", "set-cookie");

    /** Name, value, name, value... Shared by nobody who changes it. */
    private final CharSequence[] flat;

    /** How much of it is in use. */
    private final int length;

    private HttpHeaders(CharSequence[] flat, int length) {
        this.flat = flat;
        this.length = length;
    }

    /**
     * One header.
     *
     * @param name as it was written
     * @param value without white space around it
     */
    public record Header(String name, String value) {
        /** {@return {@code name: value}, without the value if it is a credential or a cookie} */
        @Override
        public String toString() {
            return name + ": " + (isSecret(name) ? "***" : value);
        }
    }

    /**
     * No headers.
     *
     * @return headers to start from
     */
    public static HttpHeaders empty() {
        return EMPTY;
    }

    /**
     * Headers with these names and values.
     *
     * @param namesAndValues a name, its value, the next name, its value...
     * @return the headers, in this order
     * @throws IllegalArgumentException if a name or a value is not allowed, or a value is missing
     */
    public static HttpHeaders of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "namesAndValues must be pairs: the last name has no value");
        }
        CharSequence[] flat = new CharSequence[namesAndValues.length];
        for (int i = 0; i < flat.length; i += 2) {
            flat[i] = HeaderSyntax.requireName(namesAndValues[i]);
            flat[i + 1] = HeaderSyntax.requireValue(namesAndValues[i], namesAndValues[i + 1]);
        }
        return flat.length == 0 ? EMPTY : new HttpHeaders(flat, flat.length);
    }

    /**
     * Those that a decoder has read and checked; HTTP/2's pseudo headers are left out. The names
     * and values stay as they are, so they must not change any more.
     */
    static HttpHeaders received(
            Iterable<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> entries) {
        return received(entries.iterator());
    }

    /** As {@link #received(Iterable)}; what Netty's HTTP/1.1 has without making strings. */
    static HttpHeaders received(
            Iterator<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> entries) {
        CharSequence[] flat = new CharSequence[USUAL];
        int length = 0;
        while (entries.hasNext()) {
            Map.Entry<? extends CharSequence, ? extends CharSequence> entry = entries.next();
            CharSequence name = entry.getKey();
            if (name.length() > 0 && name.charAt(0) == ':') {
                continue;
            }
            if (length == flat.length) {
                flat = Arrays.copyOf(flat, 2 * length);
            }
            flat[length] = name;
            flat[length + 1] = entry.getValue();
            length += 2;
        }
        return length == 0 ? EMPTY : new HttpHeaders(flat, length);
    }

    /**
     * The first value of a name.
     *
     * @param name in any case
     * @return the value; null if there is none
     */
    public @Nullable String first(String name) {
        int at = indexOf(name, 0);
        return at < 0 ? null : flat[at + 1].toString();
    }

    /**
     * All values of a name, one for each line that the peer sent: a list in one line, such as
     * {@code a, b}, stays one value.
     *
     * @param name in any case
     * @return the values in their order; empty if there is none
     */
    public List<String> all(String name) {
        int at = indexOf(name, 0);
        if (at < 0) {
            return List.of();
        }
        List<String> values = new ArrayList<>();
        for (; at >= 0; at = indexOf(name, at + 2)) {
            values.add(flat[at + 1].toString());
        }
        return Collections.unmodifiableList(values);
    }

    /**
     * Whether there is such a header.
     *
     * @param name in any case
     * @return true if there is one, even if its value is empty
     */
    public boolean contains(String name) {
        return indexOf(name, 0) >= 0;
    }

    /** Where a name stands, from an index on; -1 if nowhere. Allocates nothing. */
    private int indexOf(CharSequence name, int from) {
        Objects.requireNonNull(name, "name must not be null");
        for (int i = from; i < length; i += 2) {
            if (isSame(flat[i], name)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isSame(CharSequence name, CharSequence other) {
        return name == other
                || name.length() == other.length()
                        && AsciiString.contentEqualsIgnoreCase(name, other);
    }

    /**
     * How many headers there are.
     *
     * @return those of one name counted one by one
     */
    public int size() {
        return length / 2;
    }

    /**
     * Whether there is no header at all.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return length == 0;
    }

    /**
     * The different names.
     *
     * @return a set that cannot be changed, sorted, and indifferent to case
     */
    public Set<String> names() {
        Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < length; i += 2) {
            names.add(flat[i].toString());
        }
        return Collections.unmodifiableSet(names);
    }

    /** The name of one, counted from 0; for encoders. */
    CharSequence name(int index) {
        return flat[2 * Objects.checkIndex(index, size())];
    }

    /** Its value. */
    CharSequence value(int index) {
        return flat[2 * Objects.checkIndex(index, size()) + 1];
    }

    /**
     * Sets a header, in the place of all those with this name: where the first of them stood, else
     * at the end.
     *
     * @param name a token, such as {@code Accept}
     * @param value may be empty; white space around it is dropped
     * @return the changed copy
     * @throws IllegalArgumentException if the name is no token, or the value has control characters
     *     or characters beyond U+00FF
     */
    public HttpHeaders set(String name, String value) {
        String checkedName = HeaderSyntax.requireName(name);
        String checkedValue = HeaderSyntax.requireValue(name, value);
        int at = indexOf(checkedName, 0);
        if (at < 0) {
            return appended(checkedName, checkedValue);
        }
        CharSequence[] copy = Arrays.copyOf(flat, length);
        copy[at] = checkedName;
        copy[at + 1] = checkedValue;
        return new HttpHeaders(copy, without(checkedName, copy, at + 2, length));
    }

    /**
     * Adds a header at the end, whether or not there are others with this name.
     *
     * @param name a token, such as {@code Accept}
     * @param value may be empty; white space around it is dropped
     * @return the changed copy
     * @throws IllegalArgumentException as {@link #set}
     */
    public HttpHeaders add(String name, String value) {
        return appended(HeaderSyntax.requireName(name), HeaderSyntax.requireValue(name, value));
    }

    private HttpHeaders appended(String name, String value) {
        CharSequence[] copy = Arrays.copyOf(flat, length + 2);
        copy[length] = name;
        copy[length + 1] = value;
        return new HttpHeaders(copy, copy.length);
    }

    /**
     * Adds others at the end, whether or not there are headers with these names.
     *
     * @param others what to add
     * @return the changed copy
     */
    public HttpHeaders addAll(HttpHeaders others) {
        if (others.length == 0) {
            return this;
        }
        if (length == 0) {
            return others;
        }
        CharSequence[] copy = Arrays.copyOf(flat, length + others.length);
        System.arraycopy(others.flat, 0, copy, length, others.length);
        return new HttpHeaders(copy, copy.length);
    }

    /** With those of others at the end whose names are not here. */
    HttpHeaders withDefaults(HttpHeaders others) {
        if (length == 0) {
            return others;
        }
        CharSequence[] copy = Arrays.copyOf(flat, length + others.length);
        int end = length;
        for (int i = 0; i < others.length; i += 2) {
            if (indexOf(others.flat[i], 0) < 0) {
                copy[end++] = others.flat[i];
                copy[end++] = others.flat[i + 1];
            }
        }
        return new HttpHeaders(copy, end);
    }

    /**
     * Removes all headers with a name.
     *
     * @param name in any case
     * @return the changed copy; this if there is none
     */
    public HttpHeaders remove(String name) {
        int at = indexOf(name, 0);
        if (at < 0) {
            return this;
        }
        CharSequence[] copy = Arrays.copyOf(flat, length);
        int left = without(name, copy, at, length);
        return left == 0 ? EMPTY : new HttpHeaders(copy, left);
    }

    /** Closes the gaps; tells what is left. */
    private static int without(CharSequence name, CharSequence[] flat, int from, int length) {
        int left = from;
        for (int i = from; i < length; i += 2) {
            if (!isSame(flat[i], name)) {
                flat[left] = flat[i];
                flat[left + 1] = flat[i + 1];
                left += 2;
            }
        }
        Arrays.fill(flat, left, length, "");
        return left;
    }

    /** One after the other, in their order. */
    @Override
    public Iterator<Header> iterator() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < length;
            }

            @Override
            public Header next() {
                if (next >= length) {
                    throw new NoSuchElementException();
                }
                Header header = new Header(flat[next].toString(), flat[next + 1].toString());
                next += 2;
                return header;
            }
        };
    }

    private static boolean isSecret(CharSequence name) {
        for (String secret : SECRET) {
            if (isSame(secret, name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether they are the same in the same order; the case of names does not matter. */
    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof HttpHeaders that) || length != that.length) {
            return false;
        }
        for (int i = 0; i < length; i += 2) {
            if (!isSame(flat[i], that.flat[i])
                    || !flat[i + 1].toString().equals(that.flat[i + 1].toString())) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = 0; i < length; i += 2) {
            hash = 31 * hash + AsciiString.hashCode(flat[i]);
            hash = 31 * hash + flat[i + 1].toString().hashCode();
        }
        return hash;
    }

    /** {@return all of them, without the values of credentials and cookies} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (Header header : this) {
            text.append(text.length() == 1 ? "" : ", ").append(header);
        }
        return text.append(']').toString();
    }
}
