package io.quire.memory.softdevice;

/** The results of calls to a device: the numbers of {@code enum quire_status}. Numbers from 100 on come from tests. */
final class Status {

    static final int OK = 0;
    static final int BAD_ARGUMENT = 1;
    static final int UNKNOWN_DEVICE = 2;
    static final int UNKNOWN_MIRROR = 3;
    static final int REFUSED = 5;
    static final int NOT_MAPPED = 6;
    static final int FAULT_FAILED = 7;
    static final int BUSY = 8;
    static final int OUTDATED = 9;
    static final int USE_AFTER_FREE = 10;
    static final int DOUBLE_ALLOCATION = 11;
    static final int DOUBLE_FREE = 12;
    static final int BAD_ANSWER = 13;
    static final int CLOSED = 14;
    static final int TIMED_OUT = 15;
    static final int PROTOCOL_ERROR = 16;

    private static final String[] TEXTS = {
        "done",
        "an argument is out of range",
        "the device is closed",
        "the mirror is not attached",
        "the operating system has no memory left",
        "refused",
        "a page is not mapped",
        "a fault was refused",
        "every answer was outdated before it could be used",
        "the translations are outdated",
        "a freed frame was used",
        "a frame was allocated twice",
        "a frame was freed twice",
        "a translation has no valid memory or access",
        "the device is being closed",
        "the time limit has passed",
        "a call broke the order of the protocol",
    };

    private Status() {
    }

    static String text(int status) {
        return status < TEXTS.length ? TEXTS[status] : "a test ordered this failure";
    }
}
