package io.quire.memory.bench.access;

/** Whose memory is read and written. */
public enum Memory {

    /** A space, through an accessor. */
    QUIRE("Quire"),
    /** One segment of the JDK, as large. */
    FLAT("flat segment"),
    /** A {@code ByteBuf} over that segment. */
    NETTY("Netty ByteBuf"),
    /** An {@code UnsafeBuffer} over that segment. */
    AGRONA("Agrona UnsafeBuffer"),
    /** None: what the loop and its random number cost. */
    NOTHING("nothing");

    private final String words;

    Memory(String words) {
        this.words = words;
    }

    /** How people write it. */
    String words() {
        return words;
    }
}
