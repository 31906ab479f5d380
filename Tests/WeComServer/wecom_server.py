"""A WeCom gateway for tests: tokens, application messages and robots as the vendor documents them, faults on demand.

Standard library only. The protocol and the control interface are described in README.md.
"""

import argparse
import json
import secrets
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TEXT_LIMIT = 2048
APP_MARKDOWN_LIMIT = 2048
ROBOT_MARKDOWN_LIMIT = 4096
TOKEN_LIFE = 7200

WORDS = {
    0: "ok",
    -1: "system error",
    40001: "invalid credential",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40031: "invalid userid list",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    41001: "access_token missing",
    42001: "access_token expired",
    44004: "text content is empty",
    45009: "api freq out of limit",
    45033: "concurrent calls exceed limit",
    47001: "data format error",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    81013: "user & party & tag all invalid",
    93000: "invalid webhook url, hint: [test]",
}


def default_settings():
    return {
        "corp_id": "corp",
        "secret": "app-secret",
        "agent_id": 1000002,
        "users": ["ann", "bob", "cat"],
        "robots": ["robot-key"],
        "expires_in": TOKEN_LIFE,
        "expired_code": 42001,
        "robot_per_minute": 20,
        "user_per_minute": 30,
        "silent_cut": True,
        "delay_ms": 0,
    }


class Gateway:
    """All state, behind one lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.settings = default_settings()
        self.offset = 0.0
        self.tokens = {}
        self.calls = {"gettoken": 0, "message/send": 0, "webhook/send": 0}
        self.answers = {"gettoken": [], "message/send": [], "webhook/send": []}
        self.messages = []
        self.dropped = []
        self.codes = []
        self.windows = {}
        self.seen = {}

    def now(self):
        return time.time() + self.offset

    def record_code(self, call, code):
        self.codes.append({"call": call, "errcode": code})

    # gettoken ------------------------------------------------------------------------------------------------------

    def get_token(self, query):
        if query.get("corpid") != self.settings["corp_id"]:
            return fault(40013)
        if query.get("corpsecret") != self.settings["secret"]:
            return fault(40001)
        for token, end in self.tokens.items():
            if end > self.now():
                return good(access_token=token, expires_in=max(1, int(end - self.now())))
        token = "token-" + secrets.token_urlsafe(24)
        self.tokens[token] = self.now() + self.settings["expires_in"]
        return good(access_token=token, expires_in=self.settings["expires_in"])

    def token_fault(self, query):
        token = query.get("access_token")
        if not token:
            return fault(41001)
        if token not in self.tokens:
            return fault(40014)
        if self.tokens[token] <= self.now():
            return fault(self.settings["expired_code"])
        return None

    # message/send --------------------------------------------------------------------------------------------------

    def send_message(self, query, body):
        problem = self.token_fault(query)
        if problem:
            return problem
        if not isinstance(body, dict):
            return fault(47001)
        if body.get("agentid") != self.settings["agent_id"]:
            return fault(40056)
        content, problem = self.content(body, APP_MARKDOWN_LIMIT)
        if problem:
            return problem
        wanted = [name for name in str(body.get("touser", "")).split("|") if name]
        if len(wanted) > 1000:
            return fault(40031)
        users = {user.lower(): user for user in self.settings["users"]}
        known = [name for name in wanted if name == "@all" or name.lower() in users]
        unknown = [name for name in wanted if name not in known]
        if not known:
            return fault(81013, invaliduser="|".join(unknown))
        answer = good(invaliduser="|".join(unknown), invalidparty="", invalidtag="", msgid=secrets.token_hex(12))
        if body.get("enable_duplicate_check"):
            key = json.dumps([sorted(known), body.get("msgtype"), content])
            last = self.seen.get(key)
            interval = min(int(body.get("duplicate_check_interval", 1800)), 14400)
            if last is not None and self.now() - last < interval:
                self.dropped.append({"why": "duplicate", "to": known, "content": content})
                return answer
            self.seen[key] = self.now()
        for name in known:
            if self.over_rate("user " + name.lower(), self.settings["user_per_minute"]):
                self.dropped.append({"why": "rate", "to": [name], "content": content})
            else:
                self.keep("app", name, body["msgtype"], content, body)
        return answer

    # webhook/send --------------------------------------------------------------------------------------------------

    def send_robot(self, query, body):
        key = query.get("key", "")
        if key not in self.settings["robots"]:
            return fault(93000)
        if not isinstance(body, dict):
            return fault(47001)
        if self.over_rate("robot " + key, self.settings["robot_per_minute"]):
            return fault(45009)
        content, problem = self.content(body, ROBOT_MARKDOWN_LIMIT)
        if problem:
            return problem
        self.keep("robot", key, body["msgtype"], content, body)
        return good()

    # shared --------------------------------------------------------------------------------------------------------

    def content(self, body, markdown_limit):
        """The content as it arrives, or an answer that refuses it."""
        kind = body.get("msgtype")
        if kind not in ("text", "markdown"):
            return None, fault(40008)
        part = body.get(kind)
        content = part.get("content") if isinstance(part, dict) else None
        if not isinstance(content, str) or not content:
            return None, fault(44004)
        data = content.encode("utf-8")
        if kind == "markdown" and len(data) > markdown_limit:
            words = "markdown.content exceed max length %d. invalid Request Parameter" % markdown_limit
            return None, fault(40058, words)
        if kind == "text" and len(data) > TEXT_LIMIT:
            if not self.settings["silent_cut"]:
                return None, fault(40058, "text.content exceed max length %d" % TEXT_LIMIT)
            content = data[:TEXT_LIMIT].decode("utf-8", "ignore")
        return content, None

    def over_rate(self, key, limit):
        now = self.now()
        window = [at for at in self.windows.get(key, []) if now - at < 60]
        over = len(window) >= limit
        if not over:
            window.append(now)
        self.windows[key] = window
        return over

    def keep(self, kind, to, msgtype, content, body):
        self.messages.append(
            {
                "kind": kind,
                "to": to,
                "msgtype": msgtype,
                "content": content,
                "bytes": len(content.encode("utf-8")),
                "body": body,
            }
        )


def good(**members):
    return {"errcode": 0, "errmsg": "ok", **members}


def fault(code, words=None, **members):
    return {"errcode": code, "errmsg": words or WORDS.get(code, "error"), **members}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway = None

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.handle_call("GET")

    def do_POST(self):
        self.handle_call("POST")

    def handle_call(self, method):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        if url.path.startswith("/control/"):
            return self.control(method, url.path[len("/control/"):], body)
        if not url.path.startswith("/cgi-bin/"):
            return self.answer(404, {"error": "no such path"})
        call = url.path[len("/cgi-bin/"):]
        expected = {"gettoken": "GET", "message/send": "POST", "webhook/send": "POST"}.get(call)
        if expected is None:
            return self.answer(404, {"error": "no such path"})
        gateway = self.gateway
        with gateway.lock:
            gateway.calls[call] += 1
            order = gateway.answers[call].pop(0) if gateway.answers[call] else {}
            delay = order.get("delay_ms", gateway.settings["delay_ms"])
        if delay:
            time.sleep(delay / 1000)
        with gateway.lock:
            if method != expected:
                result = fault(43001 if expected == "GET" else 43002, "require %s method" % expected)
            elif "errcode" in order:
                words = order.get("errmsg")
                result = fault(order["errcode"], words, **order.get("members", {}))
            elif "status" in order or "body" in order:
                result = None
            elif call == "gettoken":
                result = gateway.get_token(query)
            elif call == "message/send":
                result = gateway.send_message(query, body)
            else:
                result = gateway.send_robot(query, body)
            if result is not None:
                gateway.record_code(call, result["errcode"])
        if order.get("reset"):
            return self.reset_connection()
        if result is None:
            return self.answer_raw(order.get("status", 200), order.get("body", "").encode("utf-8"))
        self.answer(200, result)

    def control(self, method, name, body):
        gateway = self.gateway
        body = body if isinstance(body, dict) else {}
        with gateway.lock:
            if name == "journal" and method == "GET":
                return self.answer(
                    200,
                    {
                        "calls": gateway.calls,
                        "messages": gateway.messages,
                        "dropped": gateway.dropped,
                        "codes": gateway.codes,
                        "tokens": len([end for end in gateway.tokens.values() if end > gateway.now()]),
                    },
                )
            if method != "POST":
                return self.answer(405, {"error": "POST"})
            if name == "reset":
                gateway.reset()
            elif name == "settings":
                unknown = [key for key in body if key not in gateway.settings]
                if unknown:
                    return self.answer(400, {"error": "unknown settings: " + ", ".join(unknown)})
                gateway.settings.update(body)
            elif name == "answers":
                if body.get("call") not in gateway.answers:
                    return self.answer(400, {"error": "unknown call"})
                gateway.answers[body["call"]] += body.get("answers", [])
            elif name == "expire":
                for token in gateway.tokens:
                    gateway.tokens[token] = 0
            elif name == "forget":
                gateway.tokens.clear()
            elif name == "advance":
                gateway.offset += float(body.get("seconds", 0))
            else:
                return self.answer(404, {"error": "no such control"})
        self.answer(200, {"ok": True})

    def answer(self, status, value):
        self.answer_raw(status, json.dumps(value, ensure_ascii=False).encode("utf-8"))

    def answer_raw(self, status, data):
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def reset_connection(self):
        """Ends the connection with RST: the client cannot know what became of its call."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.wfile = open("/dev/null", "wb")
        self.connection.close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass

    def shutdown_request(self, request):
        try:
            super().shutdown_request(request)
        except OSError:
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, which is printed")
    arguments = parser.parse_args()
    Handler.gateway = Gateway()
    server = Server(("127.0.0.1", arguments.port), Handler)
    print("listening on %d" % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
