package io.quire.memory.softdevice;

/** A fault that {@link FaultInjection} injects into a device. */
sealed interface Fault {

    record FailAllocation(int k) implements Fault {
    }

    record FailCopy(int k, int code) implements Fault {
    }

    record Delay(FaultInjection.Phase phase, int micros) implements Fault {
    }

    record RefuseNonBlocking(boolean on) implements Fault {
    }

    record HoldInvalidations(boolean on) implements Fault {
    }

    record HoldAccesses(boolean on) implements Fault {
    }
}
