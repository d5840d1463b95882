package io.quire.memory.bench.demo;

import java.io.Serial;

/** What the user asked for cannot be done; the message is the one line that tells why. */
final class BadInputException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    BadInputException(String message) {
        super(message);
    }
}
