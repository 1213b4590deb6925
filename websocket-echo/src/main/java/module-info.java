/** The runnable echo server and client, and Weft's command line. */
module dev.weft.echo {
    requires dev.weft.net;
    requires dev.weft.runtime;
    requires info.picocli;
    requires io.netty.common;
    requires io.netty.pkitesting;
    requires jdk.jshell;
    requires java.prefs;
    requires org.slf4j;
    requires static org.jspecify;

    // picocli reads the annotations of the commands.
    opens dev.weft.echo to
            info.picocli;

    provides jdk.jshell.spi.ExecutionControlProvider with
            dev.weft.repl.LoopExecutionProvider;
}
