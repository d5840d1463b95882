package io.quire.memory.bench.results;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Escapes text for HTML and SVG, and reads the files beside this class. */
final class Markup {

    private Markup() {
    }

    /** Escapes text for HTML, SVG and their attributes. */
    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            switch (each) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(each);
            }
        }
        return escaped.toString();
    }

    /** Returns the text of a file that is beside this class. */
    static String file(String name) {
        try (InputStream stream = Markup.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException("the file is missing: " + name);
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
