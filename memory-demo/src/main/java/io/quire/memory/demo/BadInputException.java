package io.quire.memory.demo;

import java.io.Serial;

/** The demo cannot do what the user asked for. The message is the one line that tells why. */
final class BadInputException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    BadInputException(String message) {
        super(message);
    }
}
