package io.quire.memory.errors;

import io.quire.memory.MemoryManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Loads a copy of the library and of the libraries that it uses, with a call to {@link Faults} before each allocation,
 * each call and each return of their methods. It also loads a copy of the test classes under {@code io.quire.memory},
 * without such calls, so that they use this copy of the library. Only this package is shared with the rest of the test.
 * Class initializers are left alone: an Error in one would make the class unusable for good.
 */
final class FaultLoader extends ClassLoader {

    private static final String LIBRARY = "io.quire.memory.";

    /** Libraries that the library uses: their allocations may fail too, in the middle of a change. */
    private static final Set<String> USED = Set.of("org.agrona.", "org.jctools.");

    private static final String SHARED = FaultLoader.class.getPackageName();
    private static final ClassDesc FAULTS = ClassDesc.of(Faults.class.getName());
    private static final MethodTypeDesc ENTER = MethodTypeDesc.of(ConstantDescs.CD_int);
    private static final MethodTypeDesc TAKES_INT = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int);
    private static final MethodTypeDesc CALL = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int,
            ConstantDescs.CD_int);

    /** Classes outside the library whose methods allocate nothing. */
    private static final Set<String> NEVER_ALLOCATE = Set.of("java/lang/invoke/VarHandle", "java/lang/Math",
            "java/lang/Thread", "java/lang/System", "java/util/concurrent/atomic/AtomicLong", "java/lang/Object",
            "java/util/concurrent/atomic/AtomicInteger", "java/util/concurrent/atomic/AtomicLongArray",
            "java/util/concurrent/atomic/AtomicReference", "java/util/concurrent/atomic/AtomicBoolean",
            "java/util/concurrent/atomic/LongAdder", "java/lang/ref/Reference", "java/lang/Enum",
            "java/util/concurrent/locks/ReentrantLock", "java/util/concurrent/locks/LockSupport",
            // The library uses one of a fixed size.
            "java/util/function/LongUnaryOperator", "java/util/concurrent/BlockingQueue",
            "java/util/function/BooleanSupplier", "java/lang/Runnable");

    private static final Set<String> USE_HANDLES = Set.of("java/lang/invoke/VarHandle",
            "java/util/concurrent/atomic/AtomicLongArray", "java/util/concurrent/atomic/AtomicReference",
            "java/util/concurrent/atomic/AtomicBoolean", "java/util/concurrent/atomic/LongAdder");

    /** Methods that allocate nothing, whatever their class. */
    private static final Set<String> NO_ALLOCATION = Set.of("get", "set", "getLong", "size", "isEmpty", "clear", "poll",
            "peek", "hasNext", "remove", "containsKey", "equals", "hashCode", "compareTo", "compare", "compareUnsigned",
            "length",
            "requireNonNull", "checkIndex", "checkFromIndexSize", "numberOfTrailingZeros", "numberOfLeadingZeros",
            "bitCount", "expand", "highestOneBit", "lowestOneBit", "intValue", "longValue", "ordinal", "close",
            "isAlive",
            "accept", "applyAsLong", "getAsBoolean", "run", "fill", "countDown", "byteSize", "address", "refersTo",
            "addSuppressed", "sort", "toUnsignedLong", "desiredAssertionStatus", "floatToRawIntBits",
            "doubleToRawLongBits", "reverseBytes");

    /** The method that checks the room on the stack. */
    private static final String ROOM = "StackRoom.require";

    /** Methods that end something and need less stack than the method that began it. */
    private static final Set<String> ENDINGS = Set.of("Mutex.unlock", "WriterSlot.exit",
            "SharedWriterSlots.exit", "Stripes.endTransfer", "Stripes.unclaim");

    /** Methods that add only to lists with room for it. */
    private static final Set<String> HAVE_ROOM = Set.of("Lineage.lock", "ReverseMap.refill", "ReverseMap.addLeaf");

    private final ClassFile classFile;
    private final String mainClasses;

    FaultLoader() {
        super(FaultLoader.class.getClassLoader());
        ClassLoader parent = getParent();
        classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(parent).orElse(ClassHierarchyResolver.defaultResolver())));
        mainClasses = MemoryManager.class.getProtectionDomain().getCodeSource().getLocation().toString();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        boolean isShared = !name.startsWith(LIBRARY) || name.substring(0, name.lastIndexOf('.')).equals(SHARED);
        if (isShared && !isUsed(name)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }
    }

    /** Returns true for a class of a library that the library uses. */
    private static boolean isUsed(String name) {
        return USED.stream().anyMatch(name::startsWith);
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        URL file = getParent().getResource(name.replace('.', '/') + ".class");
        if (file == null) {
            throw new ClassNotFoundException(name);
        }
        try (InputStream in = file.openStream()) {
            byte[] bytes = in.readAllBytes();
            byte[] code = file.toString().contains(mainClasses) || isUsed(name) ? withPoints(bytes) : bytes;
            return defineClass(name, code, 0, code.length);
        } catch (IOException failed) {
            throw new UncheckedIOException(name, failed);
        }
    }

    private byte[] withPoints(byte[] bytes) {
        return classFile.transformClass(classFile.parse(bytes), (type, element) -> {
            if (element instanceof MethodModel method && method.code().isPresent()
                    && !method.methodName().equalsString(ConstantDescs.CLASS_INIT_NAME)) {
                String owner = method.parent().orElseThrow().thisClass().name().stringValue();
                String where = owner.substring(owner.lastIndexOf('/') + 1) + '.' + method.methodName();
                type.transformMethod(method, (code, part) -> {
                    if (part instanceof CodeModel model) {
                        code.transformCode(model, new Points(where, !isUsed(owner.replace('/', '.'))));
                    } else {
                        code.with(part);
                    }
                });
            } else {
                type.with(element);
            }
        });
    }

    /** Inserts the calls to {@link Faults} into one method. */
    private static final class Points implements CodeTransform {

        private final String method;
        private final boolean isLibrary;
        private int line;
        private int depth;

        Points(String method, boolean isLibrary) {
            this.method = method;
            this.isLibrary = isLibrary;
        }

        @Override
        public void atStart(CodeBuilder code) {
            depth = code.allocateLocal(TypeKind.INT);
            code.invokestatic(FAULTS, "enter", ENTER).istore(depth);
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            switch (element) {
                case LineNumber number -> line = number.line();
                case NewObjectInstruction made -> allocate(code, "new " + made.className().name());
                case NewPrimitiveArrayInstruction _,NewReferenceArrayInstruction _,NewMultiArrayInstruction _ ->
                    allocate(code, "new array");
                case InvokeDynamicInstruction made -> {
                    call(code, "indy " + made.name());
                    allocate(code, "indy " + made.name()); // the first use links the call site
                    site(code, made.name().stringValue());
                }
                case InvokeInstruction called -> {
                    String owner = called.owner().name().stringValue();
                    String target = owner.substring(owner.lastIndexOf('/') + 1) + '.' + called.name();
                    call(code, target);
                    boolean isInRoom = target.equals("List.add") && HAVE_ROOM.contains(method);
                    if (mayAllocate(owner, called.name().stringValue()) && !isInRoom) {
                        allocate(code, "inside " + target);
                    } else if (isLinked(owner, called)) {
                        link(code, "link of " + target, target + called.type().stringValue());
                    }
                }
                case ReturnInstruction _ -> code.iload(depth).invokestatic(FAULTS, "exit", TAKES_INT);
                default -> {}
            }
            code.with(element);
        }

        private static boolean mayAllocate(String owner, String name) {
            // Runs the close actions of the arena.
            boolean isEndOfArena = owner.equals("java/lang/foreign/Arena") && name.equals("close");
            return isEndOfArena || !owner.startsWith(LIBRARY.replace('.', '/')) && !isUsed(owner.replace('/', '.'))
                    && !owner.startsWith("[")
                    && !NEVER_ALLOCATE.contains(owner) && !NO_ALLOCATION.contains(name) && !name.equals("<init>");
        }

        /** Returns true for a call through a variable handle, or a call that contains one. */
        private static boolean isLinked(String owner, InvokeInstruction called) {
            return USE_HANDLES.contains(owner) && called.opcode() == Opcode.INVOKEVIRTUAL
                    && !called.name().equalsString("get") && !called.name().equalsString("set");
        }

        private void site(CodeBuilder code, String made) {
            if (isLibrary) {
                code.loadConstant(Faults.registerSite(where(made))).invokestatic(FAULTS, "site", TAKES_INT);
            }
        }

        /**
         * Adds a point that links something. A class links the same thing once, though it uses it in several places.
         */
        private void link(CodeBuilder code, String what, String target) {
            String type = method.substring(0, method.indexOf('.'));
            code.loadConstant(Faults.register(where(what), type + ' ' + target))
                    .invokestatic(FAULTS, "link", TAKES_INT);
        }

        private void allocate(CodeBuilder code, String what) {
            code.loadConstant(Faults.register(where(what))).invokestatic(FAULTS, "allocate", TAKES_INT);
        }

        private void call(CodeBuilder code, String what) {
            if (ENDINGS.contains(method)) {
                return;
            }
            code.iload(depth).loadConstant(Faults.register(where(what)))
                    .invokestatic(FAULTS, what.equals(ROOM) ? "room" : "call", CALL);
        }

        private String where(String what) {
            return method + ':' + line + " (" + what + ')';
        }
    }

    /**
     * Returns the lambdas, and other call sites that the JVM links on first use, that the build of the first manager
     * has not linked: class, method, line, and the method of the lambda.
     */
    static Set<String> unlinked() throws ReflectiveOperationException, IOException, URISyntaxException {
        FaultLoader loader = new FaultLoader();
        Faults.forgetSites();
        openFirst(loader);
        Path root = Path.of(MemoryManager.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(root.resolve("io"))) {
            for (Path file : files.filter(one -> one.toString().endsWith(".class")).toList()) {
                String name = root.relativize(file).toString().replace('/', '.');
                loader.loadClass(name.substring(0, name.length() - ".class".length())); // registers its call sites
            }
        }
        return Faults.unlinkedSites();
    }

    /** Builds the first manager. What it links never fails later. */
    private static void openFirst(FaultLoader loader) throws ReflectiveOperationException {
        Faults.rehearse(true);
        try {
            loader.loadClass("io.quire.memory.errors.world.Opening").getMethod("open").invoke(null);
        } finally {
            Faults.rehearse(false);
        }
    }

    /** Returns the scenarios of a class of this loader, by its static method {@code all}. */
    @SuppressWarnings("unchecked")
    static java.util.List<Scenario> scenarios(String className) {
        try {
            FaultLoader loader = new FaultLoader();
            openFirst(loader);
            @Nullable Object all = loader.loadClass(className).getMethod("all").invoke(null);
            return (java.util.List<Scenario>) Objects.requireNonNull(all);
        } catch (ReflectiveOperationException failed) {
            throw new LinkageError("the scenarios of " + className + " cannot be had", failed);
        }
    }
}
