package io.quire.memory.platform;

/**
 * An object that lies apart from the one before it, so that two threads that write to two such objects do not pass one
 * cache line to and fro: 128 bytes, because processors fetch lines in pairs.
 * <p>
 * The virtual machine puts the fields of a superclass before those of its subclass. So the fields to protect stand in a
 * direct subclass of this, and a subclass of that has 16 more fields, for the room behind. All fields are longs: a
 * smaller one could be put into a gap further ahead.
 */
@SuppressWarnings("UnusedVariable") // nobody uses them; they take room
public abstract class Apart {

    private long before01;
    private long before02;
    private long before03;
    private long before04;
    private long before05;
    private long before06;
    private long before07;
    private long before08;
    private long before09;
    private long before10;
    private long before11;
    private long before12;
    private long before13;
    private long before14;
    private long before15;
    private long before16;

    protected Apart() {
    }
}
