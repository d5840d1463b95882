package io.quire.memory.bench;

import java.io.Serial;

/** What the user asked for cannot be done; the message is the one line that tells why. */
final class BadSettingException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    BadSettingException(String message) {
        super(message);
    }
}
