package io.quire.memory.softdevice;

import java.lang.reflect.Method;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The same tests on a virtual thread. Other threads make the calls that may wait. */
class NativeDeviceOnVirtualThreadsTest extends NativeDeviceTest {

    @RegisterExtension
    final InvocationInterceptor onVirtualThread = new InvocationInterceptor() {
        @Override
        public void interceptTestMethod(Invocation<Void> test, ReflectiveInvocationContext<Method> method,
                ExtensionContext context) throws Throwable {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread.ofVirtual().start(() -> {
                try {
                    test.proceed();
                } catch (Throwable thrown) {
                    failure.set(thrown);
                }
            }).join();
            if (failure.get() != null) {
                throw failure.get();
            }
        }
    };
}
