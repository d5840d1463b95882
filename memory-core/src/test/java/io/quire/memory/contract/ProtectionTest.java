package io.quire.memory.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProtectionTest {

    @Test
    void eachProtectionAllowsWhatItsNameSays() {
        assertThat(Protection.values()).extracting(Protection::isReadable, Protection::isWritable)
                .containsExactly(tuple(false, false),
                        tuple(true, false),
                        tuple(true, true));
    }

    @Test
    void exceptionsCanBeSerialized() throws IOException, ClassNotFoundException {
        for (MemoryException sent : List.of(new ClosedException("space a"), new OutOfFramesException("full"),
                new AddressNotMappedException("a", 8, "none"), new MisalignedAddressException(7, 8),
                ProtectionException.snapshot("a", 8), new TooManySpacesException("m", 1),
                new OutOfAddressesException("a", 1, 2),
                new OpenSpacesException("m", 1, List.of("space a"), ""))) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(sent);
            }
            try (ObjectInputStream in =
                    new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                assertThat((Throwable) in.readObject()).hasSameClassAs(sent).hasMessage(sent.getMessage());
            }
        }
    }
}
