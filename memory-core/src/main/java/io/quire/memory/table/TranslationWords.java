package io.quire.memory.table;

import io.quire.memory.platform.Apart;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The words of a {@link TranslationVersion}: the version, and its last invalidations. Each first write of each thread
 * writes two of them. They are so few that they mostly lie in one cache line, and such a line is all that the threads
 * pass to each other.
 */
abstract sealed class TranslationWords extends Apart permits TranslationVersion {

    /** The number of invalidations that are remembered. */
    static final int REMEMBERED = 4;

    static final VarHandle VERSION = handle("version");
    private static final VarHandle WORD_0 = handle("word0");
    private static final VarHandle WORD_1 = handle("word1");
    private static final VarHandle WORD_2 = handle("word2");
    private static final VarHandle WORD_3 = handle("word3");

    volatile long version;

    // Accessed through the handles above.
    @SuppressWarnings("UnusedVariable")
    private long word0;
    @SuppressWarnings("UnusedVariable")
    private long word1;
    @SuppressWarnings("UnusedVariable")
    private long word2;
    @SuppressWarnings("UnusedVariable")
    private long word3;

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(TranslationWords.class, field, long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** Stores the word of the invalidation that made a version. */
    final void remember(long itsVersion, long word) {
        switch ((int) itsVersion & REMEMBERED - 1) { // a handle out of an array would be no constant
            case 0 -> WORD_0.setOpaque(this, word);
            case 1 -> WORD_1.setOpaque(this, word);
            case 2 -> WORD_2.setOpaque(this, word);
            default -> WORD_3.setOpaque(this, word);
        }
    }

    /** The word in the place of a version, which may be that of another version. */
    final long remembered(long itsVersion) {
        return switch ((int) itsVersion & REMEMBERED - 1) {
            case 0 -> (long) WORD_0.getOpaque(this);
            case 1 -> (long) WORD_1.getOpaque(this);
            case 2 -> (long) WORD_2.getOpaque(this);
            default -> (long) WORD_3.getOpaque(this);
        };
    }
}
