package io.quire.memory.testkit;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Keeps the library's warnings off the console while a test provokes them on purpose. */
public final class QuietLog implements BeforeEachCallback, AfterEachCallback {

    private final Logger logger = Logger.getLogger("io.quire.memory");

    @Override
    public void beforeEach(ExtensionContext test) {
        logger.setLevel(Level.OFF);
    }

    @Override
    public void afterEach(ExtensionContext test) {
        logger.setLevel(null);
    }
}
