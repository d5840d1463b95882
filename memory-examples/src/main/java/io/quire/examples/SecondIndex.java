package io.quire.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Builds a second index on a fork while the parent goes on. The fork has the users of one moment, and the index is built
 * in the memory of the fork, so the parent neither waits for it nor sees it. Questions by address go to the fork.
 */
public final class SecondIndex {

    private static final int USERS_MAX = 50_000;
    private static final int USERS_MIN = 1_000;

    /**
     * What the fork can tell.
     *
     * @param users how many users it has
     * @param indexed how many of them the index has
     * @param found who the index says has the address that was asked for; null if it has none
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
            AtomicBoolean isOver = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> addUsers(users, isOver));
            while (users.size() < USERS_MIN) {
                Thread.onSpinWait();
            }

            // @start region="second-index"
            try (AddressSpace fork = space.fork("by address")) {                // the parent goes on
                ForkableMap data = ForkableMap.open(fork, users.address());
                ForkableMap byAddress = ForkableMap.create(fork, 1L << 30);     // mapped in the fork only
                data.forEach((user, address) -> byAddress.put(address, user));
                byte[] found = byAddress.get(wanted.getBytes(UTF_8));
                // @end
                isOver.set(true);
                writer.join();
                return new Answer(data.size(), byAddress.size(), found == null ? null : new String(found, UTF_8));
                // @start region="second-index"
            }
            // @end
        }
    }

    private static void addUsers(ForkableMap users, AtomicBoolean isOver) {
        for (int user = 0; user < USERS_MAX && !isOver.get(); user++) {
            users.put(Integer.toString(user).getBytes(UTF_8), ("u" + user + "@example.org").getBytes(UTF_8));
        }
    }
}
