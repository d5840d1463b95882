package io.quire.memory.bench.access;

/** The memory that is read and written: ours, or that of a rival. */
public enum Memory {

    /** A space, through an accessor. */
    QUIRE("Quire"),
    /** One segment of the JDK, of the same size. */
    FLAT("flat segment"),
    /** A {@code ByteBuf} over that segment. */
    NETTY("Netty ByteBuf"),
    /** An {@code UnsafeBuffer} over that segment. */
    AGRONA("Agrona UnsafeBuffer"),
    /** That segment, behind an array with a word for each page: what looking up the page costs alone. */
    FLAT_BEHIND_TABLE("flat segment behind a table"),
    /** That segment, with as many instructions more for each word as a space needs: what they cost alone. */
    FLAT_AND_WORK("flat segment and other work"),
    /** That segment, with a writer slot set and cleared around each store: what these two stores cost alone. */
    FLAT_IN_SLOT("flat segment in a slot"),
    /** No memory: what the loop and its random number cost. */
    NOTHING("nothing");

    private final String label;

    Memory(String label) {
        this.label = label;
    }

    /** Returns the name as reports print it. */
    String label() {
        return label;
    }
}
