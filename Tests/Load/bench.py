#!/usr/bin/env python3
# The benchmark: OpsGate beside nginx and LiteLLM in one run on one machine, all on loopback. See README.md here.
import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time

import paced
import processes
import report
import steady
import targets

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def note(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="OpsGate beside nginx and LiteLLM, on loopback.")
    parser.add_argument("--products", default=os.path.join(ROOT, ".build", "release"), help="folder of the programs")
    parser.add_argument("--seconds", type=int, default=5, help="length of each load (default 5)")
    parser.add_argument("--connections", default="1,16", help="connections of the loads (default 1,16)")
    parser.add_argument("--streams", default="512,5000,10000", help="numbers of paced streams (default 512,5000,10000)")
    parser.add_argument("--messages", default="2,400", help="messages of the 100 KB conversations (default 2,400)")
    parser.add_argument("--only", default="direct,nginx,opsgate,litellm", help="targets, separated by commas")
    parser.add_argument("--nginx-workers", default="auto", help="nginx worker processes (default auto)")
    parser.add_argument("--output", default=os.path.join(ROOT, "bench-results.json"), help="file for the raw numbers")
    return parser.parse_args()


def guarded(missing, name, make):
    """Makes a target; one that cannot be had is named in the output, and the run goes on."""
    try:
        return make()
    except Exception as error:  # whatever it is, the other targets are still worth measuring
        missing[name] = str(error).strip()[:1500]
        note(f"{name}: {missing[name]}")
        return None


def start(name, options, folder, direct, missing):
    makers = {
        "nginx": lambda: targets.nginx(folder, direct, options.nginx_workers),
        "opsgate": lambda: targets.opsgate(options.products, ROOT, folder, direct),
        "litellm": lambda: targets.litellm(ROOT, folder, direct),
    }
    return direct if name == "direct" else guarded(missing, name, makers[name])


def steady_loads(options, wanted, folder, results):
    direct = targets.upstream(options.products, folder, "bench")
    for name in wanted:
        target = start(name, options, folder, direct, results["missing"])
        if target is None:
            continue
        if target.cold_start is not None:
            results["cold_start_seconds"][target.name] = target.cold_start
        results["idle_kib"][target.name] = target.process.memory()[0]
        for stream in (False, True):
            for connections in [int(text) for text in options.connections.split(",")]:
                note(f"{target.name}: {'stream' if stream else 'whole'}, {connections} connections …")
                row = guarded(
                    results["missing"],
                    f"{target.name} {'stream' if stream else 'whole'} {connections}",
                    lambda: steady.measure(
                        # LiteLLM answers so rarely that a longer look is needed.
                        target, stream, connections, options.seconds * (3 if name == "litellm" else 1)
                    ),
                )
                if row:
                    results["steady"].append(row)
        for messages in [int(text) for text in options.messages.split(",") if text]:
            if name == "litellm":
                continue  # it needs seconds for what this asks
            note(f"{target.name}: 100 KB in {messages} messages …")
            row = guarded(
                results["missing"],
                f"{target.name} 100 KB {messages}",
                lambda: steady.measure(target, False, 16, options.seconds, messages),
            )
            if row:
                results["conversations"].append(row)
        if target is not direct:
            target.process.stop()
    direct.process.stop()


def paced_loads(options, wanted, folder, results):
    for streams in [int(text) for text in options.streams.split(",") if text]:
        # Long enough that all streams are open together; where 20 ms a frame cannot be kept, it takes longer.
        frames, ramp, limit = (200, 1.0, 60) if streams <= 1000 else (300, 4.0, 120)
        # 10,000 are about memory: at a text every 20 ms two cores could not even read them.
        pause, frames, ramp = (20, frames, ramp) if streams <= 5000 else (500, 40, 8.0)
        for name in wanted:
            if name == "litellm":
                continue  # at 120 requests a second it has nothing to say here
            direct = targets.upstream(options.products, folder, f"paced-{pause}ms-{frames}")
            target = start(name, options, folder, direct, results["missing"])
            if target is not None:
                note(f"{target.name}: {streams} paced streams …")
                row = guarded(
                    results["missing"],
                    f"{target.name} paced {streams}",
                    lambda: paced.measure(target, streams, frames, ramp, limit),
                )
                if row:
                    results["paced"].append(row)
                if target is not direct:
                    target.process.stop()
            direct.process.stop()


def main():
    options = arguments()
    for program in ("wrk", "nginx"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing; on Debian: apt-get install wrk nginx-light")
    if not os.access(os.path.join(options.products, "scripted-upstream"), os.X_OK):
        sys.exit(f"scripted-upstream is not in {options.products}; build it: swift build -c release")
    # An end by a signal must go through the `finally` below, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = [name for name in ("direct", "nginx", "opsgate", "litellm") if name in options.only.split(",")]
    results = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{report.processor()}, {os.cpu_count()} cores, {platform.release()}",
        "command": " ".join(sys.argv),
        "seconds": options.seconds,
        "nginx_workers": options.nginx_workers,
        "file_limit": processes.raise_file_limit(),
        "load_average_before": os.getloadavg()[0],
        "missing": {},
        "cold_start_seconds": {},
        "idle_kib": {},
        "steady": [],
        "conversations": [],
        "paced": [],
    }
    folder = tempfile.mkdtemp(prefix="opsgate-bench-")
    try:
        steady_loads(options, wanted, folder, results)
        paced_loads(options, wanted, folder, results)
    finally:
        processes.stop_all()
        shutil.rmtree(folder, ignore_errors=True)
        with open(options.output, "w") as file:
            json.dump(results, file, indent=1)
        print(report.markdown(results))
        note(f"raw numbers: {options.output}")


main()
