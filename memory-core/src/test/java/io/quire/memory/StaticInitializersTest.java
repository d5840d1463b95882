package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StaticInitializersTest {
    private static final String LIBRARY = "io.quire.memory.";

    @Test
    void everyClassWithAStaticInitializerIsListed() throws Exception {
        List<String> listed = Stream.concat(Arrays.stream(StaticInitializers.CLASSES),
                Arrays.stream(StaticInitializers.NATIVE_CLASSES)).toList();

        assertThat(listed).containsExactlyInAnyOrderElementsOf(compiled());
    }

    private static List<String> compiled() throws Exception {
        Path root = Path.of(MemoryManager.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(root.resolve("io"))) {
            return files.filter(file -> file.toString().endsWith(".class")).map(StaticInitializersTest::parse)
                    .filter(StaticInitializersTest::isInitialized)
                    .map(model -> model.thisClass().asInternalName().replace('/', '.').substring(LIBRARY.length()))
                    .filter(name -> !name.equals("StaticInitializers")).toList();
        }
    }

    private static ClassModel parse(Path file) {
        try {
            return ClassFile.of().parse(file);
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }

    private static boolean isInitialized(ClassModel model) {
        return model.methods().stream().anyMatch(method -> method.methodName().equalsString("<clinit>"));
    }
}
