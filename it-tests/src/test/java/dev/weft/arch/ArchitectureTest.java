package dev.weft.arch;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.properties.HasModifiers;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows between modules and packages, and what may stand in an exported signature. */
class ArchitectureTest {
    private static final String[] NET = {
        "dev.weft.net..", "dev.weft.http..", "dev.weft.websocket.."
    };

    private static final String[] COMMAND_LINE = {
        "dev.weft.call..", "dev.weft.echo..", "dev.weft.repl.."
    };

    private static JavaClasses weft;

    @BeforeAll
    static void importMainClasses() {
        weft =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        // The tests of runtime come as a jar, or as this folder, with other
                        // classes.
                        .withImportOption(location -> !location.contains("-tests.jar"))
                        .importPackages("dev.weft");
    }

    @Test
    void theMainClassesAreSeen() {
        assertThat(weft.contain("dev.weft.echo.Main")).isTrue();
        assertThat(weft).anyMatch(c -> c.getPackageName().equals("dev.weft"));
    }

    @Test
    void runtimeKnowsNothingAboveIt() {
        check(
                noClasses()
                        .that()
                        .resideInAnyPackage("dev.weft", "dev.weft.netty..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(
                                "dev.weft.net..",
                                "dev.weft.http..",
                                "dev.weft.websocket..",
                                "dev.weft.call..",
                                "dev.weft.echo..",
                                "dev.weft.repl..",
                                "dev.weft.testing..",
                                "dev.weft.benchmarks.."));
    }

    @Test
    void netUsesOnlyWhatRuntimeExports() {
        check(
                classes()
                        .that()
                        .resideInAnyPackage(NET)
                        .should(
                                onlyDependOnClassesThat(
                                        notOfWeft().or(exportedByRuntime()).or(of(NET)))));
    }

    @Test
    void theCommandLineUsesOnlyWhatNetAndRuntimeExport() {
        check(
                classes()
                        .that()
                        .resideInAnyPackage(COMMAND_LINE)
                        .should(
                                onlyDependOnClassesThat(
                                        notOfWeft()
                                                .or(exportedByRuntime())
                                                .or(exportedByNet())
                                                .or(of(COMMAND_LINE)))));
    }

    @Test
    void packagesHaveNoCycles() {
        check(slices().assignedFrom(exportedPackages()).should().beFreeOfCycles());
    }

    /** An internal package is part of the exported one it stands in, and no slice of its own. */
    private static SliceAssignment exportedPackages() {
        return new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass type) {
                String name = type.getPackageName();
                return name.startsWith("dev.weft")
                        ? SliceIdentifier.of(name.replaceFirst("\\.internal(\\..*)?$", ""))
                        : SliceIdentifier.ignore();
            }

            @Override
            public String getDescription() {
                return "exported packages";
            }
        };
    }

    @Test
    void noNettyTypeStandsInAnExportedSignature() {
        check(
                classes()
                        .that()
                        .resideInAnyPackage(
                                "dev.weft",
                                "dev.weft.net",
                                "dev.weft.http",
                                "dev.weft.websocket",
                                "dev.weft.testing")
                        .and(areExported())
                        .should(nameNoNettyType()));
    }

    /** A package may still be empty: then there is nothing to hold against it. */
    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(weft);
    }

    private static DescribedPredicate<JavaClass> of(String... packages) {
        return resideInAnyPackage(packages);
    }

    private static DescribedPredicate<JavaClass> notOfWeft() {
        return DescribedPredicate.describe(
                "are not Weft's",
                c -> !c.getBaseComponentType().getPackageName().startsWith("dev.weft"));
    }

    private static DescribedPredicate<JavaClass> exportedByRuntime() {
        return of("dev.weft", "dev.weft.netty");
    }

    private static DescribedPredicate<JavaClass> exportedByNet() {
        return of("dev.weft.net", "dev.weft.net.netty", "dev.weft.http", "dev.weft.websocket");
    }

    private static boolean visible(HasModifiers element) {
        return element.getModifiers().contains(JavaModifier.PUBLIC)
                || element.getModifiers().contains(JavaModifier.PROTECTED);
    }

    private static DescribedPredicate<JavaClass> areExported() {
        return DescribedPredicate.describe(
                "are exported",
                c ->
                        visible(c)
                                && c.getEnclosingClass()
                                        .map(ArchitectureTest::visible)
                                        .orElse(true));
    }

    private static ArchCondition<JavaClass> nameNoNettyType() {
        return new ArchCondition<>("name no Netty type in a visible signature") {
            @Override
            public void check(JavaClass owner, ConditionEvents events) {
                Stream<JavaType> parents =
                        Stream.concat(
                                owner.getSuperclass().stream(), owner.getInterfaces().stream());
                parents.flatMap(type -> type.getAllInvolvedRawTypes().stream())
                        .filter(ArchitectureTest::isNetty)
                        .forEach(type -> report(owner.getName(), type, owner, events));
                owner.getTypeParameters().stream()
                        .flatMap(type -> type.getAllInvolvedRawTypes().stream())
                        .filter(ArchitectureTest::isNetty)
                        .forEach(type -> report(owner.getName(), type, owner, events));
                owner.getMembers().stream()
                        .filter(ArchitectureTest::visible)
                        .forEach(member ->
                                signature(member)
                                        .flatMap(t -> t.getAllInvolvedRawTypes().stream())
                                        .filter(ArchitectureTest::isNetty)
                                        .distinct()
                                        .forEach(type ->
                                                report(member.getFullName(), type, owner, events)));
            }
        };
    }

    private static void report(
            String where, JavaClass netty, JavaClass owner, ConditionEvents events) {
        events.add(SimpleConditionEvent.violated(owner, where + " names " + netty.getName()));
    }

    private static boolean isNetty(JavaClass type) {
        return type.getBaseComponentType().getPackageName().startsWith("io.netty");
    }

    private static Stream<JavaType> signature(JavaMember member) {
        return switch (member) {
            case JavaField field -> Stream.of(field.getType());
            case JavaCodeUnit code ->
                    Stream.of(
                                    Stream.of(code.getReturnType()),
                                    code.getParameterTypes().stream(),
                                    code.getTypeParameters().stream().map(JavaType.class::cast),
                                    code.getExceptionTypes().stream().map(JavaType.class::cast))
                            .flatMap(types -> types);
            default -> throw new AssertionError("no such kind of member: " + member);
        };
    }
}
