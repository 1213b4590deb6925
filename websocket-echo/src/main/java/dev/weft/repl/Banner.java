package dev.weft.repl;

import dev.weft.Loop;

/** What the prompt says of itself. */
final class Banner {
    private Banner() {}

    static String text(Loop loop) {
        // From the jar's manifest; there is none when run from class files.
        String version = Banner.class.getPackage().getImplementationVersion();
        return """
        Weft %s on JDK %s, %s
        await(…), async(…), sleep(…) work here; Ctrl-C cancels what runs; /exit ends.
        """
                .formatted(version == null ? "development" : version, Runtime.version(), loop);
    }

    static String stubborn() {
        return "|  something holds the loop and does not react; kill -QUIT "
                + ProcessHandle.current().pid()
                + " shows what, kill -KILL ends it";
    }
}
