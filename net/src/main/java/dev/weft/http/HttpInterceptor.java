package dev.weft.http;

/**
 * Stands around each call of a client: changes the request, looks at the response, answers by
 * itself, calls again. Runs in the task that makes the call, and may suspend.
 *
 * {@snippet file="HttpClientTest.java" region="interceptor"}
 */
@FunctionalInterface
public interface HttpInterceptor {
    /**
     * Makes a call.
     *
     * @param request what is asked for
     * @param next goes on with it; may be called more than once, for which earlier responses have
     *     to be closed
     * @return the response
     * @throws Exception any failure, which is the call's
     */
    HttpResponse intercept(HttpRequest request, Chain next) throws Exception;

    /** The interceptors behind, and the client itself. */
    @FunctionalInterface
    interface Chain {
        /**
         * Goes on; suspends.
         *
         * @param request what to ask for
         * @return the response
         */
        HttpResponse proceed(HttpRequest request);
    }
}
