package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RootTest {

    @Test
    void directoryIsFoundByAddressAndNothingIsBeyondTheTree() {
        LeafDirectory first = new LeafDirectory(1);
        UpperDirectory top = UpperDirectory.above(UpperDirectory.above(first, 1), 1);
        Root root = new Root(top, 1, Mappings.NONE);
        assertThat(root.directory(0)).isSameAs(first);
        assertThat(root.directory((16L << 20) - 1)).isSameAs(first);
        assertThat(root.directory(16L << 20)).isNull();
        assertThat(root.directory((1L << 36) - 1)).isNull();
        for (long beyond : new long[] {1L << 36, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            assertThat(root.directory(beyond)).isNull();
        }
        Directory sibling = top.createChild(1);
        top.setChild(63, sibling);
        LeafDirectory last = (LeafDirectory) ((UpperDirectory) sibling).createChild(1);
        ((UpperDirectory) sibling).setChild(63, last);
        assertThat(root.directory((1L << 36) - 1)).isSameAs(last);
    }

    @Test
    void copyOfADirectoryReferencesItsChildrenOnceMore() {
        LeafDirectory directory = new LeafDirectory(1);
        long[] leaf = Leaf.create();
        directory.own(5, leaf);
        UpperDirectory upper = UpperDirectory.above(directory, 1);
        LeafDirectory copy = directory.newCopy(2);
        UpperDirectory upperCopy = upper.newCopy(2);
        assertThat(Leaf.references(leaf)).as("references before the copy is listed").isEqualTo(1);
        copy.fill(directory);
        upperCopy.fill(upper);
        assertThat(Leaf.references(leaf)).isEqualTo(2);
        assertThat(directory.references()).isEqualTo(2);
        assertThat(copy.references()).isEqualTo(1);
        assertThat(upperCopy.references()).isEqualTo(1);
        assertThat(upperCopy.child(0)).isSameAs(directory);
        assertThat(copy.leaf(5)).isSameAs(leaf);
        assertThat(copy.writableLeaf(5)).as("a leaf that may be written through a copy").isNull();
        assertThat(copy.isOwnedBy(2)).isTrue();
        assertThat(directory.isOwnedBy(2)).isFalse();
        assertThat(Leaf.releaseShared(leaf)).isTrue();
        assertThat(Leaf.releaseShared(leaf)).as("the last reference is released without its node").isFalse();
        assertThat(directory.releaseShared()).isTrue();
        assertThat(directory.releaseShared()).isFalse();
        assertThat(directory.references()).isEqualTo(1);
    }

    @Test
    void adoptedDirectoryAllowsNoWriteUntilItsLeavesAreOwnedAnew() {
        LeafDirectory directory = new LeafDirectory(1);
        long[] leaf = Leaf.create();
        directory.own(5, leaf);
        directory.adopt(2);
        assertThat(directory.isOwnedBy(2)).isTrue();
        assertThat(directory.writableLeaf(5)).isNull();
        assertThat(directory.leaf(5)).isSameAs(leaf);
        directory.remove(5);
        assertThat(directory.leaf(5)).isNull();
    }
}
