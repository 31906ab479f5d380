# The results as Markdown: one table of the steady loads, one of the paced streams, the goals.

GOALS = """Goals at 16 connections, whole answers, with failover, limits and accounting on: requests a second at least 0.55 of
nginx's and 120 times LiteLLM's, processor time at most 3.3 times nginx's, at most 64 MB resident; added p99 at 1 connection
under 0.5 ms; paced streams: none lost, 10,000 of them under 500 MB; cold start under 0.5 s."""


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return " ".join(line.split(":", 1)[1].split())
    except OSError:
        pass
    return "unknown processor"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def ratio(value, base, digits=2):
    return "–" if not value or not base else f"{value / base:,.{digits}f}"


def steady_table(rows):
    by_case = {(row["stream"], row["connections"], row["target"]): row for row in rows}
    lines = []
    for row in rows:
        case = (row["stream"], row["connections"])
        nginx = by_case.get((*case, "nginx"))
        litellm = by_case.get((*case, "LiteLLM"))
        lines.append([
            "stream" if row["stream"] else "whole",
            str(row["connections"]),
            row["target"],
            number(row["per_second"]),
            number(row["p50_ms"], 2),
            number(row["p99_ms"], 2),
            number(row["cpu_us"], 1),
            number(row["rss_kib"] / 1024, 1),
            number(row["peak_kib"] / 1024, 1),
            ratio(row["per_second"], nginx and nginx["per_second"]),
            ratio(row["cpu_us"], nginx and nginx["cpu_us"]),
            ratio(row["per_second"], litellm and litellm["per_second"], 1),
            ", ".join(f"{count} {name}" for name, count in row["errors"].items()) or "0",
        ])
    lines.sort(key=lambda line: (line[0] == "stream", int(line[1])))
    header = [
        "answer", "conn.", "target", "req/s", "p50 ms", "p99 ms", "CPU µs/req", "RSS MB", "peak MB", "req/s ÷ nginx",
        "CPU ÷ nginx", "req/s ÷ LiteLLM", "errors",
    ]
    return table(header, lines)


def conversation_table(rows):
    nginx = {row["messages"]: row for row in rows if row["target"] == "nginx"}
    lines = []
    for row in sorted(rows, key=lambda row: row["messages"]):
        base = nginx.get(row["messages"])
        lines.append([
            str(row["messages"]), row["target"], number(row["per_second"]), number(row["p99_ms"], 2),
            number(row["cpu_us"], 1), ratio(row["cpu_us"], base and base["cpu_us"]),
            ", ".join(f"{count} {name}" for name, count in row["errors"].items()) or "0",
        ])
    return table(["messages", "target", "req/s", "p99 ms", "CPU µs/req", "CPU ÷ nginx", "errors"], lines)


def paced_table(rows):
    direct = {row["streams"]: row for row in rows if row["target"] == "direct"}
    lines = []
    for row in rows:
        base = direct.get(row["streams"])
        known = base is not None and base["first_p50_ms"] is not None and row["first_p50_ms"] is not None
        lines.append([
            str(row["streams"]),
            row["target"],
            f"{row['finished']}",
            str(row["lost"] + row["extra"]) + (f" (+{row['disordered']} disordered)" if row["disordered"] else ""),
            number(row["first_p50_ms"], 1),
            number(row["first_p99_ms"], 1),
            number(row["first_p50_ms"] - base["first_p50_ms"], 1) if known else "–",
            number(row["first_p99_ms"] - base["first_p99_ms"], 1) if known else "–",
            number(row["gap_p99_ms"], 0),
            number(row["frames_per_second"]),
            number(row["cpu_us_per_frame"], 1),
            number(row["kib_per_stream"], 1),
            number(row["peak_kib"] / 1024, 1),
        ])
    header = [
        "streams", "target", "finished", "frames lost", "first text p50 ms", "p99 ms", "added p50 ms", "added p99 ms",
        "longest gap p99 ms", "frames/s", "CPU µs/frame", "KiB/stream", "peak MB",
    ]
    return table(header, lines)


def markdown(results):
    parts = [
        f"{results['date']}, {results['machine']}; loads of {results['seconds']} s, nginx workers: "
        f"{results['nginx_workers']}; load average before: {results['load_average_before']:.1f}",
        f"Command: `{results['command']}`",
    ]
    if results["load_average_before"] > 0.7:
        parts.append("**The machine was not idle: these numbers are too low.**")
    if results["steady"]:
        parts.append(steady_table(results["steady"]))
    if results["conversations"]:
        parts.append("Conversations of 100 KB, 16 connections: processor time should grow with the bytes, not with the messages.")
        parts.append(conversation_table(results["conversations"]))
    if results["paced"]:
        parts.append(paced_table(results["paced"]))
    if results["cold_start_seconds"]:
        starts = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in results["cold_start_seconds"].items())
        parts.append("Cold start to the first answer: " + starts + ".")
    for name, reason in results["missing"].items():
        parts.append(f"Not measured: {name}: {reason.splitlines()[0] if reason else 'no reason given'}")
    parts.append(GOALS)
    return "\n\n".join(parts)
