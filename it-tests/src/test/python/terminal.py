"""Runs a program at a terminal of its own: terminal.py COMMAND...

What comes on standard input is typed (a line end as the return key); what the terminal shows comes on standard output,
without colours and cursor movements (with TERMINAL_ESCAPES=shown in the environment: with them), and with a line end after
jshell's prompt. The exit status is the program's. When standard input ends, nothing more is typed.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]")

shows_escapes = os.environ.pop("TERMINAL_ESCAPES", "") == "shown"
child, terminal = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm"
    # A shell ignores it for what it runs in the background, and so would all that descends from that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp(sys.argv[1], sys.argv[1:])

# A new terminal has no size, in which nothing can be shown.
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
sources = [0, terminal]
shown = b""
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:  # Linux: the program has ended
            data = b""
        if not data:
            sources.remove(source)
        elif source == 0:
            os.write(terminal, data.replace(b"\n", b"\r"))
        else:
            shown += data
            # A sequence may have come in part.
            whole = re.match(rb"(?s)(.*?)(\x1b(\[[0-9;?]*)?)?\Z", shown)
            text = whole.group(1) if shows_escapes else ESCAPES.sub(b"", whole.group(1))
            text = text.replace(b"\r", b"")
            os.write(1, text.replace(b"jshell> ", b"jshell> \n"))
            shown = whole.group(2) or b""
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
