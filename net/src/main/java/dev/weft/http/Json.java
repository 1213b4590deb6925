package dev.weft.http;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON by Jackson, which need not be there: only {@link Jackson} touches its classes, and is loaded
 * when JSON is used.
 */
final class Json {
    private Json() {}

    /** In UTF-8. */
    static byte[] write(@Nullable Object value) {
        try {
            return Jackson.MAPPER.writeValueAsBytes(value);
        } catch (NoClassDefFoundError e) {
            throw missing(e);
        }
    }

    /** Null for JSON's own {@code null}. */
    static <T> @Nullable T read(byte[] json, Class<T> type) {
        try {
            return Jackson.MAPPER.readValue(json, type);
        } catch (NoClassDefFoundError e) {
            throw missing(e);
        }
    }

    /** As {@link #read(byte[], Class)}, of a type with parameters, which the caller casts to. */
    static @Nullable Object read(byte[] json, Type type) {
        try {
            JsonMapper mapper = Jackson.MAPPER;
            return mapper.readValue(json, mapper.constructType(type));
        } catch (NoClassDefFoundError e) {
            throw missing(e);
        }
    }

    /** A class of the user's own may be missing, too. */
    private static Error missing(NoClassDefFoundError e) {
        String message = e.getMessage();
        if (message != null && (message.contains("jackson") || message.contains("Json$Jackson"))) {
            throw new IllegalStateException(
                    "JSON needs Jackson 3 on the class path: add"
                            + " tools.jackson.core:jackson-databind to the dependencies",
                    e);
        }
        return e;
    }

    /** Jackson 3 with its defaults. */
    private static final class Jackson {
        static final JsonMapper MAPPER = JsonMapper.shared();

        private Jackson() {}
    }
}
