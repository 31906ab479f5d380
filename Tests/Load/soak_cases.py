# What happens in the soak: for each kind of request what the upstreams do, what the client does, and what it must see.
import json
import random

# Of different sizes, so that a row that is booked for another's request shows in the sums.
USAGES = [(101, 13), (211, 29), (307, 53), (1009, 97)]


def usage(index):
    prompt, completion = USAGES[index % len(USAGES)]
    return {
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": prompt // 4},
        "completion_tokens_details": {"reasoning_tokens": completion // 4},
    }


TEXT = ["Nothing ", "is firing ", "on größer ", "告警."]
FULL = "".join(TEXT)
LARGE = ["x" * 4000] * 30


class Case:
    """
    steps: what the upstreams a and b do, a step for each round of the model.
    expect: `answer` (whole, with that text), `broken` (told inside the stream), `left`, or a set of statuses.
    """

    def __init__(self, name, weight, steps, expect, b=None, model="soak", stream=None, client=None, text=FULL,
                 raw=None, secret=None, reaches=True):
        self.name = name
        self.weight = weight
        self.steps = {"a": steps, "b": b or steps}
        self.expect = expect
        self.model = model
        self.stream = stream
        self.client = client or (lambda: {})
        self.text = text
        self.raw = raw
        self.secret = secret
        # Whether it may reach an upstream, and so has a row.
        self.reaches = reaches

    @property
    def mark(self):
        return f"[{self.name}]"

    def rules(self, which):
        steps = self.steps[which]
        if len(steps) == 1:
            return [{"contains": self.mark, "step": steps[0]}]
        return [{"contains": self.mark, "round": number + 1, "step": step} for number, step in enumerate(steps)]

    def request(self, random_source, identity):
        """Body and whether a stream is asked for."""
        stream = self.stream if self.stream is not None else random_source.random() < 0.6
        if self.raw is not None:
            return self.raw, stream
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": f"{self.mark} {identity} " + "?" * random_source.randrange(400)}],
        }
        if stream:
            body["stream"] = True
            if random_source.random() < 0.5:
                body["stream_options"] = {"include_usage": True}
        return json.dumps(body).encode(), stream


def says(index, **more):
    return {"text": TEXT, "usage": usage(index), "delay_between": 3, **more}


def calls(*names):
    return {
        "tool_calls": [{"id": f"c{i}", "name": name, "arguments": {}} for i, name in enumerate(names)],
        "arguments_every": 1, "usage": usage(2),
    }


def cases(random_source):
    error_event = {
        "status": 200, "content_type": "text/event-stream",
        "body": 'data: {"error":{"message":"no capacity","type":"server_error"}}\n\n',
    }
    endless = {"text": TEXT, "infinite": True, "delay_between": 4}
    # Longer than the gateway waits, so that a client who stays would hear of a timeout.
    silent = {"text": TEXT, "delay_before_head": 1500}
    soon = lambda: {"leave_after": random_source.uniform(0.05, 0.6)}  # noqa: E731
    midway = lambda: {"leave_at_event": random_source.randrange(1, 12)}  # noqa: E731
    slow = lambda: {"is_slow": True}  # noqa: E731
    failed = {502, 503, 504, 429}
    found = [
        Case(f"plain-{index}", 6, [says(index)], "answer") for index in range(len(USAGES))
    ] + [
        Case("byte-by-byte", 2, [says(1, split_every=1, line_end="crlf", delay_between=0)], "answer"),
        Case("usage-everywhere", 2, [says(3, usage_at="every")], "answer"),
        Case("no-usage", 3, [says(0, usage_at="missing")], "answer"),
        Case("slow-reader", 1, [{"text": LARGE, "usage": usage(1)}], "answer", client=slow, stream=True,
             text="".join(LARGE)),
        Case("bot", 5, [calls("alerts_count", "alerts_list"), says(0)], "answer", model="ops-assistant-bot"),
        Case("bot-three-rounds", 2, [calls("alerts_count"), calls("alerts_list"), says(3)], "answer",
             model="ops-assistant-bot"),
        # The second upstream answers what the first one does not.
        Case("a-500", 2, [{"status": 500}], "answer", b=[says(0)], model="faulty"),
        Case("a-429", 2, [{"status": 429, "headers": {"Retry-After": "0.2"}}], "answer", b=[says(1)], model="faulty"),
        Case("a-error-event", 2, [error_event], "answer", b=[says(2)], model="faulty", stream=True),
        Case("a-reset", 2, [{"die": {"at": "before_head", "how": "reset"}}], "answer", b=[says(3)], model="faulty"),
        Case("a-role-and-reset", 1, [{"text": TEXT, "delay_between": 40, "die": {"at": 240, "how": "reset"}}],
             "answer", b=[says(3)], model="faulty", stream=True),
        Case("a-stalls", 1, [{"text": TEXT, "delay_before_head": 30000}], "answer", b=[says(0)], model="faulty",
             stream=True),
        Case("bot-second-round-fails", 1, [calls("alerts_count"), {"status": 500}], "answer",
             b=[calls("alerts_count"), says(1)], model="ops-assistant-bot"),
        # Nobody does.
        Case("both-500", 1, [{"status": 500}], failed, model="hopeless"),
        Case("both-429", 1, [{"status": 429, "headers": {"Retry-After": "0.2"}}], failed, model="hopeless"),
        Case("both-reset", 1, [{"die": {"at": "before_head", "how": "reset"}}], failed, model="hopeless"),
        Case("reset-midway", 2, [{"text": TEXT, "delay_between": 5, "die": {"at": 800, "how": "reset"}}], "broken",
             model="dying", stream=True),
        Case("closed-midway", 2, [{"text": TEXT, "delay_between": 5, "die": {"at": 801, "how": "close"}}], "broken",
             model="dying", stream=True),
        Case("stall-midway", 1, [{"text": TEXT, "role_chunk": False, "delay_between": 30000}], "broken", model="dying", stream=True),
        Case("error-midway", 1,
             [{"text": TEXT, "usage_at": "missing", "late_events": [{"error": {"message": "overloaded"}}]}],
             "broken", model="dying", stream=True),
        # Clients that go.
        Case("leaves-midway", 5, [endless], "left", client=midway, stream=True),
        Case("leaves-midway-with-usage", 2, [{**endless, "usage_at": "every", "usage": usage(1)}], "left",
             client=midway, stream=True),
        Case("leaves-early", 3, [silent], "left", client=soon),
        Case("bot-left", 2, [calls("alerts_count"), endless], "left", model="ops-assistant-bot", client=midway,
             stream=True),
        # Requests that are wrong.
        Case("no-json", 1, [], {400}, raw=b'{"model":', reaches=False),
        Case("no-messages", 1, [], {400}, raw=b'{"model":"soak"}', reaches=False),
        Case("wrong-type", 1, [], {400}, raw=b'{"model":"soak","messages":[{"role":"user","content":5}]}', reaches=False),
        Case("unknown-model", 1, [], {404}, model="nobody", reaches=False),
        Case("wrong-key", 1, [], {401}, secret="bkls_wrongwrongwrongwrongwrong", reaches=False),
    ]
    return found


def script(found, which):
    return {"rules": [rule for case in found if case.reaches for rule in case.rules(which)]}


def fault(case, stream, answer):
    """What is wrong with what the client saw; None if nothing is."""
    if case.expect == "left":
        # Whoever wanted to read on must have been able to.
        return None if answer.left else f"status {answer.status}, {answer.events} events: {answer.error}"
    if not answer.is_whole:
        return "the answer has no proper end"
    if isinstance(case.expect, set):
        if answer.status not in case.expect:
            return f"status {answer.status} instead of {sorted(case.expect)}: {answer.error}"
        return None if answer.error and answer.error.get("message") else "an error without words"
    if answer.status != 200:
        return f"status {answer.status}: {answer.error}"
    if case.expect == "broken":
        if answer.is_done or answer.finishes or not answer.error:
            return f"a broken answer looks whole: finishes {answer.finishes}, done {answer.is_done}"
        return None
    if answer.error or answer.finishes != ["stop"] or not answer.is_done:
        return f"finishes {answer.finishes}, done {answer.is_done}, error {answer.error}"
    if answer.text != case.text:
        return f"another text: {answer.text[:200]!r}"
    return None


def pick(found, random_source):
    return random_source.choices(found, [case.weight for case in found])[0]


def source(seed):
    return random.Random(seed)
