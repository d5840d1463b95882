package io.quire.memory.softdevice;

import java.util.logging.Logger;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips the tests of a class with a warning if the native library is missing. If it is required
 * ({@code -Dnative.required=true}), the tests run, and fail without the library.
 */
final class NeedsNativeLibrary implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (NativeDevice.isAvailable() || Boolean.getBoolean("native.required")) {
            return ConditionEvaluationResult.enabled("the library is here, or has to be");
        }
        String reason = "the native device is not tested: " + NativeDevice.whyUnavailable();
        if (context.getTestMethod().isEmpty()) {
            Logger.getLogger("io.quire.memory.softdevice").warning(reason);
        }
        return ConditionEvaluationResult.disabled(reason);
    }
}
