# Processes of the benchmark: started in groups of their own, measured through /proc, always stopped by id.
import http.client
import os
import resource
import shutil
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
running = []


def raise_file_limit(wanted=65_536):
    """Takes as many file descriptors as may be had; children inherit them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(hard, wanted), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
        except (ValueError, OSError):
            continue
    return soft


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A started program with all its children: they share its process group."""

    def __init__(self, name, command, log, environment=None, folder=None):
        self.name = name
        self.log = log
        if shutil.which("setpriv"):  # ends with this script, however that ends
            command = ["setpriv", "--pdeathsig", "TERM", "--"] + command
        with open(log, "wb") as output:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                cwd=folder,
                start_new_session=True,
            )
        self.started = time.monotonic()
        running.append(self)

    @property
    def log_end(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-2000:]

    def wait_for_line(self, text, limit=20):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            with open(self.log, errors="replace") as file:
                for line in file:
                    if text in line and line.endswith("\n"):
                        return line.strip()
            if self.popen.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not write {text!r}:\n{self.log_end}")

    def wait_for_http(self, port, path, limit, pause=0.002):
        """Seconds from the start to the first answer with status 200."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self.popen.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.popen.returncode}:\n{self.log_end}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return time.monotonic() - self.started
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(pause)
        raise RuntimeError(f"{self.name} does not answer {path} on port {port}:\n{self.log_end}")

    def members(self):
        """The ids of all processes of the group."""
        ids = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.getpgid(int(entry)) == self.popen.pid:
                        ids.append(int(entry))
                except ProcessLookupError:
                    pass
        return ids

    def cpu_seconds(self):
        """Processor time of all threads of all processes, ended children of theirs included."""
        total = 0
        for member in self.members():
            try:
                with open(f"/proc/{member}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            total += sum(int(value) for value in fields[11:15])
        return total / TICKS

    def memory(self):
        """Resident memory now and at its highest, in KiB, over all processes."""
        now = peak = 0
        for member in self.members():
            try:
                with open(f"/proc/{member}/status") as file:
                    for line in file:
                        if line.startswith("VmRSS:"):
                            now += int(line.split()[1])
                        elif line.startswith("VmHWM:"):
                            peak += int(line.split()[1])
            except OSError:
                continue
        return now, peak

    def stop(self, limit=10):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(limit)
            except subprocess.TimeoutExpired:
                pass
        for member in self.members():
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.popen.wait()
        if self in running:
            running.remove(self)


def stop_all():
    for process in list(reversed(running)):
        process.stop(limit=3)
