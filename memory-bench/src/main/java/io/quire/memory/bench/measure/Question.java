package io.quire.memory.bench.measure;

/**
 * Something that is asked of the library: a package of this suite, and the class that answers.
 *
 * @param name the last word of the package
 * @param answerer the simple name of the class
 */
public record Question(String name, String answerer) {

    /** What is asked before anybody has said what. */
    static final Question NONE = new Question("-", "-");

    /** The question that a class answers. */
    public static Question of(Class<?> answerer) {
        String packageName = answerer.getPackageName();
        return new Question(packageName.substring(packageName.lastIndexOf('.') + 1), answerer.getSimpleName());
    }
}
