package io.quire.examples;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.RunCursor;
import io.quire.memory.structure.ElementType;
import io.quire.memory.structure.ForkableArray;
import io.quire.memory.structure.StructureFork;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Tries eight changes of a column of prices at the same time, each in a fork of its own. A fork takes the same time for
 * a thousand prices and for 100 million, and memory only for the pages that the change writes. Without an argument
 * there are 100 million prices, in 800 MB.
 */
public final class WhatIfColumns {

    private static final int SCENARIOS = 8;

    /** One price in so many is changed. */
    private static final int SHARE = 100;

    /** So many prices are read, changed and written at once. */
    private static final int CHUNK = 8_192;

    public static void main(String[] args) throws ExecutionException, InterruptedException {
        long count = args.length == 0 ? 100_000_000 : Long.parseLong(args[0]);
        long bytes = count * Double.BYTES;
        long changedBytes = SCENARIOS * (bytes / SHARE);
        try (MemoryManager memory = MemoryManager.builder().hostPool(bytes + changedBytes + (16 << 20)).build();
                AddressSpace space = memory.newAddressSpace("prices")) {
            ForkableArray prices = ForkableArray.create(space, ElementType.DOUBLE, count);
            prices.resize(count);
            prices.fill(0, count, 100.0);
            System.out.println("now " + total(prices));
            for (long total : totals(prices)) {
                System.out.println("what if " + total);
            }
            System.out.println("still " + total(prices));
        }
    }

    /** Returns the total of each scenario. */
    private static List<Long> totals(ForkableArray prices) throws ExecutionException, InterruptedException {
        try (ExecutorService threads = Executors.newFixedThreadPool(SCENARIOS)) {
            List<Future<Long>> running = new ArrayList<>();
            for (int number = 1; number <= SCENARIOS; number++) {
                int raise = number;
                running.add(threads.submit(() -> totalAfter(prices, raise)));
            }
            List<Long> totals = new ArrayList<>();
            for (Future<Long> scenario : running) {
                totals.add(scenario.get());
            }
            return totals;
        }
    }

    /** Raises the first prices in a fork, adds up all prices there, and forgets the fork. */
    private static long totalAfter(ForkableArray prices, int raise) {
        try (StructureFork<ForkableArray> whatIf = prices.fork("what if " + raise)) {
            raise(whatIf.structure(), whatIf.structure().length() / SHARE, raise);
            return total(whatIf.structure());
        }
    }

    private static void raise(ForkableArray prices, long count, double raise) {
        double[] chunk = new double[CHUNK];
        for (long from = 0; from < count; from += CHUNK) {
            int length = (int) Math.min(CHUNK, count - from);
            prices.copyTo(from, chunk, 0, length);
            for (int i = 0; i < length; i++) {
                chunk[i] += raise;
            }
            prices.copyFrom(chunk, 0, from, length);
        }
    }

    private static long total(ForkableArray prices) {
        double sum = 0;
        try (RunCursor runs = prices.runs(0, prices.length())) {
            while (runs.next()) {
                MemorySegment run = runs.memory();
                for (long at = 0; at < run.byteSize(); at += Double.BYTES) {
                    sum += run.get(JAVA_DOUBLE, at);
                }
            }
        }
        return (long) sum;
    }
}
