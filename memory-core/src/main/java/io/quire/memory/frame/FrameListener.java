package io.quire.memory.frame;

/**
 * Learns when frames of a pool come into use and go out of it: the device they belong to. Any thread. It is asked
 * before a frame is used, which may take time and fail, and told before a frame is free, which does neither.
 */
public interface FrameListener {

    /** Nobody. */
    FrameListener NONE = new FrameListener() {
        @Override
        public boolean allocated(int frame) {
            return true;
        }

        @Override
        public int allocated(int[] frames) {
            return frames.length;
        }

        @Override
        public void freed(int frame) {
        }

        @Override
        public void freed(int[] frames) {
        }
    };

    /**
     * A frame is about to be used; false if it may not be. Where it throws, too, nobody uses it, and it was not told of.
     */
    boolean allocated(int frame);

    /**
     * Frames are about to be used. Where it throws nobody uses them.
     *
     * @return how many of them, from the first on, may be; if not all, the next one may not, and those after it have
     *         not been asked for
     */
    int allocated(int[] frames);

    /** A frame went out of use, once for each that came in. */
    void freed(int frame);

    /** Frames went out of use, once for each that came in. */
    void freed(int[] frames);
}
