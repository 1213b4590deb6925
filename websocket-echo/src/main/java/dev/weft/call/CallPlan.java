package dev.weft.call;

import dev.weft.http.HttpOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the command line asks for.
 *
 * @param words method, URL and items
 * @param client the client's options
 * @param authorization for the header of this name; null for none
 * @param output the file for the body; null for standard output
 * @param flags what else was chosen
 */
public record CallPlan(
        Words words,
        HttpOptions client,
        @Nullable String authorization,
        @Nullable Path output,
        Flags flags) {
    /**
     * What is either chosen or not.
     *
     * @param form fields become a form, instead of JSON
     * @param ignoreInput standard input is no body
     * @param continues the file is continued
     * @param verbose each phase is told on standard error
     * @param include the head is printed in a pipe, too
     * @param checkStatus a status of 400 or more is a failure
     * @param insecure any certificate will do
     */
    public record Flags(
            boolean form,
            boolean ignoreInput,
            boolean continues,
            boolean verbose,
            boolean include,
            boolean checkStatus,
            boolean insecure) {}
}
