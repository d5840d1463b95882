package io.quire.memory.frame;

/**
 * The device of a pool, which learns when frames come into use and when they become free. It is asked before a frame is
 * used, which may take time and may fail. It is told before a frame becomes free, which must be quick and must not
 * fail. Any thread.
 */
public interface FrameListener {

    /** Agrees to everything and remembers nothing. */
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
     * Asks for a frame that is about to be used; returns false to refuse it. If this throws, the frame is not used
     * either. {@link #freed} is called in neither case.
     */
    boolean allocated(int frame);

    /**
     * Asks for several frames that are about to be used. If this throws, none of those that it was asked for is used.
     *
     * @return how many of them, from the first on, may be used. If that is not all, the next one is refused, and those
     *         after it have not been asked for yet
     */
    int allocated(int[] frames);

    /** A frame is no longer used. Called once for each frame that was granted. */
    void freed(int frame);

    /** Several frames are no longer used. They are reported once each, here or one by one. */
    void freed(int[] frames);
}
