# Who takes the alerts: OpsGate on SQLite, OpsGate on PostgreSQL, Alertmanager. Each is started fresh for each load.
import glob
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess

from processes import Process, free_port

SECRET = "bkls_bench_0123456789abcdefghijklmnopqrstuvwxyz"
LIST = "/api/v1/alerts/api/alerts/"


def ask(port, method, path, body=None, headers=None):
    """Status and body of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class OpsGate:
    path = "/api/v1/alerts/api/receiver_data/?source_id=bench"

    def __init__(self, name, products, root, folder, database=None):
        self.name = name
        program = os.path.join(products, "opsgate")
        if not os.access(program, os.X_OK):
            raise RuntimeError(f"{program} is not built: swift build -c release --product opsgate")
        self.port = free_port()
        self.folder = os.path.join(folder, f"opsgate-{self.port}")
        os.mkdir(self.folder)
        environment = {
            "OPSGATE_DATA": os.path.join(self.folder, "data"),
            "OPSGATE_HOST": "127.0.0.1",
            "OPSGATE_PORT": str(self.port),
            "OPSGATE_ADMIN_SECRET": SECRET,
            "OPSGATE_ADMIN_PASSWORD": "bench-Password-1",
            "OPSGATE_LOG_LEVEL": os.environ.get("OPSGATE_LOG_LEVEL", "warning"),
            "OPSGATE_DATABASE_URL": database or "",
        }
        log = os.path.join(self.folder, "output.log")
        self.process = Process("opsgate", [program, "serve"], log, environment, folder=root)
        self.process.wait_for_http(self.port, "/api/v1/core/health/", 60)
        made = self.api("POST", "/api/v1/alerts/api/alert_source/", {
            "name": "bench", "source_id": "bench", "source_type": "prometheus",
        })
        self.authorization = "Bearer " + made["secret"]

    def api(self, method, path, body=None):
        headers = {"Authorization": "Bearer " + SECRET, "Content-Type": "application/json"}
        status, answer = ask(self.port, method, path, body and json.dumps(body), headers)
        if status != 200:
            raise RuntimeError(f"{method} {path} gives {status}: {answer[:500]}")
        return json.loads(answer)["data"]

    def stored(self):
        return self.api("GET", LIST + "?page_size=1")["count"]

    def stop(self):
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Alertmanager:
    """Debian's Alertmanager with its defaults and a receiver that goes nowhere. It keeps alerts in memory only."""

    path = "/api/v2/alerts"
    authorization = "none"

    def __init__(self, folder):
        self.name = "Alertmanager"
        program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
        if program is None:
            raise RuntimeError("Alertmanager is missing; on Debian: apt-get install prometheus-alertmanager")
        self.port = free_port()
        self.folder = os.path.join(folder, f"alertmanager-{self.port}")
        os.mkdir(self.folder)
        configuration = os.path.join(self.folder, "alertmanager.yml")
        with open(configuration, "w") as file:
            file.write("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        self.process = Process(
            "alertmanager",
            [
                program, f"--config.file={configuration}", f"--storage.path={self.folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=warn",
            ],
            os.path.join(self.folder, "output.log"),
        )
        self.process.wait_for_http(self.port, "/-/ready", 20)

    def stored(self):
        """What it says to have received; the list itself would be as large as its memory."""
        total = 0
        for line in ask(self.port, "GET", "/metrics")[1].decode().splitlines():
            if line.startswith("alertmanager_alerts_received_total"):
                total += int(float(line.rpartition(" ")[2]))
        return total

    def stop(self):
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSQL:
    """A server of Debian's package in a temporary folder, durable (`fsync` is on), otherwise with its defaults."""

    def __init__(self, folder):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not found:
            raise RuntimeError("PostgreSQL is missing; on Debian: apt-get install postgresql")
        self.programs = os.path.dirname(found[-1])
        self.port = free_port()
        self.folder = os.path.join(folder, f"postgresql-{self.port}")
        os.mkdir(self.folder)
        self.password = secrets.token_hex(12)
        with open(os.path.join(self.folder, "password"), "w") as file:
            file.write(self.password)
        # Root must not run the server.
        self.user = []
        if os.geteuid() == 0:
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
            os.chmod(folder, 0o755)
            subprocess.run(["chown", "-R", "postgres", self.folder], check=True)
        data = os.path.join(self.folder, "data")
        self.run("initdb", "-D", data, "-U", "postgres", f"--pwfile={self.folder}/password", "--encoding=UTF8",
                 "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256")
        self.process = Process(
            "postgresql",
            self.user + [
                f"{self.programs}/postgres", "-D", data, "-k", self.folder, "-p", str(self.port),
                "-c", "listen_addresses=127.0.0.1",
            ],
            os.path.join(folder, f"postgresql-{self.port}.log"),
            folder=self.folder,
        )
        self.process.wait_for_line("ready to accept connections", 60)
        self.databases = 0

    def run(self, program, *arguments):
        done = subprocess.run(
            self.user + [f"{self.programs}/{program}", *arguments], capture_output=True, text=True, cwd=self.folder,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr[-1000:]}")

    def database(self):
        self.databases += 1
        name = f"bench_{self.databases}"
        self.run("createdb", "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-T", "template0", name)
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/{name}"

    def stop(self):
        # Its fast way: connections are cut, the data is whole.
        if self.process.popen.poll() is None:
            self.process.popen.send_signal(signal.SIGINT)
            try:
                self.process.popen.wait(20)
            except subprocess.TimeoutExpired:
                pass
        self.process.stop()
