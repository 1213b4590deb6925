package dev.weft.repl;

import dev.weft.Async;
import dev.weft.net.Tcp;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Weft's classes as jshell's compiler should see them: without type annotations. For {@code var t =
 * async(() -> …)} jshell writes the variable's type out, and from {@code Task<@Nullable Void>} it
 * makes {@code Task<@org.jspecify.annotations.Nullable java.lang.Void>}, which is no Java, and so
 * the variable is lost.
 */
final class PlainTypes {
    private static final byte[] ATTRIBUTE = bytes("RuntimeVisibleTypeAnnotations");

    /** As long, and known to nobody: a reader has to pass it over. */
    private static final byte[] UNKNOWN = bytes("WeftHiddenFromTheJShellParser");

    private PlainTypes() {}

    private static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes such a jar. */
    static void write(Path jar) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.setLevel(0); // it is read once, from the same machine
            for (Class<?> module : List.of(Async.class, Tcp.class)) {
                copy(
                        Path.of(module.getProtectionDomain().getCodeSource().getLocation().toURI()),
                        zip);
            }
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private static void copy(Path jarOrFolder, ZipOutputStream zip) throws IOException {
        if (Files.isDirectory(jarOrFolder)) {
            copyFolder(jarOrFolder, zip);
        } else {
            try (FileSystem jar = FileSystems.newFileSystem(jarOrFolder)) {
                copyFolder(jar.getPath("/"), zip);
            }
        }
    }

    private static void copyFolder(Path root, ZipOutputStream zip) throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("dev"))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (file.toString().endsWith(".class")) {
                    zip.putNextEntry(
                            new ZipEntry(
                                    root.relativize(file)
                                            .toString()
                                            .replace(File.separatorChar, '/')));
                    hide(Files.readAllBytes(file), zip);
                }
            }
        }
    }

    /** Renames the attribute, where the class names it: once, in its constant pool. */
    private static void hide(byte[] type, OutputStream out) throws IOException {
        search:
        for (int i = 0; i <= type.length - ATTRIBUTE.length; i++) {
            for (int j = 0; j < ATTRIBUTE.length; j++) {
                if (type[i + j] != ATTRIBUTE[j]) {
                    continue search;
                }
            }
            System.arraycopy(UNKNOWN, 0, type, i, UNKNOWN.length);
            break;
        }
        out.write(type);
    }
}
