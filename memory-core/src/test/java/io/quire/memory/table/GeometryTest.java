package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GeometryTest {

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        //                 upper (more)......upper..leaf...page...offset......
        long address = 0b0_10000000000000001_100001_000011_111110_100000000001L;
        assertThat(Geometry.pageOffset(address)).isEqualTo(0b100000000001);
        assertThat(Geometry.pageIndex(address)).isEqualTo(0b111110);
        assertThat(Geometry.leafIndex(address)).isEqualTo(0b000011);
        assertThat(Geometry.pageStart(address)).isEqualTo(address - 0b100000000001);
        LeafDirectory directory = new LeafDirectory(1);
        UpperDirectory upper = UpperDirectory.above(directory, 1);
        assertThat(directory.childIndex(address)).isEqualTo(0b000011);
        assertThat(upper.childIndex(address)).isEqualTo(0b100001);
        assertThat(UpperDirectory.above(upper, 1).childIndex(address)).isEqualTo(0b000001);
    }

    @Test
    void sizesAreThoseTheDocumentationNames() {
        assertThat(Geometry.PAGE_BYTES).isEqualTo(4096);
        assertThat(Geometry.FAN_OUT).isEqualTo(64);
        assertThat(Geometry.LEAF_BYTES).isEqualTo(256 << 10);
        assertThat(1L << Geometry.DIRECTORY_SHIFT).isEqualTo(16 << 20);
        assertThat(Geometry.ADDRESS_LIMIT).isEqualTo(128L << 40);
        assertThat(new LeafDirectory(1).span()).isEqualTo(16 << 20);
    }

    @Test
    void lastAddressesHaveTheLastIndices() {
        for (long address : new long[] {Geometry.ADDRESS_LIMIT - 1, -1}) {
            assertThat(Geometry.pageOffset(address)).isEqualTo(4095);
            assertThat(Geometry.pageIndex(address)).isEqualTo(63);
            assertThat(Geometry.leafIndex(address)).isEqualTo(63);
            assertThat(Geometry.pageStart(address)).isEqualTo(address - 4095);
        }
    }
}
