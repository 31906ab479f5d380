# The loads: alerts as fast as they are taken, and pages out of very many of them.
import http.client
import json
import os
import subprocess
import threading
import time

from alert_targets import LIST, SECRET, ask

LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "alerts.lua")


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def wrk(target, batch, senders, seconds, run):
    environment = {
        **os.environ,
        "BENCH_BATCH": str(batch),
        "BENCH_RUN": run,
        "BENCH_STARTS": moment(time.time()),
        "BENCH_AUTHORIZATION": target.authorization,
    }
    url = f"http://127.0.0.1:{target.port}{target.path}"
    command = ["wrk", "-t1", f"-c{senders}", f"-d{seconds}s", "--timeout", "30s", "-s", LUA, url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 120)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    raise RuntimeError(f"wrk said nothing: {done.stdout}\n{done.stderr}")


def check(target):
    """One body before the load: an answer that is fast and wrong must not count."""
    body = json.dumps([{
        "labels": {"alertname": "Check", "instance": "check"}, "annotations": {}, "startsAt": moment(time.time()),
    }])
    headers = {"Content-Type": "application/json", "Authorization": target.authorization}
    status, answer = ask(target.port, "POST", target.path, body, headers)
    if status != 200 or target.stored() != 1:
        raise RuntimeError(f"{target.name} answers {status}, and has {target.stored()} alerts: {answer[:500]}")


def ingest(target, batch, senders, seconds):
    check(target)
    wrk(target, batch, senders, 1, "warm")
    time.sleep(0.2)  # what was on the way when wrk ended
    before = target.stored()
    used = target.process.cpu_seconds()
    result = wrk(target, batch, senders, seconds, "load")
    time.sleep(0.2)
    used = target.process.cpu_seconds() - used
    stored = target.stored() - before
    events = max((result["requests"] - result["errors"]["status"]) * batch, 1)
    return {
        "target": target.name,
        "batch": batch,
        "senders": senders,
        "requests": result["requests"],
        "requests_per_second": result["requests"] / (result["microseconds"] / 1e6),
        "events_per_second": events / (result["microseconds"] / 1e6),
        "p50_ms": result["p50_us"] / 1000,
        "p99_ms": result["p99_us"] / 1000,
        "max_ms": result["max_us"] / 1000,
        # Answered and not there: must be none. (Requests that wrk cut off at its end may be there unanswered.)
        "lost": max(0, events - stored) if result["requests"] else 0,
        "cpu_us_per_event": used / events * 1e6,
        "peak_kib": target.process.memory()[1],
        "errors": {name: count for name, count in result["errors"].items() if count},
    }


NAMES = ["DiskFull", "CPUHigh", "MemoryLow", "LatencyHigh", "PodCrashLooping", "CertificateExpires", "QueueLong",
         "ReplicationLag", "TargetDown", "ErrorRate"]
SEVERITIES = ["critical"] + ["error"] * 2 + ["warning"] * 5 + ["info"] * 4


def history(first, count, now):
    """Alerts of the last thirty days, a fifth of them still firing; the same numbers give the same alerts."""
    parts = []
    for number in range(first, first + count):
        mixed = number * 2654435761 % 4294967296
        start = now - mixed % (30 * 86400)
        end = "" if mixed % 5 == 0 else f',"endsAt":"{moment(min(now - 1, start + 60 + mixed % 7200))}"'
        name = NAMES[mixed // 7 % len(NAMES)]
        parts.append(
            f'{{"labels":{{"alertname":"{name}","severity":"{SEVERITIES[mixed // 11 % len(SEVERITIES)]}",'
            f'"instance":"host-{mixed // 3 % 5000}:9100","region":"region-{mixed // 13 % 10}",'
            f'"team":"team-{mixed // 17 % 8}","number":"{number}"}},'
            f'"annotations":{{"summary":"{name} on host-{mixed // 3 % 5000}"}},"startsAt":"{moment(start)}"{end}}}'
        )
    return "[" + ",".join(parts) + "]"


def fill(target, alerts, note):
    """Loads the history through the webhook; returns seconds."""
    now = int(time.time())
    size = 2_000
    firsts = list(range(0, alerts, size))
    failures = []
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=300)
        headers = {"Content-Type": "application/json", "Authorization": target.authorization}
        while True:
            with lock:
                if not firsts or failures:
                    return
                first = firsts.pop(0)
            if first % 100_000 == 0:
                note(f"{target.name}: {first:,} of {alerts:,} alerts …")
            connection.request("POST", target.path, history(first, min(size, alerts - first), now), headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200:
                failures.append(f"{response.status}: {answer[:500]}")

    began = time.monotonic()
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise RuntimeError(failures[0])
    if target.stored() != alerts:
        raise RuntimeError(f"{target.stored()} alerts instead of {alerts}")
    return time.monotonic() - began


def pages(alerts):
    """Query strings of list pages, and what they stand for."""
    week = moment(time.time() - 7 * 86400)
    return [
        ("no filter", ""),
        ("status and level", "status=firing&level=critical"),
        ("status, newest first", "status=firing&ordering=-started_at"),
        ("label and status", "status=firing&label.region=region-3"),
        ("two labels", "label.region=region-3&label.team=team-2"),
        ("host", "host=host-77"),
        ("host, level and week", f"host=host-77&level=warning&since={week}"),
        ("source and week", f"source_id=bench&active=true&since={week}"),
        ("text", "search=CertificateExpires&status=firing"),
        ("a rare text", "search=host-4711"),
        ("a page far behind", f"page={max(1, min(1000, alerts // 20))}&page_size=20"),
    ]


def list_pages(target, alerts, rounds):
    """p50 and p99 of each page over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=300)
    headers = {"Authorization": "Bearer " + SECRET}
    rows = []
    for name, query in pages(alerts):
        times = []
        count = None
        for number in range(rounds + 3):
            began = time.perf_counter()
            connection.request("GET", LIST + ("?" + query if query else ""), headers=headers)
            response = connection.getresponse()
            answer = response.read()
            elapsed = time.perf_counter() - began
            if response.status != 200:
                raise RuntimeError(f"{query} gives {response.status}: {answer[:500]}")
            if count is None:
                count = json.loads(answer)["data"]["count"]
            if number >= 3:  # the first ones warm up
                times.append(elapsed)
            # A page that takes seconds need not be asked for hundreds of times.
            if len(times) >= 10 and sum(times) > 20:
                break
        times.sort()
        rows.append({
            "target": target.name, "page": name, "query": query, "count": count, "rounds": len(times),
            "p50_ms": times[len(times) // 2] * 1000,
            "p99_ms": times[min(len(times) - 1, int(len(times) * 0.99))] * 1000,
        })
    return rows
