package io.quire.memory.structure;

/** What can lie at an address, apart from a map: says how its header begins, and what messages call it. */
enum StructureKind {
    ARRAY("array", "ForkableArray", 0x7272_4165_7269_7551L), // "QuireArr", low byte first
    LOG("log", "ForkableLog", 0x676F_4C65_7269_7551L); // "QuireLog"

    /** The version of the layouts. */
    static final long VERSION_NOW = 1;

    private final String noun;
    private final String type;
    private final long magic;

    StructureKind(String noun, String type, long magic) {
        this.noun = noun;
        this.type = type;
        this.magic = magic;
    }

    /** The word for it in a sentence. */
    String noun() {
        return noun;
    }

    /** The name of its class. */
    String type() {
        return type;
    }

    /** The first word of its header. */
    long magic() {
        return magic;
    }
}
