# Requests as fast as they are answered: wrk outside, processor time and memory of the target beside it.
import http.client
import json
import os
import re
import subprocess
import time

from processes import TICKS

LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")


def check(target, stream, texts=100):
    """One request before the load: an answer that is fast and wrong must not count."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": target.authorization}
    connection.request("POST", "/v1/chat/completions", target.body(stream), headers)
    response = connection.getresponse()
    body = response.read().decode(errors="replace")
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{target.name} answers {response.status}: {body[:500]}")
    if not stream:
        content = json.loads(body)["choices"][0]["message"]["content"]
        if content != "Nothing is firing.":
            raise RuntimeError(f"{target.name} answers {content!r}")
        return
    found = [int(number) for number in re.findall(r'"content": ?"t(\d+) "', body)]
    if found != list(range(texts)):
        raise RuntimeError(f"{target.name} streamed {len(found)} of {texts} texts: {body[:500]}")
    if "data: [DONE]" not in body:
        raise RuntimeError(f"{target.name} streamed no [DONE]")


def wrk(target, stream, connections, seconds, messages=None):
    environment = {
        **os.environ,
        "BENCH_BODY": target.conversation(messages) if messages else target.body(stream),
        "BENCH_AUTHORIZATION": target.authorization,
    }
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", LUA, target.url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 60)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    raise RuntimeError(f"wrk said nothing: {done.stdout}\n{done.stderr}")


def measure(target, stream, connections, seconds, messages=None):
    """`messages`: those of a conversation of 100 KB instead of one question."""
    check(target, stream)
    wrk(target, stream, connections, 1, messages)
    before = target.process.cpu_seconds()
    result = wrk(target, stream, connections, seconds, messages)
    # Work after the answer (usage rows, say) is part of the price.
    time.sleep(0.1)
    used = target.process.cpu_seconds() - before
    now, peak = target.process.memory()
    requests = max(result["requests"], 1)
    return {
        "target": target.name,
        "stream": stream,
        "messages": messages,
        "connections": connections,
        "requests": result["requests"],
        "per_second": result["requests"] / (result["microseconds"] / 1e6),
        "p50_ms": result["p50_us"] / 1000,
        "p99_ms": result["p99_us"] / 1000,
        "max_ms": result["max_us"] / 1000,
        "cpu_us": used / requests * 1e6,
        "cpu_us_resolution": 1e6 / TICKS / requests,
        "rss_kib": now,
        "peak_kib": peak,
        "bytes_per_answer": result["bytes"] / requests,
        "errors": {name: count for name, count in result["errors"].items() if count},
    }
