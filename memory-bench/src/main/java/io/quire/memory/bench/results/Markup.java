package io.quire.memory.bench.results;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Text for HTML and SVG. */
final class Markup {

    private Markup() {
    }

    /** Text as it has to stand in HTML, SVG and their attributes. */
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

    /** A file that lies beside this class. */
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
