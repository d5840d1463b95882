package io.quire.memory.demo;

import java.io.Serial;

/** The user asked for something that the demo cannot do. The message is one line and says why. */
final class BadInputException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    BadInputException(String message) {
        super(message);
    }
}
