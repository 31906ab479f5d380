#!/usr/bin/env python3
# The alert benchmark: durable ingest beside Alertmanager's memory, and list pages out of very many alerts. See README.md.
import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time

import alert_loads
import alert_targets
import processes
import report

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOALS = """First goals: 10,000 events/s in bodies of 500 on SQLite; 1,500 single-event requests/s with a p99 under 50 ms;
a list page with filters out of 1,000,000 alerts within 20 ms."""


def note(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="OpsGate's alert ingest beside Alertmanager, on loopback.")
    parser.add_argument("--products", default=os.path.join(ROOT, ".build", "release"), help="folder of the programs")
    parser.add_argument("--seconds", type=int, default=5, help="length of each load (default 5)")
    parser.add_argument("--batches", default="1,100,500", help="events a request (default 1,100,500)")
    parser.add_argument("--senders", default="1,4,32", help="connections (default 1,4,32)")
    parser.add_argument("--only", default="sqlite,postgresql,alertmanager", help="targets, separated by commas")
    parser.add_argument("--alerts", type=int, default=1_000_000, help="alerts behind the list pages; 0: no pages")
    parser.add_argument("--list-on", default="sqlite", help="stores of the list pages (default sqlite)")
    parser.add_argument("--rounds", type=int, default=200, help="requests for each page (default 200)")
    parser.add_argument("--output", default=os.path.join(ROOT, "bench-results-alerts.json"), help="the raw numbers")
    return parser.parse_args()


def numbers(text):
    return [int(part) for part in text.split(",") if part]


class Run:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.postgresql = None
        self.results = {
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "machine": f"{report.processor()}, {os.cpu_count()} cores, {platform.release()}",
            "command": " ".join(sys.argv),
            "seconds": options.seconds,
            "file_limit": processes.raise_file_limit(),
            "load_average_before": os.getloadavg()[0],
            "missing": {},
            "ingest": [],
            "alerts": options.alerts,
            "fill": [],
            "pages": [],
        }

    def target(self, name):
        if name == "alertmanager":
            return alert_targets.Alertmanager(self.folder)
        database = None
        if name == "postgresql":
            if self.postgresql is None:
                self.postgresql = alert_targets.PostgreSQL(self.folder)
            database = self.postgresql.database()
        title = "OpsGate, PostgreSQL" if database else "OpsGate, SQLite"
        return alert_targets.OpsGate(title, self.options.products, ROOT, self.folder, database)

    def guarded(self, name, work):
        """What cannot be measured is named in the output, and the run goes on."""
        target = None
        try:
            target = self.target(name.split()[0])
            return work(target)
        except Exception as error:  # whatever it is, the rest is still worth measuring
            self.results["missing"][name] = str(error).strip()[:1500]
            note(f"{name}: {self.results['missing'][name]}")
        finally:
            if target is not None:
                target.stop()

    def ingest(self):
        options = self.options
        for batch in numbers(options.batches):
            for senders in numbers(options.senders):
                for name in [name for name in ("alertmanager", "sqlite", "postgresql") if name in options.only]:
                    note(f"{name}: {batch} events a request, {senders} senders …")
                    row = self.guarded(
                        f"{name} {batch} {senders}",
                        lambda target: alert_loads.ingest(target, batch, senders, options.seconds),
                    )
                    if row:
                        self.results["ingest"].append(row)

    def pages(self):
        options = self.options
        if options.alerts <= 0:
            return

        def work(target):
            seconds = alert_loads.fill(target, options.alerts, note)
            self.results["fill"].append(
                {"target": target.name, "seconds": seconds, "per_second": options.alerts / seconds}
            )
            note(f"{target.name}: {options.alerts:,} alerts in {seconds:.0f} s; list pages …")
            self.results["pages"] += alert_loads.list_pages(target, options.alerts, options.rounds)

        for name in options.list_on.split(","):
            self.guarded(f"{name} pages", work)


def ingest_table(rows):
    base = {(row["batch"], row["senders"]): row for row in rows if row["target"] == "Alertmanager"}
    lines = []
    for row in rows:
        beside = base.get((row["batch"], row["senders"]))
        lines.append([
            str(row["batch"]),
            str(row["senders"]),
            row["target"],
            report.number(row["events_per_second"]),
            report.number(row["requests_per_second"]),
            report.number(row["p50_ms"], 2),
            report.number(row["p99_ms"], 2),
            report.number(row["cpu_us_per_event"], 1),
            report.number(row["peak_kib"] / 1024, 0),
            report.ratio(row["events_per_second"], beside and beside["events_per_second"]),
            report.ratio(row["p99_ms"], beside and beside["p99_ms"]),
            str(row["lost"]),
            ", ".join(f"{count} {name}" for name, count in row["errors"].items()) or "0",
        ])
    header = [
        "events/request", "senders", "target", "events/s", "requests/s", "p50 ms", "p99 ms", "CPU µs/event", "peak MB",
        "events/s ÷ Alertmanager", "p99 ÷ Alertmanager", "lost", "errors",
    ]
    return report.table(header, lines)


def page_table(rows):
    lines = [
        [row["target"], row["page"], f"`{row['query']}`" if row["query"] else "–", report.number(row["count"]),
         report.number(row["p50_ms"], 1), report.number(row["p99_ms"], 1)]
        for row in rows
    ]
    return report.table(["target", "page", "query", "count", "p50 ms", "p99 ms"], lines)


def markdown(results):
    parts = [
        f"{results['date']}, {results['machine']}; loads of {results['seconds']} s; "
        f"load average before: {results['load_average_before']:.1f}",
        f"Command: `{results['command']}`",
        "Every alert is new. OpsGate answers after its commit; Alertmanager keeps alerts in memory only.",
    ]
    if results["load_average_before"] > 0.7:
        parts.append("**The machine was not idle: these numbers are too low.**")
    if results["ingest"]:
        parts.append(ingest_table(results["ingest"]))
    for row in results["fill"]:
        parts.append(
            f"{row['target']}: {results['alerts']:,} alerts loaded in {row['seconds']:.0f} s "
            f"({row['per_second']:,.0f} a second, bodies of 2,000, 2 senders)."
        )
    if results["pages"]:
        parts.append(page_table(results["pages"]))
    for name, reason in results["missing"].items():
        parts.append(f"Not measured: {name}: {reason.splitlines()[0] if reason else 'no reason given'}")
    parts.append(GOALS)
    return "\n\n".join(parts)


def main():
    options = arguments()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing; on Debian: apt-get install wrk")
    # An end by a signal must go through the `finally` below, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="opsgate-bench-")
    run = Run(options, folder)
    try:
        run.ingest()
        run.pages()
    finally:
        if run.postgresql is not None:
            run.postgresql.stop()
        processes.stop_all()
        shutil.rmtree(folder, ignore_errors=True)
        with open(options.output, "w") as file:
            json.dump(run.results, file, indent=1)
        print(markdown(run.results))
        note(f"raw numbers: {options.output}")


main()
