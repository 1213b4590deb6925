package dev.weft.repl;

import dev.weft.CancelledError;
import dev.weft.Loop;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What lets Ctrl-C end a snippet that computes and so never gets to a suspension point: the code of
 * snippets asks at the start of each method and before each jump back. Public since they call it.
 */
public final class StopCheck {
    private static final ClassDesc SELF = ClassDesc.of(StopCheck.class.getName());

    /**
     * The loop whose present code is to end. One answer is enough: whoever runs next is innocent.
     */
    private static volatile @Nullable Loop held;

    private StopCheck() {}

    /** Ends whatever of the snippets' code holds the loop. */
    static void free(Loop loop) {
        held = loop;
    }

    /** Takes that back. */
    static void withdraw() {
        held = null;
    }

    /** Called by the code of snippets. */
    public static void check() {
        if (held != null) {
            endIfHolding();
        }
    }

    private static void endIfHolding() {
        Loop here;
        try {
            here = Loop.current();
        } catch (IllegalStateException e) {
            return; // on a thread of no loop, and so it holds none
        }
        if (here == held) {
            held = null;
            throw new CancelledError(LoopExecution.CTRL_C);
        }
    }

    /** Weaves the calls into a class. */
    static byte[] woven(byte[] type) {
        ClassFile classes = ClassFile.of();
        return classes.transformClass(
                classes.parse(type),
                ClassTransform.transformingMethodBodies(CodeTransform.ofStateful(Weaver::new)));
    }

    private static final class Weaver implements CodeTransform {
        private final Set<Label> passed = new HashSet<>();

        @Override
        public void atStart(CodeBuilder code) {
            call(code);
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            if (element instanceof LabelTarget target) {
                passed.add(target.label());
            } else if (element instanceof BranchInstruction jump
                    && passed.contains(jump.target())) {
                call(code);
            }
            code.with(element);
        }

        private static void call(CodeBuilder code) {
            code.invokestatic(SELF, "check", ConstantDescs.MTD_void);
        }
    }
}
