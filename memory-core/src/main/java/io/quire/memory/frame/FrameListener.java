package io.quire.memory.frame;

/** Who wants to know when frames of a pool come into use and go out of it: the device they belong to. Any thread. */
public interface FrameListener {

    /** Nobody. */
    FrameListener NONE = new FrameListener() {
        @Override
        public boolean allocated(int frame) {
            return true;
        }

        @Override
        public void freed(int frame) {
        }
    };

    /** A frame is about to be used; false if it may not be. */
    boolean allocated(int frame);

    /** A frame went out of use, once for each that came in. */
    void freed(int frame);
}
