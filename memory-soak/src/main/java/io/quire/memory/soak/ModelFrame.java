package io.quire.memory.soak;

/** The content of a page. It is changed in place only while it is pinned; otherwise spaces of the model share it. */
final class ModelFrame {

    static final int BYTES = 4096;

    final byte[] bytes;
    int pins;

    ModelFrame(byte[] bytes) {
        this.bytes = bytes;
    }

    static ModelFrame zero() {
        return new ModelFrame(new byte[BYTES]);
    }

    ModelFrame copy() {
        return new ModelFrame(bytes.clone());
    }
}
