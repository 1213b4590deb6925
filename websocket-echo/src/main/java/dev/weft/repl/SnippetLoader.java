package dev.weft.repl;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jdk.jshell.execution.LoaderDelegate;
import jdk.jshell.spi.ExecutionControl.ClassBytecodes;
import jdk.jshell.spi.ExecutionControl.ClassInstallException;
import jdk.jshell.spi.ExecutionControl.InternalException;

/** Loads the classes of snippets, and of what the class path was extended with. */
final class SnippetLoader extends URLClassLoader implements LoaderDelegate {
    private final Map<String, byte[]> declared = new ConcurrentHashMap<>();

    SnippetLoader() {
        super(new URL[0], SnippetLoader.class.getClassLoader());
    }

    @Override
    public void load(ClassBytecodes[] types) throws ClassInstallException {
        boolean[] loaded = new boolean[types.length];
        try {
            for (ClassBytecodes type : types) {
                declared.put(type.name(), StopCheck.woven(type.bytecodes()));
            }
            for (int i = 0; i < types.length; i++) {
                // Linked as far as that what is wrong shows now, and not when it runs.
                var _ = loadClass(types[i].name()).getDeclaredMethods();
                loaded[i] = true;
            }
        } catch (ClassNotFoundException | RuntimeException | LinkageError e) {
            throw new ClassInstallException("cannot load " + e.getMessage(), loaded);
        }
    }

    @Override
    public void classesRedefined(ClassBytecodes[] types) {
        throw new UnsupportedOperationException("classes of snippets are not redefined");
    }

    @Override
    public void addToClasspath(String path) throws InternalException {
        try {
            for (String entry : path.split(File.pathSeparator, -1)) {
                addURL(new File(entry).toURI().toURL());
            }
        } catch (MalformedURLException e) {
            throw new InternalException(e.toString());
        }
    }

    @Override
    public Class<?> findClass(String name) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            byte[] type = declared.get(name);
            return type != null ? defineClass(name, type, 0, type.length) : super.findClass(name);
        }
    }
}
