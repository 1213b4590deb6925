# shellcheck shell=sh
# Finds a JDK 25 or later and exports its folder as JAVA_HOME. Sourced by `weft` and `mvnw`, so that
# both work whatever `java` is on the PATH. When there is none it says what it looked for, and exits.
#
# Order: WEFT_JAVA_HOME (an error if it is set and unusable), JAVA_HOME, the `java` on the PATH, the
# usual install folders (of several there, the oldest that will do). A version is read from the
# JDK's `release` file wherever there is one, since starting a JVM to ask costs 40 ms or more.

weft_jdk_min=25
weft_jdk_seen=

# weft_jdk_read DIR: sets weft_jdk_version (as in 25.0.3) and weft_jdk_major (25); 0 when unknown.
weft_jdk_read() {
    weft_jdk_version=
    if [ -r "$1/release" ]; then
        while IFS='=' read -r weft_jdk_key weft_jdk_value; do
            if [ "$weft_jdk_key" = JAVA_VERSION ]; then
                weft_jdk_version=${weft_jdk_value#\"}
                weft_jdk_version=${weft_jdk_version%%\"*}
                break
            fi
        done <"$1/release"
    fi
    if [ -z "$weft_jdk_version" ]; then
        weft_jdk_version=$("$1/bin/java" -XshowSettings:properties -version 2>&1 |
            sed -n 's/^ *java\.version = *//p') || weft_jdk_version=
    fi
    weft_jdk_major=${weft_jdk_version#1.}
    weft_jdk_major=${weft_jdk_major%%[!0-9]*}
    weft_jdk_major=${weft_jdk_major:-0}
}

# weft_jdk_check DIR LABEL: true if DIR holds a usable JDK; otherwise notes why not.
weft_jdk_check() {
    weft_jdk_why=
    if [ ! -d "$1" ]; then
        weft_jdk_why="no such folder"
    elif [ ! -x "$1/bin/java" ]; then
        weft_jdk_why="no bin/java in it"
    else
        weft_jdk_read "$1"
        if [ "$weft_jdk_major" -lt "$weft_jdk_min" ]; then
            weft_jdk_why="version ${weft_jdk_version:-unknown}"
        elif [ ! -x "$1/bin/javac" ]; then
            weft_jdk_why="version $weft_jdk_version, but a runtime only: no bin/javac in it"
        else
            return 0
        fi
    fi
    weft_jdk_seen="$weft_jdk_seen
  $2: $weft_jdk_why"
    return 1
}

# Prints the home folder of the `java` on the PATH; follows links, and asks shims that are no links.
weft_jdk_on_path() {
    weft_jdk_java=$(readlink -f "$1" 2>/dev/null) || weft_jdk_java=$1
    weft_jdk_dir=${weft_jdk_java%/bin/java}
    if [ "$weft_jdk_dir" != "$weft_jdk_java" ] && [ -r "$weft_jdk_dir/release" ]; then
        printf '%s\n' "$weft_jdk_dir"
    else
        "$1" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = *//p'
    fi
}

# Looks through the usual folders; sets weft_jdk_home to the oldest JDK that will do.
weft_jdk_scan() {
    weft_jdk_best=
    for weft_jdk_dir in /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/openjdk* /opt/java* \
        /opt/java/* /opt/jdk* "${HOME:-/}"/.sdkman/candidates/java/* "${HOME:-/}"/.jdks/* \
        "${HOME:-/}"/.jdks/*/Contents/Home \
        "${HOME:-/}"/.local/share/mise/installs/java/* "${HOME:-/}"/.asdf/installs/java/* \
        "${HOME:-/}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
        /Library/Java/JavaVirtualMachines/*/Contents/Home \
        /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
        /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
        /home/linuxbrew/.linuxbrew/opt/openjdk*/libexec; do
        [ -x "$weft_jdk_dir/bin/java" ] || continue
        if weft_jdk_check "$weft_jdk_dir" "$weft_jdk_dir" &&
            { [ -z "$weft_jdk_best" ] || [ "$weft_jdk_major" -lt "$weft_jdk_best" ]; }; then
            weft_jdk_best=$weft_jdk_major
            weft_jdk_home=$weft_jdk_dir
        fi
    done
}

weft_jdk_find() {
    weft_jdk_home=
    if [ -n "${WEFT_JAVA_HOME:-}" ]; then
        if ! weft_jdk_check "$WEFT_JAVA_HOME" WEFT_JAVA_HOME; then
            printf '%s\n' "weft: WEFT_JAVA_HOME=$WEFT_JAVA_HOME is no JDK $weft_jdk_min or later: $weft_jdk_why" \
                "Set WEFT_JAVA_HOME to a JDK's folder, or unset it to let one be found." >&2
            exit 1
        fi
        weft_jdk_home=$WEFT_JAVA_HOME
        return 0
    fi
    if [ -z "${JAVA_HOME:-}" ]; then
        weft_jdk_seen="$weft_jdk_seen
  JAVA_HOME: not set"
    elif weft_jdk_check "$JAVA_HOME" "JAVA_HOME=$JAVA_HOME"; then
        weft_jdk_home=$JAVA_HOME
        return 0
    fi
    if weft_jdk_java=$(command -v java); then
        weft_jdk_dir=$(weft_jdk_on_path "$weft_jdk_java") || weft_jdk_dir=
        if weft_jdk_check "$weft_jdk_dir" "java on the PATH ($weft_jdk_java)"; then
            weft_jdk_home=$weft_jdk_dir
            return 0
        fi
    else
        weft_jdk_seen="$weft_jdk_seen
  java on the PATH: none"
    fi
    weft_jdk_scan
    if [ -z "$weft_jdk_home" ]; then
        printf '%s\n' "weft: no JDK $weft_jdk_min or later found. Looked at:$weft_jdk_seen" \
            "  and through /usr/lib/jvm, /usr/java, /opt/java*, /opt/jdk*, ~/.sdkman, ~/.jdks, mise, asdf," \
            "  /Library/Java/JavaVirtualMachines and Homebrew." \
            "Install a JDK $weft_jdk_min (for instance from https://adoptium.net), or set WEFT_JAVA_HOME to the folder of one." >&2
        exit 1
    fi
}

weft_jdk_find
JAVA_HOME=$weft_jdk_home
export JAVA_HOME
