/**
 * The JUnit extension that this project's own tests share: the test method as a task, in both
 * scheduler modes.
 */
package dev.weft.testkit;
