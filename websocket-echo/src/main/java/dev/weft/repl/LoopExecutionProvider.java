package dev.weft.repl;

import java.util.Map;
import jdk.jshell.execution.LocalExecutionControlProvider;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionEnv;

/** How jshell finds {@link LoopExecution}: a service with a name. */
public final class LoopExecutionProvider extends LocalExecutionControlProvider {
    private static final String NAME = "weft";
    private static final String BANNER = "banner";

    /** For {@link java.util.ServiceLoader}. */
    public LoopExecutionProvider() {}

    /** What jshell is told; the banner is for people. */
    static String spec(boolean banner) {
        return NAME + ":" + BANNER + "(" + banner + ")";
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> defaultParameters() {
        return Map.of(BANNER, "false");
    }

    @Override
    public ExecutionControl createExecutionControl(
            ExecutionEnv env, Map<String, String> parameters) {
        return LoopExecution.open(env, Boolean.parseBoolean(parameters.get(BANNER)));
    }
}
