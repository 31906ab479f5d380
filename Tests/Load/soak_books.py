# The books of a gateway beside what its upstreams reported, request by request and in sum.
#
# A *line* is one answer of an upstream (`GET /control/ledger`), a *row* one request in the gateway's books; they belong
# together by the request id, which the client chose. A line *took* its round when it has status 200 and is a stream if
# and only if one was asked for; other lines are attempts that were refused, and nothing is owed for them.
#
# What must hold:
# 1. Every id with a line has exactly one row, and every row an id that was sent. Wrong requests have neither.
# 2. A finished row has as many rounds as lines that took and were finished. When all of these reported usage, its tokens
#    are exactly their sum and it is not marked as estimated; when some did not, it is marked, and no less than the sum.
# 3. A row that was cut (the client left, the upstream broke) is exact, or it is marked. Not marked: its tokens are exactly
#    what its lines reported. Marked: its prompt is above 0, and no less than what the rounds before the last reported.
# 4. A row whose every attempt was refused has no tokens.
# 5. The usage that a client was told is that of its row.
# 6. The sums that the API tells of finished rows are those of the rows; over all rows that are not marked, the sum is
#    what the upstreams reported for them; and the counters of /metrics have the same sum as all rows.
from collections import Counter, defaultdict


def took(line, row):
    return line["status"] == 200 and line["stream"] == row["is_stream"]


def reported(lines):
    prompt = sum(line["prompt_tokens"] or 0 for line in lines)
    completion = sum(line["completion_tokens"] or 0 for line in lines)
    return prompt, completion


def tokens(row):
    return row["prompt_tokens"], row["completion_tokens"]


def row_fault(row, lines):
    lines = sorted((line for line in lines if took(line, row)), key=lambda line: line["at"])
    have = tokens(row)
    if row["outcome"] == "abandoned":
        return "was abandoned"
    if row["outcome"] == "finished":
        done = [line for line in lines if line["end"] == "finished"]
        owed = reported(done)
        if len(done) != row["rounds"]:
            return f"has {row['rounds']} rounds, and {len(done)} answers were finished"
        if all(line["prompt_tokens"] is not None for line in done):
            if row["is_estimated"]:
                return "is marked as estimated, and all was reported"
            return None if have == owed else f"has {have}, and {owed} was reported"
        if not row["is_estimated"]:
            return "is not marked, and not all was reported"
        return None if have[0] >= owed[0] and have[1] >= owed[1] else f"has {have}, less than {owed}"
    if not lines:
        if row["outcome"] == "client_gone" or row["error_type"] == "provider_timeout":
            return None
        return None if have == (0, 0) else f"has {have}, and nobody took it"
    if not row["is_estimated"]:
        owed = reported(lines)
        return None if have == owed else f"has {have}, is not marked, and {owed} was reported"
    before = reported(lines[:-1])
    if have[0] <= 0 or have[0] < before[0] or have[1] < before[1]:
        return f"has {have}, and {before} was reported before the last round"
    return None


def compare(sent, seen, rows, ledgers, sums, metrics):
    """
    sent: ids to whether they may reach an upstream; seen: ids to the usage that the client was told; ledgers: the lines of each upstream; sums: of the API, by outcome;
    metrics: prompt and completion tokens that /metrics counted. Returns faults and a summary.
    """
    faults = []
    by_id = defaultdict(list)
    for name, lines in ledgers.items():
        for line in lines:
            # Rounds of one request follow one another; a retry has a later place in its own upstream at least.
            by_id[line["request_id"]].append({**line, "upstream": name})
            if line["end"] == "open":
                faults.append(f"{line['request_id']}: an answer of {name} is still open")
            if line["end"] == "refused":
                faults.append(f"{line['request_id']}: {name} refused it with {line['status']}")
    rows_by_id = defaultdict(list)
    for row in rows:
        rows_by_id[row["request_id"]].append(row)
    for identity, found in rows_by_id.items():
        if len(found) > 1:
            faults.append(f"{identity}: {len(found)} rows")
        if identity not in sent:
            faults.append(f"{identity}: a row for what was never sent")
        elif not sent[identity]:
            faults.append(f"{identity}: a row for a request that is wrong")
    for identity in by_id:
        if identity not in rows_by_id:
            faults.append(f"{identity}: {len(by_id[identity])} answers and no row")
    for identity, found in rows_by_id.items():
        fault = row_fault(found[0], by_id.get(identity, []))
        if fault:
            faults.append(f"{identity}: the row ({found[0]['outcome']}) {fault}")

    for identity, usage in seen.items():
        for row in rows_by_id.get(identity, []):
            if (usage["prompt_tokens"], usage["completion_tokens"]) != tokens(row):
                faults.append(f"{identity}: the client was told {usage}, the row has {tokens(row)}")

    def total(chosen):
        return sum(row["prompt_tokens"] for row in chosen), sum(row["completion_tokens"] for row in chosen)

    finished = [row for row in rows if row["outcome"] == "finished"]
    exact = [row for row in rows if not row["is_estimated"]]
    owed = [0, 0]
    for row in exact:
        lines = [line for line in by_id.get(row["request_id"], []) if took(line, row)]
        if row["outcome"] == "finished":
            lines = [line for line in lines if line["end"] == "finished"]
        prompt, completion = reported(lines)
        owed[0] += prompt
        owed[1] += completion
    if total(exact) != tuple(owed):
        faults.append(f"rows that are not marked sum to {total(exact)}, the upstreams reported {tuple(owed)}")
    told = next((entry for entry in sums if entry["outcome"] == "finished"), None)
    if told and (tokens(told) != total(finished) or told["requests"] != len(finished)):
        faults.append(f"the API sums finished rows to {tokens(told)}, they are {total(finished)}")
    if sum(entry["requests"] for entry in sums) != len(rows):
        faults.append(f"the API counts {sum(entry['requests'] for entry in sums)} rows, they are {len(rows)}")
    if metrics != total(rows):
        faults.append(f"/metrics counts {metrics}, the rows have {total(rows)}")
    all_reported = reported([line for lines in ledgers.values() for line in lines])
    summary = {
        "requests sent": len(sent),
        "answers of upstreams": sum(len(lines) for lines in ledgers.values()),
        "rows": len(rows),
        "rows by outcome": dict(Counter(row["outcome"] for row in rows)),
        "rows marked as estimated": len(rows) - len(exact),
        "tokens of exact rows": total(exact),
        "… reported by the upstreams": tuple(owed),
        "tokens of finished rows": total(finished),
        "tokens of all rows": total(rows),
        "all that upstreams reported": all_reported,
    }
    return faults, summary
