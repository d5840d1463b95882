package io.quire.memory.bench;

import java.io.Serial;

/** The user asked for something that the benchmarks cannot do. The message is one line and says why. */
final class BadSettingException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    BadSettingException(String message) {
        super(message);
    }
}
