package io.quire.memory.errors;

import java.util.function.Supplier;

/**
 * An operation of the library that is tried with an Error at each of its points.
 *
 * @param name the name in reports
 * @param trial prepares a new world for each try
 */
public record Scenario(String name, Supplier<Trial> trial) {

    @Override
    public String toString() {
        return name;
    }
}
