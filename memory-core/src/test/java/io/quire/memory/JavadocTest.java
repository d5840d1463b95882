package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.Javadoc;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Javadoc of the exported packages is complete, its links lead somewhere, and its examples compile and are shown. */
@Timeout(120)
class JavadocTest {

    @Test
    void javadocOfTheExportedPackagesHasNoWarning(@TempDir Path output) throws Exception {
        Javadoc.check(output, "io.quire.memory", "io.quire.memory.contract", "io.quire.memory.device",
                "io.quire.memory.structure", "io.quire.memory.transfer", "io.quire.memory.view");
    }

    @Test
    void everyExampleIsASnippetThatATestCompiles() throws Exception {
        assertThat(Javadoc.filesWithUncompiledExamples()).isEmpty();
    }
}
