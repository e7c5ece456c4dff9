#!/usr/bin/python3
"""First process of a rack's PID namespace: its end ends everything in it.  Reaps orphans, says "ready"
once the namespace's own /proc, /sys and loopback are there."""

import os
import signal
import subprocess

subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
os.write(1, b"ready\n")
os.close(1)
while True:
    signal.sigwait({signal.SIGCHLD})
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
