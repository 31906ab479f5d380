# Many slow streams at once: what is lost, what is late, what a stream costs.
import json
import os
import subprocess
import sys
import tempfile
import time

CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "paced_client.py")


def percentile(values, share):
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure(target, streams, frames, ramp, limit):
    """Runs the streams; the target is fresh, so that its memory before is that of an idle server."""
    clients = 1 if streams <= 1000 else 2
    time.sleep(0.5)
    idle, _ = target.process.memory()
    cpu = target.process.cpu_seconds()
    parts = [streams // clients + (1 if index < streams % clients else 0) for index in range(clients)]
    children = []
    outputs = []
    peak = idle
    try:
        for part in parts:
            options = {
                "streams": part,
                "port": target.port,
                "frames": frames,
                "body": target.body(True),
                "authorization": target.authorization,
                "ramp": ramp,
                "limit": limit,
                "sweep": 0 if clients == 1 else 0.1,
            }
            outputs.append(tempfile.TemporaryFile("w+"))
            children.append(subprocess.Popen([sys.executable, CLIENT, json.dumps(options)], stdout=outputs[-1]))
        deadline = time.monotonic() + limit + 30
        while any(child.poll() is None for child in children):
            if time.monotonic() > deadline:
                raise RuntimeError("the clients do not end")
            peak = max(peak, target.process.memory()[0])
            time.sleep(0.1)
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
            child.wait()
    texts = []
    for output in outputs:
        output.seek(0)
        texts.append(output.read())
        output.close()
    results = [json.loads(text) for text in texts]
    cpu = target.process.cpu_seconds() - cpu
    first = [value for result in results for value in result["first_ms"]]
    gaps = [value for result in results for value in result["gap_ms"]]
    lengths = [value for result in results for value in result["length_ms"]]
    failures = {}
    for result in results:
        for text, count in result["failures"].items():
            failures[text] = failures.get(text, 0) + count
    received = sum(result["frames"] for result in results)
    return {
        "target": target.name,
        "streams": streams,
        "frames_each": frames,
        "finished": sum(result["finished"] for result in results),
        "lost": sum(result["lost"] for result in results),
        "extra": sum(result["extra"] for result in results),
        "disordered": sum(result["disordered"] for result in results),
        "failures": failures,
        "seconds": max(result["seconds"] for result in results),
        "frames_per_second": received / max(result["seconds"] for result in results),
        "first_p50_ms": percentile(first, 0.50),
        "first_p99_ms": percentile(first, 0.99),
        "gap_p50_ms": percentile(gaps, 0.50),
        "gap_p99_ms": percentile(gaps, 0.99),
        "length_p50_ms": percentile(lengths, 0.50),
        "idle_kib": idle,
        "peak_kib": peak,
        "kib_per_stream": (peak - idle) / streams,
        "cpu_seconds": cpu,
        "cpu_us_per_frame": cpu / max(received, 1) * 1e6,
    }

