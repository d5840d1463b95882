package io.quire.memory.bench.measure;

/**
 * A question about the library: a package of this suite, and the class that answers.
 *
 * @param name the last word of the package
 * @param answerer the simple name of the class
 */
public record Question(String name, String answerer) {

    /** Stands for a question before the first one. */
    static final Question NONE = new Question("-", "-");

    /** The question that a class answers. */
    public static Question of(Class<?> answerer) {
        String packageName = answerer.getPackageName();
        return new Question(packageName.substring(packageName.lastIndexOf('.') + 1), answerer.getSimpleName());
    }
}
