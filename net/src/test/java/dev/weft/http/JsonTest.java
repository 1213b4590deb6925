package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;

class JsonTest {
    record Point(int x, String label) {}

    @SuppressWarnings("unused") // its type is looked at
    private static final Map<String, List<Point>> POINTS = Map.of();

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String written(Object value) {
        HttpBody body = HttpBody.json(value);
        assertThat(body.contentType()).isEqualTo("application/json");
        assertThat(body.isReplayable()).isTrue();
        return new String(body.small(), StandardCharsets.UTF_8);
    }

    @Test
    void writesWhatJacksonWrites() {
        assertThat(written(new Point(1, "caf\u00e9 \ud83d\ude00")))
                .isEqualTo("{\"x\":1,\"label\":\"caf\u00e9 \ud83d\ude00\"}");
        assertThat(written(List.of(1, "a", Map.of()))).isEqualTo("[1,\"a\",{}]");
        assertThat(written(null)).isEqualTo("null");
        assertThat(written("{}")).isEqualTo("\"{}\"");
    }

    @Test
    void itIsWrittenAtOnce() {
        List<Integer> list = new java.util.ArrayList<>(List.of(1));
        HttpBody body = HttpBody.json(list);
        list.add(2);
        assertThat(body.small()).isEqualTo(utf8("[1]"));
    }

    @Test
    void readsClassesAndGenericTypes() throws Exception {
        assertThat(Json.read(utf8("{\"x\":1,\"label\":\"\u00e9\"}"), Point.class))
                .isEqualTo(new Point(1, "\u00e9"));
        assertThat(Json.read(utf8("\ufeff[1,2]"), int[].class)).containsExactly(1, 2);
        assertThat(Json.read(utf8("null"), Point.class)).isNull();
        Type points = JsonTest.class.getDeclaredField("POINTS").getGenericType();
        assertThat(points).isInstanceOf(ParameterizedType.class);
        assertThat(Json.read(utf8("{\"a\":[{\"x\":3,\"label\":null}]}"), points))
                .isEqualTo(Map.of("a", List.of(new Point(3, null))));
    }

    @Test
    void whatIsNoJsonSaysWhere() {
        assertThatThrownBy(() -> Json.read(utf8("{\"x\": nonsense}"), Point.class))
                .isInstanceOf(JacksonException.class)
                .hasMessageContaining("byte offset: #6");
        assertThatThrownBy(() -> Json.read(utf8(""), Point.class))
                .isInstanceOf(JacksonException.class);
        assertThatThrownBy(() -> Json.read(utf8("{\"x\":1} trailing"), Point.class))
                .isInstanceOf(JacksonException.class);
        assertThatThrownBy(() ->
                        HttpBody.json(
                                new Object() {
                                    @SuppressWarnings("unused") // called by Jackson
                                    public String getFailing() {
                                        throw new IllegalStateException("no");
                                    }
                                }))
                .isInstanceOf(JacksonException.class);
    }

    /** Deep nesting ends in an error, not in a stack overflow. */
    @Test
    void depthIsBounded() {
        byte[] deep = utf8("[".repeat(1_000_000));
        assertThatThrownBy(() -> Json.read(deep, Object.class))
                .isInstanceOf(JacksonException.class)
                .hasMessageContaining("depth");
        Object nested = List.of();
        for (int i = 0; i < 100_000; i++) {
            nested = Collections.singletonList(nested);
        }
        Object deepValue = nested;
        assertThatThrownBy(() -> HttpBody.json(deepValue)).isInstanceOf(JacksonException.class);
    }

    // ---- without Jackson

    /** This package anew, as if Jackson's classes were not there. */
    private static final class WithoutJackson extends ClassLoader {
        WithoutJackson() {
            super(JsonTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("tools.jackson")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith("dev.weft.http.")) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @Test
    void withoutJacksonTheErrorNamesTheDependency() throws Exception {
        Class<?> body = new WithoutJackson().loadClass("dev.weft.http.HttpBody");
        Object text = body.getMethod("text", String.class).invoke(null, "works");
        assertThat(body.getMethod("length").invoke(text)).isEqualTo(5L);
        Method json = body.getMethod("json", Object.class);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> json.invoke(null, 1))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "JSON needs Jackson 3 on the class path: add"
                                    + " tools.jackson.core:jackson-databind to the dependencies");
        }
    }

    /** What is missing is the user's own. */
    @Test
    void aClassThatIsMissingElsewhereIsReportedAsItIs() {
        Object bean =
                new Object() {
                    @SuppressWarnings("unused") // called by Jackson
                    public String getBroken() {
                        throw new NoClassDefFoundError("org/example/Gone");
                    }
                };
        assertThatThrownBy(() -> HttpBody.json(bean))
                .isInstanceOf(NoClassDefFoundError.class)
                .hasMessage("org/example/Gone");
    }
}
