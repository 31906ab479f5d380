# One process of the client for paced streams: raw sockets on epoll, frames counted, times taken. Prints JSON.
#
# With `sweep` above 0 a stream is watched only until its first text, and from then on read every `sweep` seconds: a
# client in Python that woke up for every frame would take more of the machine than what is measured.
import collections
import json
import re
import select
import socket
import sys
import time

TEXT = b'"t'  # every text is "tNNNN "; nothing else in a chunk begins so
NUMBER = re.compile(rb'"t(\d{4,5}) "')


class Stream:
    __slots__ = (
        "socket", "buffer", "body_started", "left", "line_due", "tail", "frames", "sent", "first", "last", "gap", "done",
        "status", "numbers", "failure", "calm",
    )

    def __init__(self, connection, ordered):
        self.socket = connection
        self.buffer = b""  # bytes of the head, or of a chunk's size line, that are not complete yet
        self.body_started = False
        self.left = 0  # bytes of the current chunk that are still to come
        self.line_due = False  # the CRLF after a chunk
        self.tail = b""
        self.frames = 0
        self.sent = self.first = self.last = None
        self.gap = 0.0
        self.done = False
        self.status = 0
        self.numbers = b"" if ordered else None
        self.failure = None
        self.calm = False

    def take(self, data, now):
        """Takes what was received; True when the whole answer is there."""
        if not self.body_started:
            self.buffer += data
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            self.status = int(self.buffer[9:12])
            data, self.buffer, self.body_started = self.buffer[end + 4:], b"", True
            if self.status != 200:
                self.failure = f"status {self.status}: {data[:200]!r}"
                return True
        body, ended = self.unchunked(data)
        if body:
            self.count(body, now)
        if ended and not self.done:
            self.failure = "ended without [DONE]"
        return ended

    def unchunked(self, data):
        if self.buffer:
            data, self.buffer = self.buffer + data, b""
        pieces = []
        position = 0
        size = len(data)
        while position < size:
            if self.left > 0:
                step = min(self.left, size - position)
                pieces.append(data[position:position + step])
                position += step
                self.left -= step
                self.line_due = self.left == 0
                continue
            if self.line_due:
                if size - position < 2:
                    self.buffer = data[position:]
                    break
                position += 2
                self.line_due = False
                continue
            end = data.find(b"\r\n", position)
            if end < 0:
                self.buffer = data[position:]
                break
            length = int(data[position:end].split(b";")[0], 16)
            if length == 0:
                return b"".join(pieces), True
            self.left = length
            position = end + 2
        return b"".join(pieces), False

    def count(self, body, now):
        # A marker may be cut in two by the reads, or by a proxy that draws new chunk borders.
        window = self.tail + body
        found = window.count(TEXT)
        if self.tail.count(TEXT):
            found -= self.tail.count(TEXT)
        if found:
            if self.first is None:
                self.first = now
            else:
                self.gap = max(self.gap, now - self.last)
            self.last = now
            self.frames += found
        if not self.done and b"[DONE]" in window:
            self.done = True
        self.tail = window[-5:]
        if self.numbers is not None:
            self.numbers += body


def main():
    options = json.loads(sys.argv[1])
    count, port, frames = options["streams"], options["port"], options["frames"]
    body = options["body"].encode()
    request = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Authorization: " + options["authorization"].encode() + b"\r\nContent-Length: " + str(len(body)).encode()
        + b"\r\n\r\n" + body
    )
    poller = select.epoll()
    streams = {}
    ended = []
    started = time.monotonic()
    opened = 0
    all_open_at = None
    deadline = started + options["limit"]
    clock = time.monotonic

    def open_one(index):
        connection = socket.socket()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", port))
        stream = Stream(connection, index % 16 == 0)
        stream.sent = clock()
        connection.sendall(request)
        connection.setblocking(False)
        streams[connection.fileno()] = stream
        poller.register(connection.fileno(), select.EPOLLIN)

    def close(stream):
        descriptor = stream.socket.fileno()
        if not stream.calm:
            poller.unregister(descriptor)
        stream.socket.close()
        del streams[descriptor]
        ended.append(stream)

    def read(stream):
        """Reads once; False when the stream has ended."""
        try:
            data = stream.socket.recv(65_536)
        except BlockingIOError:
            return True
        except OSError as error:
            stream.failure = str(error)
            close(stream)
            return False
        if not data:
            stream.failure = stream.failure or "connection ended early"
            close(stream)
            return False
        if stream.take(data, clock()):
            close(stream)
            return False
        return True

    sweep = options["sweep"]
    calm = collections.deque()  # (time of the next look, stream), in order of time
    while (opened < count or streams) and clock() < deadline:
        if opened < count:
            due = min(count, int((clock() - started) / options["ramp"] * count) + 1)
            burst = 0
            while opened < due and burst < 20:
                open_one(opened)
                opened += 1
                burst += 1
            if opened == count:
                all_open_at = clock()
        busy = opened < count or calm
        for descriptor, _ in poller.poll(0.002 if busy else 0.5, 512):
            stream = streams[descriptor]
            if read(stream) and sweep and stream.first is not None:
                poller.unregister(descriptor)
                stream.calm = True
                calm.append((clock() + sweep, stream))
        now = clock()
        for _ in range(200):
            if not calm or calm[0][0] > now:
                break
            stream = calm.popleft()[1]
            if read(stream):
                calm.append((now + sweep, stream))
    for stream in list(streams.values()):
        stream.failure = "not finished in time"
        close(stream)

    disordered = 0
    for stream in ended:
        if stream.numbers is not None and stream.failure is None:
            plain = [int(number) for number in NUMBER.findall(stream.numbers)]
            if plain != list(range(frames)):
                disordered += 1
    failures = {}
    for stream in ended:
        if stream.failure:
            failures[stream.failure[:120]] = failures.get(stream.failure[:120], 0) + 1
    whole = [stream for stream in ended if stream.failure is None]
    print(json.dumps({
        "streams": count,
        "finished": len(whole),
        "failures": failures,
        "frames": sum(stream.frames for stream in ended),
        "lost": sum(max(frames - stream.frames, 0) for stream in ended) + (count - len(ended)) * frames,
        "extra": sum(max(stream.frames - frames, 0) for stream in ended),
        "disordered": disordered,
        "seconds": clock() - started,
        "open_after": (all_open_at or clock()) - started,
        "first_ms": [round((stream.first - stream.sent) * 1000, 3) for stream in ended if stream.first],
        "gap_ms": [round(stream.gap * 1000, 1) for stream in whole],
        "length_ms": [round((stream.last - stream.sent) * 1000, 1) for stream in whole if stream.last],
    }))


main()
