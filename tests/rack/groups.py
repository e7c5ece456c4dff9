"""The control groups of a native node: a folder of its own in each hierarchy that this host has.

They outlive processes, so whoever makes them removes them: remove() when the power is cut, and
remove_left() what a run that was killed could not."""

import contextlib
import os

PREFIX = "bootserver-rack."


def hierarchies():
    """[(file system, mount options, our own folder in it)] of cgroup v1, hybrid or v2 as it is here."""
    own = {}
    with open("/proc/self/cgroup", encoding="ascii") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            own[controllers] = path
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            kind, _, options = after.split()
            root, place = before.split()[3:5]
            if kind == "cgroup":
                names = ",".join(o for o in options.split(",") if o not in ("rw", "ro", "xattr", "clone_children"))
                path = os.path.relpath(own.get(names, "/"), root)
                found.append((kind, f"none,{names}" if names.startswith("name=") else names,
                              os.path.normpath(os.path.join(place, path))))
            elif kind == "cgroup2":
                # at the top: below a group with processes in it no controller can be given on
                found.append((kind, "", place))
    return found


class Groups:
    """`mounts` is what the node mounts: (file system, options, descriptor of its folder)."""

    def __init__(self, name):
        self._folders = []
        self.mounts = []
        try:
            for kind, options, folder in hierarchies():
                self._make(kind, options, os.path.join(folder, f"{PREFIX}{os.getpid()}.{name}"))
        except BaseException:
            self.remove()
            raise

    def _make(self, kind, options, folder):
        os.makedirs(folder, exist_ok=True)
        self._folders.append(folder)
        if options == "cpuset":     # a new one has no processor, and so takes no process
            for name in ("cpuset.cpus", "cpuset.mems"):
                with open(os.path.join(folder, "..", name), encoding="ascii") as file:
                    _write(os.path.join(folder, name), file.read())
        self.mounts.append((kind, options, os.open(folder, os.O_PATH | os.O_DIRECTORY)))

    def remove(self):
        for _, _, fd in self.mounts:
            os.close(fd)
        for folder in self._folders:
            empty(folder)
            os.rmdir(folder)
        self.mounts, self._folders = [], []


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def enter(fd):
    """This process goes into the group."""
    _write(f"/proc/self/fd/{fd}/cgroup.procs", "0")


def empty(folder):
    """Removes the groups below; their processes are gone."""
    for path, names, _ in os.walk(folder, topdown=False):
        for name in names:
            os.rmdir(os.path.join(path, name))


def remove_left():
    """Removes the folders of runs that were killed: their processes died with them."""
    for _, _, folder in hierarchies():
        for name in os.listdir(folder):
            pid = name.removeprefix(PREFIX).split(".")[0]
            if name.startswith(PREFIX) and not os.path.exists(f"/proc/{pid}"):
                with contextlib.suppress(OSError):      # another run is just doing the same
                    empty(os.path.join(folder, name))
                    os.rmdir(os.path.join(folder, name))
