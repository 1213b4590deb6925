package dev.weft;

/**
 * Thrown by {@code emit} in the body of a {@link Generator} that is closed early, so that the
 * body's {@code finally} blocks run.
 *
 * <p>It is an {@link Error}, so that {@code catch (Exception e)} does not swallow it. Clean up in
 * {@code finally}, and emit nothing more. It goes no further than the generator. Counterpart of
 * Python's exception of that name.
 */
public final class GeneratorExit extends Error {
    private static final long serialVersionUID = 1L;

    GeneratorExit() {
        // Control flow: nobody reads its stack.
        super("the generator is being closed", null, true, false);
    }
}
