"""What strace saw a server do, as a list of events in order of completion."""

import re
from dataclasses import dataclass

CALLS = ("openat,creat,mkdir,mkdirat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,sync_file_range,"
         "rename,renameat,renameat2,link,linkat,copy_file_range,sendfile,splice,ftruncate,unlink,unlinkat,"
         "recvfrom,read,recvmsg,io_uring_enter,msync")
LINE = re.compile(r"^(\d+)\s+(.*)$")
STARTED = re.compile(r"^(\w+)\((.*)<unfinished \.\.\.>$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
WHOLE = re.compile(r"^(\w+)\((.*)$")
RESULT = re.compile(r"\)\s+= (-?\d+)(?:<(.*)>)?")
DESCRIPTOR = re.compile(r"^(?:AT_FDCWD|\d+)<([^>]*)>")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def command(output):
    """strace as a wrapper that leaves the server the direct child, so that signals reach it."""
    return ["strace", "-D", "-f", "-y", "-s", "64", "-o", str(output), "-e", f"trace={CALLS}", "-e", "signal=none"]


@dataclass
class Event:
    """One system call: began and ended are positions in the trace."""

    call: str
    arguments: str
    result: int
    began: int
    ended: int

    @property
    def path(self):
        """The file that the first descriptor stands for."""
        found = DESCRIPTOR.match(self.arguments)
        return found[1] if found else None

    @property
    def strings(self):
        return STRING.findall(self.arguments)

    @property
    def paths(self):
        """The paths that a call names, made absolute."""
        folders = re.findall(r"(?:AT_FDCWD|\d+)<([^>]*)>", self.arguments)
        names = self.strings
        folders += [""] * (len(names) - len(folders))
        return [name if name.startswith("/") else f"{folder}/{name}" for folder, name in zip(folders, names)]

    def __str__(self):
        return f"{self.began}-{self.ended} {self.call}({self.arguments[:150]} = {self.result}"


def parse(text):
    """Every finished system call, sorted by the moment it ended."""
    events, unfinished = [], {}
    for position, line in enumerate(text.splitlines()):
        found = LINE.match(line)
        if not found:
            continue
        thread, rest = found.groups()
        if started := STARTED.match(rest):
            unfinished[thread] = (started[1], started[2], position)
            continue
        began = position
        if resumed := RESUMED.match(rest):
            if thread not in unfinished:
                continue
            call, head, began = unfinished.pop(thread)
            arguments = head + resumed[2]
        elif whole := WHOLE.match(rest):
            call, arguments = whole.groups()
        else:
            continue
        if result := RESULT.search(arguments):
            events.append(Event(call, arguments, int(result[1]), began, position))
    return events
