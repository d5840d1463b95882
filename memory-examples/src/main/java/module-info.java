/** Small programs, one a file, that show how the library is used. The README shows parts of them. */
module io.quire.examples {
    requires io.quire.memory;
    requires static org.jspecify;
}
