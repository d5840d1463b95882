package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserFilesTest {

    @TempDir
    private Path folder;

    @Test
    void filesOfAllFoldersBelowAreListed() throws Exception {
        Path top = Files.writeString(folder.resolve("top"), "1234");
        Path deep = Files.writeString(Files.createDirectories(folder.resolve("a/b")).resolve("deep"), "12");

        assertThat(new UserFiles(folder).sources()).containsExactlyInAnyOrder(
                new Input.Source(top.toRealPath(), 4), new Input.Source(deep.toRealPath(), 2));
    }

    @Test
    void fileIsListedAlone() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "1234");
        Files.writeString(folder.resolve("other"), "12");

        assertThat(new UserFiles(file).sources()).containsExactly(new Input.Source(file.toRealPath(), 4));
    }

    @Test
    void linkToAFileIsFollowed() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "1234");
        Path links = Files.createDirectory(folder.resolve("links"));
        Path link = Files.createSymbolicLink(links.resolve("link"), file);

        assertThat(new UserFiles(links).sources()).containsExactly(
                new Input.Source(links.toRealPath().resolve(link.getFileName()), 4));
    }

    @Test
    void linkToAFolderIsNotFollowed() throws Exception {
        Files.writeString(folder.resolve("file"), "1234");
        Files.createSymbolicLink(folder.resolve("again"), folder);

        assertThat(new UserFiles(folder).sources()).hasSize(1);
    }

    @Test
    void missingPathIsRefused() {
        assertThatThrownBy(() -> new UserFiles(folder.resolve("nowhere")).sources())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("no such file or folder").hasMessageContaining("nowhere");
    }

    @Test
    void linkToNothingIsRefused() throws IOException {
        Files.writeString(folder.resolve("file"), "1234");
        Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere"));

        assertThatThrownBy(() -> new UserFiles(folder).sources())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("cannot read").hasMessageContaining("dangling");
    }

    @Test
    void linkToNothingIsRefusedAsInputToo() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere"));

        assertThatThrownBy(() -> new UserFiles(link).sources())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("cannot read").hasMessageContaining("a link to nothing");
    }

    @Test
    void folderWithoutContentIsRefused() throws IOException {
        Files.createFile(folder.resolve("empty"));

        assertThatThrownBy(() -> new UserFiles(folder).sources())
                .isInstanceOf(BadInputException.class).hasMessageContaining("nothing to load");
    }
}
