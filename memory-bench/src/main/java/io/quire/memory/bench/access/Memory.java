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
    /** That segment, behind an array with a word for each page: what it costs alone to look a page up. */
    FLAT_BEHIND_TABLE("flat segment behind a table"),
    /** That segment, and as many instructions more for each word as a space has: what they cost alone. */
    FLAT_AND_WORK("flat segment and other work"),
    /** That segment, each word stored inside a writer's slot: what its two stores cost alone. */
    FLAT_IN_SLOT("flat segment in a slot"),
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
