package io.quire.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Builds a second index of a map on a fork, while another thread keeps writing to the map. The map finds a user's mail
 * address by number; the index finds the number by mail address. The fork has the users of one moment. The index lives
 * in the memory of the fork, so the writer neither waits for it nor sees it.
 */
public final class SecondIndex {

    private static final int USERS_MAX = 50_000;
    private static final int USERS_MIN = 1_000;

    /**
     * What the fork says.
     *
     * @param users how many users the fork has
     * @param indexed how many users the index has
     * @param found the number of the user with the wanted mail address; null if nobody has it
     */
    record Answer(long users, long indexed, @Nullable String found) {
    }

    public static void main(String[] args) throws InterruptedException {
        Answer answer = run("u500@example.org");
        System.out.println(answer.users + " users, " + answer.indexed + " in the index, found user " + answer.found);
    }

    static Answer run(String wanted) throws InterruptedException {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("users")) {
            ForkableMap users = ForkableMap.create(space, 1L << 30);
            AtomicBoolean done = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> addUsers(users, done));
            while (users.size() < USERS_MIN) {
                Thread.onSpinWait();                                            // until there is something to index
            }

            // @start region="second-index"
            try (AddressSpace fork = space.fork("by address")) {                // the parent goes on
                ForkableMap data = ForkableMap.open(fork, users.address());
                ForkableMap byAddress = ForkableMap.create(fork, 1L << 30);     // mapped in the fork only
                data.forEach((user, address) -> byAddress.put(address, user));
                byte[] found = byAddress.get(wanted.getBytes(UTF_8));
                // @end
                done.set(true);
                writer.join();
                return new Answer(data.size(), byAddress.size(), found == null ? null : new String(found, UTF_8));
                // @start region="second-index"
            }
            // @end
        }
    }

    private static void addUsers(ForkableMap users, AtomicBoolean done) {
        for (int user = 0; user < USERS_MAX && !done.get(); user++) {
            users.put(Integer.toString(user).getBytes(UTF_8), ("u" + user + "@example.org").getBytes(UTF_8));
        }
    }
}
