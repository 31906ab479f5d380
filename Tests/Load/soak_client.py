# A client of the soak: one request over a socket of its own or one that is used again, read byte for byte.
import asyncio
import json
import socket

SECRET = "bkls_bench_0123456789abcdefghijklmnopqrstuvwxyz"
PATH = "/v1/chat/completions"


class Answer:
    """What was read of an answer."""

    def __init__(self):
        self.status = 0
        self.headers = {}
        self.text = ""
        self.finishes = []
        self.usage = None
        self.error = None
        self.is_done = False
        self.events = 0
        # The answer ended as HTTP says it should.
        self.is_whole = False
        # The client left before.
        self.left = False

    def take_event(self, data):
        self.events += 1
        if data == "[DONE]":
            self.is_done = True
            return
        chunk = json.loads(data)
        if chunk.get("error"):
            self.error = chunk["error"]
            return
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk["choices"]:
            self.text += choice["delta"].get("content") or ""
            if choice.get("finish_reason"):
                self.finishes.append(choice["finish_reason"])

    def take_body(self, body):
        value = json.loads(body)
        self.error = value.get("error")
        if self.error is None:
            self.text = value["choices"][0]["message"]["content"] or ""
            self.finishes = [value["choices"][0]["finish_reason"]]
            self.usage = value.get("usage")
            self.is_done = True


class Client:
    def __init__(self, port):
        self.port = port
        self.idle = []

    async def connect(self, is_slow):
        if self.idle and not is_slow:
            return self.idle.pop()
        connection = socket.socket()
        connection.setblocking(False)
        if is_slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self.port))
        return await asyncio.open_connection(sock=connection, limit=8192)

    def close_idle(self):
        for _, writer in self.idle:
            writer.close()
        self.idle = []

    async def ask(self, identity, body, secret=SECRET, leave_after=None, leave_at_event=None, is_slow=False):
        """
        leave_after: seconds after which the client hangs up before it has read anything; leave_at_event: so many events
        are read first; is_slow: it reads a little at a time.
        """
        answer = Answer()
        reader, writer = await self.connect(is_slow)
        keep = False
        try:
            head = (
                f"POST {PATH} HTTP/1.1\r\nHost: soak\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {secret}\r\nX-Request-Id: {identity}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            if leave_after is not None:
                await asyncio.sleep(leave_after)
                answer.left = True
                return answer
            await self.read_head(reader, answer)
            keep = await self.read_body(reader, answer, leave_at_event, is_slow)
            return answer
        finally:
            if keep and answer.is_whole and not is_slow and len(self.idle) < 8:
                self.idle.append((reader, writer))
            else:
                # Half of those who leave do so by a reset.
                if answer.left and hash(identity) % 2:
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                writer.close()

    @staticmethod
    async def read_head(reader, answer):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        answer.status = int(lines[0].split(" ")[1])
        for line in lines[1:]:
            name, _, value = line.partition(":")
            answer.headers[name.lower()] = value.strip()

    async def read_body(self, reader, answer, leave_at_event, is_slow):
        """True when the connection can be used again."""
        is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
        buffer = b""
        async for piece in self.pieces(reader, answer, is_slow):
            buffer += piece
            while is_stream:
                event, border, rest = buffer.partition(b"\n\n")
                if not border:
                    break
                buffer = rest
                if event.startswith(b"data: "):
                    answer.take_event(event[6:].decode())
                if leave_at_event is not None and answer.events >= leave_at_event:
                    answer.left = True
                    return False
        if not is_stream:
            answer.take_body(buffer)
        elif buffer:
            raise ValueError(f"half an event at the end: {buffer[:200]!r}")
        answer.is_whole = True
        return answer.headers.get("connection", "").lower() != "close"

    @staticmethod
    async def pieces(reader, answer, is_slow):
        async def some(count):
            while count:
                if is_slow:
                    await asyncio.sleep(0.005)
                piece = await reader.read(min(count, 2048 if is_slow else 65536))
                if not piece:
                    raise EOFError("the connection ended within the body")
                count -= len(piece)
                yield piece

        if answer.headers.get("transfer-encoding", "").lower() != "chunked":
            async for piece in some(int(answer.headers["content-length"])):
                yield piece
            return
        while True:
            size = int((await reader.readuntil(b"\r\n")).strip(), 16)
            if size:
                async for piece in some(size):
                    yield piece
            await reader.readuntil(b"\r\n")
            if size == 0:
                return
