package io.quire.memory.bench.measure;

/**
 * A question about the library: a package of this suite, and the class that answers it.
 *
 * @param name the last part of the package name
 * @param answerer the simple name of the class
 */
public record Question(String name, String answerer) {

    /** Stands for no question, before the first one begins. */
    static final Question NONE = new Question("-", "-");

    /** Returns the question that a class answers. */
    public static Question of(Class<?> answerer) {
        String packageName = answerer.getPackageName();
        return new Question(packageName.substring(packageName.lastIndexOf('.') + 1), answerer.getSimpleName());
    }
}
