package io.quire.memory.soak;

import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import java.util.List;

/**
 * A pin of the library, and the pages that it has to show.
 *
 * @param frames one for each page
 * @param byAccessor true if it is a pin by an accessor, whose segments end when it is closed
 */
record LivePin(Pin pin, long address, int sizeBytes, PinAccess access, List<ModelFrame> frames,
        boolean byAccessor) {

    byte[] content() {
        byte[] bytes = new byte[sizeBytes];
        int inPage = (int) (address % ModelSpace.PAGE);
        int done = 0;
        for (ModelFrame frame : frames) {
            int length = Math.min(ModelSpace.PAGE - inPage, sizeBytes - done);
            System.arraycopy(frame.bytes, inPage, bytes, done, length);
            done += length;
            inPage = 0;
        }
        return bytes;
    }

    void set(int at, byte value) {
        int offset = (int) (address % ModelSpace.PAGE) + at;
        frames.get(offset / ModelSpace.PAGE).bytes[offset % ModelSpace.PAGE] = value;
    }

    void release() {
        frames.forEach(frame -> frame.pins--);
    }
}
