package io.quire.memory.nodes;

/**
 * What a node is for. Nodes that live about as long share pages, so that a page is either well used or soon empty.
 */
public enum Purpose {
    /** For a few pages after a fork, whatever the node is for: a change beside a snapshot then needs one page, not three. */
    ANY(0),
    /** Leads to other nodes. */
    INNER(1),
    /** Holds entries. */
    BUCKET(2),
    /** Has outlived others of its page, and was moved out of it. */
    MOVED(3);

    static final int COUNT = 4;

    /** Its number in the header of a store. */
    final int number;

    Purpose(int number) {
        this.number = number;
    }
}
