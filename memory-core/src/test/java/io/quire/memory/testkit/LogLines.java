package io.quire.memory.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Collects what the library logs during a test, and keeps it off the console. */
public final class LogLines extends Handler implements BeforeEachCallback, AfterEachCallback {

    private final Logger logger = Logger.getLogger("io.quire.memory");
    private final List<LogRecord> records = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private volatile Error refusal = new AssertionError("nothing is refused");

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

    /** Throws an Error for so many of the next lines. */
    public void refuse(int lines, Error error) {
        refusal = error;
        refusals.set(lines);
    }

    public void clear() {
        records.clear();
    }

    public List<LogRecord> records() {
        return records;
    }

    /** Returns the warnings and errors that contain a text. */
    public List<String> about(String text) {
        return records.stream().filter(line -> line.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogRecord::getMessage).filter(line -> line.contains(text)).toList();
    }

    @Override
    public void publish(LogRecord line) {
        if (refusals.getAndDecrement() > 0) {
            throw refusal;
        }
        records.add(line);
    }

    @Override
    public void flush() {
    }

    @Override
    public void close() {
    }
}
