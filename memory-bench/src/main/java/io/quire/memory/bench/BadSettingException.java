package io.quire.memory.bench;

import java.io.Serial;

/** The benchmarks cannot do what the user asked for. The message is the one line that tells why. */
final class BadSettingException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    BadSettingException(String message) {
        super(message);
    }
}
