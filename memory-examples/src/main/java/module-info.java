/** Small programs that show how to use the library. Each file is one program; the README shows parts of them. */
module io.quire.examples {
    requires io.quire.memory;
    requires static org.jspecify;
}
