package io.quire.memory.soak;

import java.io.Serial;

/** The library did what it must not do. */
final class SoakFailure extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    SoakFailure(String message) {
        super(message);
    }

    SoakFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
