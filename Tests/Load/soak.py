#!/usr/bin/env python3
# The soak: mixed traffic with faults for a while, and at the end nothing has leaked and the books are right. See README.md.
import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter

import alert_targets
import processes
import soak_books
import soak_cases
from alert_targets import ask
from processes import Process, free_port
from soak_client import SECRET, Client

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What must be zero when nothing is going on: everything that says to run, to wait, to be held or in flight.
IDLE = ("_in_flight", "_running", "_waiting", "_waiting_bodies", "_waiting_events", "_held", "_holds", "_reserved")
LOST = ("opsgate_usage_rows_lost_total",)
PROVIDERS = """
providers:
  - {{name: a, kind: openai-compatible, base_url: "{a}", api_keys: ["soak"], timeouts: {timeouts}}}
  - {{name: b, kind: openai-compatible, base_url: "{b}", api_keys: ["soak"], timeouts: {timeouts}}}
routes:
  default: {{targets: [{{model: a/bots}}, {{model: b/bots, order: 2}}], retries: 1}}
  soak: {{targets: [{{model: a/soak}}, {{model: b/soak}}], retries: 1}}
  faulty: {{targets: [{{model: a/faulty}}, {{model: b/faulty, order: 2}}], retries: 0}}
  hopeless: {{targets: [{{model: a/hopeless}}, {{model: b/hopeless}}], retries: 1}}
  dying: {{targets: [{{model: a/dying}}, {{model: b/dying}}], retries: 0}}
"""


def note(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="Mixed traffic with faults, then the books and everything that may leak.")
    parser.add_argument("--seconds", type=int, default=1200, help="length of the traffic (default 1200)")
    parser.add_argument("--rate", type=float, default=40, help="requests a second (default 40)")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release"), help="folder of the programs")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the mix; printed")
    parser.add_argument("--output", help="the raw numbers as JSON")
    return parser.parse_args()


class Soak:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.random = soak_cases.source(options.seed)
        self.cases = soak_cases.cases(self.random)
        self.faults = []
        self.sent = {}
        self.seen = {}
        self.asked = Counter()
        self.statuses = Counter()
        self.memory = []
        self.postgresql = None

    # Programs.

    def start(self):
        self.upstreams = {}
        for name in ("a", "b"):
            program = os.path.join(self.options.binary, "scripted-upstream")
            process = Process("upstream " + name, [program, "--key", "soak"], os.path.join(self.folder, name + ".log"))
            port = int(process.wait_for_line("listening on").rpartition(":")[2])
            self.upstreams[name] = port
            self.control(name, "POST", "script", soak_cases.script(self.cases, name))
        providers = os.path.join(self.folder, "providers.yaml")
        with open(providers, "w") as file:
            addresses = {name: f"http://127.0.0.1:{port}/v1" for name, port in self.upstreams.items()}
            timeouts = "{connect: 2s, first_byte: 3s, idle: 3s}"
            file.write(PROVIDERS.format(timeouts=timeouts, **addresses))
        if self.options.postgres:
            self.postgresql = alert_targets.PostgreSQL(self.folder)
        self.port = free_port()
        environment = {
            "OPSGATE_DATA": os.path.join(self.folder, "data"),
            "OPSGATE_HOST": "127.0.0.1",
            "OPSGATE_PORT": str(self.port),
            "OPSGATE_ADMIN_SECRET": SECRET,
            "OPSGATE_ADMIN_PASSWORD": "bench-Password-1",
            "OPSGATE_LOG_LEVEL": "error",
            "OPSGATE_PROVIDERS": providers,
            "OPSGATE_DATABASE_URL": self.postgresql.database() if self.postgresql else "",
            "OPENAI_API_KEY": "",
            "OPENAI_BASE_URL": "",
            "NO_PROXY": "127.0.0.1",
        }
        program = os.path.join(self.options.binary, "opsgate")
        log = os.path.join(self.folder, "opsgate.log")
        self.gateway = Process("opsgate", [program, "serve", "--demo"], log, environment, folder=ROOT)
        self.gateway.wait_for_http(self.port, "/api/v1/core/health/", 60)

    def control(self, name, method, what, body=None):
        status, answer = ask(self.upstreams[name], method, "/control/" + what, body and json.dumps(body))
        if status != 200:
            raise RuntimeError(f"control {what}: {answer[:500]}")
        return json.loads(answer)

    def get(self, path):
        status, answer = ask(self.port, "GET", path, headers={"Authorization": "Bearer " + SECRET})
        if status != 200:
            raise RuntimeError(f"{path} gives {status}: {answer[:500]}")
        return answer.decode()

    # Traffic.

    async def one(self, client, number):
        case = soak_cases.pick(self.cases, self.random)
        identity = f"soak-{self.options.seed}-{number}"
        body, stream = case.request(self.random, identity)
        self.sent[identity] = case.reaches
        self.asked[case.name] += 1
        try:
            more = {"secret": case.secret} if case.secret else {}
            answer = await asyncio.wait_for(client.ask(identity, body, **more, **case.client()), 60)
        except Exception as error:  # whatever it is, it is the gateway's fault or the soak's
            self.faults.append(f"{identity} {case.name}: {type(error).__name__} {error}")
            return
        self.statuses[answer.status or "left"] += 1
        fault = soak_cases.fault(case, stream, answer)
        if fault:
            self.faults.append(f"{identity} {case.name}: {fault}")
        if answer.usage and answer.is_done and case.expect == "answer":
            self.seen[identity] = answer.usage

    async def traffic(self, client, seconds, first):
        """Requests at an even pace; those that run when it ends are waited for. Returns how many there were."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        running = set()
        number = 0
        next_sample = 0
        while (passed := loop.time() - started) < seconds:
            while number < passed * self.options.rate and len(running) < 400:
                task = asyncio.create_task(self.one(client, first + number))
                running.add(task)
                task.add_done_callback(running.discard)
                number += 1
            if passed >= next_sample:
                self.memory.append(self.gateway.memory()[0])
                next_sample = passed + 1
            if self.gateway.popen.poll() is not None:
                raise RuntimeError(f"opsgate ended with {self.gateway.popen.returncode}:\n{self.gateway.log_end}")
            await asyncio.sleep(0.01)
        if running:
            await asyncio.wait(running)
        return number

    # What is left.

    def metrics(self):
        values = {}
        for line in self.get("/metrics").splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
        return values

    def busy(self):
        """Names and values of what should be zero."""
        values = self.metrics()
        found = {
            name: value for name, value in values.items()
            if value and name.split("{")[0].startswith("opsgate_")
            and (name.split("{")[0].endswith(IDLE) or name in LOST or 'state="active"' in name)
        }
        for name in self.upstreams:
            stats = self.control(name, "GET", "stats")
            if stats["streams_open"] + stats["answers_open"]:
                found[f"answers open at {name}"] = stats["streams_open"] + stats["answers_open"]
        return found

    def rest(self):
        """Waits until nothing is going on. Returns open files, resident KiB and threads."""
        deadline = time.monotonic() + 20
        while (busy := self.busy()) and time.monotonic() < deadline:
            time.sleep(0.2)
        if busy:
            self.faults.append(f"still busy after 20 s without traffic: {busy}")
        time.sleep(1.5)  # connections whose clients have gone are closed by then
        pid = self.gateway.popen.pid
        files = len(os.listdir(f"/proc/{pid}/fd"))
        return files, self.gateway.memory()[0], len(os.listdir(f"/proc/{pid}/task"))

    def rows(self):
        found, page = [], 1
        while True:
            data = json.loads(self.get(f"/api/v1/opspilot/usage/?ordering=started_at&page_size=1000&page={page}"))["data"]
            found += data["results"]
            if len(found) >= data["count"] or not data["results"]:
                return found
            page += 1

    def books(self):
        rows = self.rows()
        ledgers = {}
        for name in self.upstreams:
            ledger = self.control(name, "GET", "ledger")
            if ledger["dropped"]:
                raise RuntimeError(f"the ledger of {name} is full")
            ledgers[name] = ledger["lines"]
        sums = json.loads(self.get("/api/v1/opspilot/usage/?group_by=outcome&page_size=1000"))["data"]["results"]
        values = self.metrics()

        def counted(kind):
            return int(sum(
                value for name, value in values.items()
                if name.startswith("gen_ai_client_token_usage_sum") and f'gen_ai_token_type="{kind}"' in name
            ))

        faults, summary = soak_books.compare(
            self.sent, self.seen, rows, ledgers, sums, (counted("input"), counted("output"))
        )
        self.faults += faults
        return summary

    async def run(self):
        options = self.options
        warm_up = max(5, min(options.seconds * 0.25, 180))
        client = Client(self.port)
        note(f"seed {options.seed}; {warm_up:.0f} s to warm up …")
        done = await self.traffic(client, warm_up, 0)
        client.close_idle()
        before = self.rest()
        note(f"{options.seconds - warm_up:.0f} s more …")
        done += await self.traffic(client, options.seconds - warm_up, done)
        client.close_idle()
        after = self.rest()
        summary = self.books()
        (files, memory, threads), (files_after, memory_after, threads_after) = before, after
        # Pools and caches fill up a little further; what grows with the traffic is far beyond this. A short run has not
        # filled them when it is measured first.
        if files_after > files + 24:
            self.faults.append(f"open files went from {files} to {files_after}")
        if options.seconds >= 60 and memory_after > memory * 1.25 + 12 * 1024:
            self.faults.append(f"resident memory went from {memory} KiB to {memory_after} KiB")
        if threads_after > threads + 8:
            self.faults.append(f"threads went from {threads} to {threads_after}")
        summary.update({
            "seed": options.seed,
            "seconds": options.seconds,
            "store": "PostgreSQL" if options.postgres else "SQLite",
            "statuses": dict(sorted(self.statuses.items(), key=str)),
            "requests by kind": dict(sorted(self.asked.items())),
            "open files after warming up, at the end": (files, files_after),
            "threads after warming up, at the end": (threads, threads_after),
            "resident KiB after warming up, at the end": (memory, memory_after),
            "resident KiB at the highest": self.gateway.memory()[1],
            "processor seconds": round(self.gateway.cpu_seconds(), 1),
        })
        self.summary = summary

    def stop_gateway(self):
        """It must end in order, too."""
        self.gateway.popen.send_signal(signal.SIGTERM)
        code = self.gateway.popen.wait(40)
        if code != 0:
            self.faults.append(f"opsgate ended with {code}: {self.gateway.log_end}")
        if "Fatal error" in self.gateway.log_end:
            self.faults.append(self.gateway.log_end)


def main():
    options = arguments()
    processes.raise_file_limit()
    # An end by a signal must go through the `finally` below, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="opsgate-soak-")
    soak = Soak(options, folder)
    soak.summary = {}
    try:
        soak.start()
        asyncio.run(soak.run())
        soak.stop_gateway()
    finally:
        if soak.postgresql is not None:
            soak.postgresql.stop()
        processes.stop_all()
        shutil.rmtree(folder, ignore_errors=True)
    for name, value in soak.summary.items():
        print(f"{name}: {value}")
    if options.output:
        with open(options.output, "w") as file:
            json.dump({**soak.summary, "violations": soak.faults}, file, indent=1)
    for fault in soak.faults[:50]:
        print(f"VIOLATION: {fault}")
    print(f"{len(soak.faults)} violations" if soak.faults else "no violation")
    sys.exit(1 if soak.faults else 0)


main()
