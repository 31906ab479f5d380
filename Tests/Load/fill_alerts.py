#!/usr/bin/env python3
"""Fills a migrated SQLite store with made-up alerts and times the statements behind lists of them.

    OPSGATE_DATA=/tmp/x opsgate doctor                # makes the store
    python3 fill_alerts.py /tmp/x/opsgate.sqlite 1000000

Prints milliseconds (median of five, warm) of page and count for each question. Not part of CI.
"""
import json
import random
import sqlite3
import statistics
import sys
import time

LEVELS, LEVEL_WEIGHTS = ["critical", "error", "warning", "info"], [10, 20, 40, 30]
STATES, STATE_WEIGHTS = ["firing", "acknowledged", "resolved", "closed"], [3, 1, 90, 6]
TEAMS, TEAM_WEIGHTS = [1, 2, 3, 4], [60, 20, 15, 5]
NOW = 1_761_040_800_000
ORDER = ' ORDER BY alert.last_event_at DESC, alert.id DESC LIMIT 20'
RANK = "CASE WHEN alert.status IN ('firing', 'acknowledged') THEN 0 ELSE 1 END"
LEVEL = "CASE alert.level WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END"
NEWEST = "alert.started_at DESC, alert.id DESC LIMIT 21"


def fill(database, count):
    numbers = random.Random(7)
    indexes = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'alert' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    database.execute(
        "INSERT INTO alert_source (id, name, source_id, source_type, secret, time_zone, level_map, success_status,"
        " is_active, description, team, created_by, created_at, updated_at)"
        " VALUES (1, 's', 's', 'webhook', 'x', 'UTC', '{}', 200, 1, '', 1, 'x', 0, 0)"
    )
    columns = (
        "team, source, fingerprint, status, level, title, description, labels, annotations, host, link, external_id,"
        " event_id, started_at, ended_at, last_event_at, event_count, is_latest, created_at, updated_at, operators"
    )
    labels = []

    def rows():
        for number in range(count):
            state = numbers.choices(STATES, STATE_WEIGHTS)[0]
            start = NOW - numbers.randrange(0, 90 * 86_400_000)
            end = None if state in ("firing", "acknowledged") else start + numbers.randrange(1000, 7_200_000)
            host, region = f"host-{numbers.randrange(5000)}", f"r{numbers.randrange(20)}"
            given = state == "acknowledged" or numbers.random() < 0.1
            operators = json.dumps([f"user{numbers.randrange(50)}"]) if given else "[]"
            text = {"instance": host, "region": region, "job": f"job{numbers.randrange(40)}"}
            labels.extend((name, value, number + 1) for name, value in text.items())
            yield (
                numbers.choices(TEAMS, TEAM_WEIGHTS)[0], 1, f"f{number}", state,
                numbers.choices(LEVELS, LEVEL_WEIGHTS)[0], f"Something is wrong with {host} ({number % 997})",
                "A description of about one hundred characters, so that rows have the size that they mostly have.",
                json.dumps(text), "{}", host, "", f"e{number}", "", start, end, end or start, 1, 1, start, end or start,
                operators,
            )

    database.executemany(f"INSERT INTO alert ({columns}) VALUES ({', '.join('?' * 21)})", rows())
    labels.sort()
    database.executemany("INSERT INTO alert_label (name, value, alert_id) VALUES (?, ?, ?)", labels)
    for _, sql in indexes:
        database.execute(sql)
    database.commit()


def timed(database, sql):
    spans = []
    for _ in range(5):
        begin = time.perf_counter()
        result = database.execute(sql).fetchall()
        spans.append((time.perf_counter() - begin) * 1000)
    return statistics.median(spans), result


ALL = (" AND alert.status IN ('firing', 'acknowledged', 'resolved', 'closed')"
       " AND alert.level IN ('critical', 'error', 'warning', 'info')")
OPEN = "alert.status IN ('firing', 'acknowledged')"
MINE = ("alert.operators <> '[]' AND alert.operators LIKE '%\"user7\"%' ESCAPE '\\'"
        " AND EXISTS (SELECT 1 FROM json_each(alert.operators) o WHERE o.value = 'user7')")
REGION = "alert.id IN (SELECT l.alert_id FROM alert_label l WHERE l.name = 'region' AND l.value = 'r3')"
HOST = ("lower(alert.host) >= 'host-17' AND lower(alert.host) < 'host-17/' AND (lower(alert.host) = 'host-17'"
        " OR lower(alert.host) LIKE 'host-17.%')")
ONE, TWO = "alert.team IN (1) AND ", "alert.team IN (2, 3) AND "
TEAM, LAST, STATE = "ix_alert_team", "ix_alert_last_event_at", "ix_alert_state"

# Question, conditions, and the indexes that AlertAccess names: to find, and to walk in the list's order.
QUESTIONS = {
    "everything, administrator": ("1 = 1", None, LAST),
    "team 1": (ONE + "1 = 1", None, TEAM),
    "two teams": (TWO + "1 = 1", None, LAST),
    "status firing": (ONE + "alert.status IN ('firing', 'firing')" + ALL, STATE, TEAM),
    "goes on": (ONE + OPEN + ALL, STATE, TEAM),
    "goes on, two teams": (TWO + OPEN + ALL, STATE, LAST),
    "firing, critical": (ONE + "alert.status IN ('firing', 'firing') AND alert.level IN ('critical', 'critical')" + ALL, STATE, TEAM),
    "firing, critical, administrator": ("alert.status IN ('firing', 'firing') AND alert.level IN ('critical', 'critical')" + ALL, STATE, LAST),
    "critical": (ONE + "alert.level IN ('critical', 'critical')" + ALL, STATE, TEAM),
    "closed, warning": (ONE + "alert.status IN ('closed', 'closed') AND alert.level IN ('warning', 'warning')" + ALL, STATE, TEAM),
    "resolved": (ONE + "alert.status IN ('resolved', 'resolved')" + ALL, STATE, TEAM),
    "last day": (ONE + f"alert.last_event_at >= {NOW - 86_400_000}", None, TEAM),
    "region r3": (ONE + REGION, None, TEAM),
    "region r3, goes on": (ONE + OPEN + " AND " + REGION, None, TEAM),
    "host": (ONE + HOST, "ix_alert_host_lower", TEAM),
    "my alerts": (ONE + MINE, "ix_alert_operators", TEAM),
    "my alerts, go on": (ONE + OPEN + " AND " + MINE, "ix_alert_operators", TEAM),
    "pending": (ONE + "(alert.status = 'firing' AND alert.operators <> '[]')", "ix_alert_operators", TEAM),
    "unassigned": (ONE + "(alert.status = 'firing' AND alert.operators = '[]')" + ALL, STATE, TEAM),
    "title contains": (ONE + "lower(alert.title) LIKE '%host-4999 %' ESCAPE '\\'", None, TEAM),
}


def by(index):
    return f" INDEXED BY {index}" if index else ""


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    database = sqlite3.connect(path)
    database.execute("PRAGMA cache_size = -65536")
    database.execute("PRAGMA mmap_size = 0")
    if database.execute("SELECT COUNT(*) FROM alert").fetchone()[0] == 0:
        begin = time.perf_counter()
        fill(database, count)
        print(f"filled with {count} alerts in {time.perf_counter() - begin:.0f} s")
    wanted = sys.argv[3:] or list(QUESTIONS)
    print(f"{'question':34}{'rows':>9}{'page':>9}{'count':>9}{'tool page':>11}   ms")
    for name in wanted:
        where, finding, walking = QUESTIONS[name]
        total, result = timed(database, f"SELECT COUNT(*) FROM alert{by(finding)} WHERE {where}")
        matches = result[0][0]
        is_many = matches >= 4000
        page, _ = timed(database, f"SELECT * FROM alert{by(walking if is_many else finding)} WHERE {where}{ORDER}")
        urgent = "ix_alert_urgency" if is_many else finding
        order, place = f" ORDER BY {RANK}, {LEVEL}, {NEWEST}", ""
        if name == "closed, warning":
            order, place = f" ORDER BY {NEWEST}", f" AND {RANK} = 1 AND {LEVEL} = 2"
        elif name == "resolved":
            order, place = f" ORDER BY {LEVEL}, {NEWEST}", f" AND {RANK} = 1"
        tool, _ = timed(database, f"SELECT * FROM alert{by(urgent)} WHERE {where}{place}{order}")
        print(f"{name:34}{matches:>9}{page:>9.1f}{total:>9.1f}{tool:>11.1f}")


if __name__ == "__main__":
    main()
