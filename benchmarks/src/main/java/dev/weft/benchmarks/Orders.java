package dev.weft.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** What a process of a measurement is told on standard input: each line is answered with one. */
@FunctionalInterface
interface Orders {
    /** Does what a line says, given as its words, and returns the answer. */
    String obey(String[] words) throws Exception;

    /**
     * Obeys until standard input ends, as then the parent has gone or wants this process to, and
     * ends the process.
     *
     * @param greeting the first line it prints, once it is ready
     */
    static void obeyAll(String greeting, Orders orders) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println(greeting);
        for (String line; (line = in.readLine()) != null; ) {
            String answer;
            try {
                answer = orders.obey(line.split(" ", -1));
            } catch (Exception e) {
                answer = "error " + e;
            }
            System.out.println(answer);
        }
        Runtime.getRuntime().halt(0);
    }
}
