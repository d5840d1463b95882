package io.quire.memory.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What the library says in the log while a test runs, which then does not go to the console. */
public final class LogLines extends Handler implements BeforeEachCallback, AfterEachCallback {

    private final Logger logger = Logger.getLogger("io.quire.memory");
    private final List<LogRecord> records = new CopyOnWriteArrayList<>();

    @Override
    public void beforeEach(ExtensionContext test) {
        logger.setUseParentHandlers(false);
        logger.addHandler(this);
    }

    @Override
    public void afterEach(ExtensionContext test) {
        logger.removeHandler(this);
        logger.setUseParentHandlers(true);
    }

    /** Warnings and errors that contain a text. */
    public List<String> about(String text) {
        return records.stream().filter(line -> line.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogRecord::getMessage).filter(line -> line.contains(text)).toList();
    }

    @Override
    public void publish(LogRecord line) {
        records.add(line);
    }

    @Override
    public void flush() {
    }

    @Override
    public void close() {
    }
}
