package io.quire.memory.snippets;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableLog;
import io.quire.memory.structure.LogCursor;
import io.quire.memory.structure.StructureFork;
import io.quire.memory.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples in the Javadoc of logs. */
class LogSnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(16L << 20);

    @Test
    void log() {
        MemoryManager memory = leaks.manager();
        try (AddressSpace space = memory.newAddressSpace()) {
            // @start region="log"
            ForkableLog log = ForkableLog.create(space, 1L << 30);      // 1 GiB of addresses; frames come with records
            long first = log.append("opened".getBytes(UTF_8));
            try (StructureFork<ForkableLog> past = log.snapshot()) {
                long second = log.append("closed".getBytes(UTF_8));
                assert past.structure().endPosition() == second;        // it has the first record only
                log.cutBefore(second);
                assert new String(past.structure().read(first), UTF_8).equals("opened");
            }
            // @end
            // @start region="log-with"
            try (Accessor mine = space.accessor()) {
                ForkableLog fast = log.with(mine);                      // for this thread only
                fast.append("opened again".getBytes(UTF_8));
            }
            // @end
            List<String> seen = new ArrayList<>();
            // @start region="log-cursor"
            LogCursor cursor = log.cursor();
            while (cursor.next()) {
                seen.add(new String(cursor.record(), UTF_8));
            }
            long later = cursor.nextPosition();                         // go on here: log.cursor(later)
            // @end
            assertThat(seen).containsExactly("closed", "opened again");
            assertThat(later).isEqualTo(log.endPosition());
        }
    }
}
