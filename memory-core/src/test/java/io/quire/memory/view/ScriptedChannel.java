package io.quire.memory.view;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A channel that moves a few bytes a call, and does what a test wants before and after them. */
final class ScriptedChannel implements ReadableByteChannel, WritableByteChannel {

    /** What a test does in a call; the calls are counted from 1. */
    interface Deed {
        void run(int call) throws IOException;
    }

    private final int bytesPerCall;
    private final byte[] given;
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private int givenBytes;
    private int calls;
    private int pause;
    private Deed before = _ -> {};
    private Deed after = _ -> {};

    private ScriptedChannel(int bytesPerCall, byte[] given) {
        this.bytesPerCall = bytesPerCall;
        this.given = given;
    }

    static ScriptedChannel taking(int bytesPerCall) {
        return new ScriptedChannel(bytesPerCall, new byte[0]);
    }

    static ScriptedChannel giving(int bytesPerCall, byte[] bytes) {
        return new ScriptedChannel(bytesPerCall, bytes);
    }

    /** Moves nothing in one call, and goes on in the next. */
    ScriptedChannel pausingAt(int call) {
        pause = call;
        return this;
    }

    ScriptedChannel before(Deed deed) {
        before = deed;
        return this;
    }

    ScriptedChannel after(Deed deed) {
        after = deed;
        return this;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        calls++;
        before.run(calls);
        byte[] part = new byte[Math.min(bytes(), source.remaining())];
        source.get(part);
        taken.writeBytes(part);
        after.run(calls);
        return part.length;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        calls++;
        before.run(calls);
        if (givenBytes == given.length) {
            return -1;
        }
        int length = Math.min(Math.min(bytes(), target.remaining()), given.length - givenBytes);
        target.put(given, givenBytes, length);
        givenBytes += length;
        after.run(calls);
        return length;
    }

    private int bytes() {
        return calls == pause ? 0 : bytesPerCall;
    }

    byte[] taken() {
        return taken.toByteArray();
    }

    int givenBytes() {
        return givenBytes;
    }

    int calls() {
        return calls;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("nobody asked for that");
    }
}
