"""A mail server for the tests: aiosmtpd, which speaks real SMTP, with failures on demand.

Prints "port N" when it listens. Every accepted message becomes a file NNN.json in --folder with the envelope and what
Python's email package reads in it. The options of the failures say a stage and what happens there:
  --refuse STAGE:CODE   sender, recipient, data (the command) or end (after the message); recipient:CODE:ADDRESS for one
  --drop STAGE          close without a word: greeting, sender, message (in the middle), end (message read, no reply)
  --stall STAGE         say nothing any more at that stage
"""
import argparse
import asyncio
import base64
import email
import email.policy
import json
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--certificate", help="PEM files; without them no TLS")
    parser.add_argument("--key")
    parser.add_argument("--tls", action="store_true", help="from the first byte")
    parser.add_argument("--starttls", choices=["offered", "required"])
    parser.add_argument("--login", help="user:password, required then")
    parser.add_argument("--plain-login", action="store_true", help="allow the login without TLS")
    parser.add_argument("--no-mechanism", action="append", default=[])
    parser.add_argument("--login-answer", help="what every login is told, such as '454 4.7.0 later'")
    parser.add_argument("--size", type=int, default=33554432)
    parser.add_argument("--refuse", action="append", default=[])
    parser.add_argument("--drop")
    parser.add_argument("--stall")
    return parser.parse_args()


class Handler:
    def __init__(self, options):
        self.options = options
        self.count = 0
        self.refusals = [refusal.split(":") for refusal in options.refuse]

    def refusal(self, stage, address=None):
        for words in self.refusals:
            if words[0] == stage and (len(words) < 3 or words[2] == address):
                return f"{words[1]} {words[1][0]}.7.1 scripted refusal at {stage}"
        return None

    async def misbehave(self, stage, server):
        if self.options.drop == stage:
            server.transport.abort()
            await asyncio.sleep(3600)
        if self.options.stall == stage:
            await asyncio.sleep(3600)

    async def handle_MAIL(self, server, session, envelope, address, options):
        await self.misbehave("sender", server)
        refusal = self.refusal("sender")
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refusal or "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        await self.misbehave("recipient", server)
        refusal = self.refusal("recipient", address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        await self.misbehave("end", server)
        refusal = self.refusal("end")
        if refusal:
            return refusal
        self.keep(server, session, envelope)
        return f"250 2.0.0 OK: queued as {self.count}"

    def keep(self, server, session, envelope):
        self.count += 1
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {}
        for kind in ("plain", "html"):
            body = message.get_body((kind,))
            parts[kind] = body.get_content() if body else None
        record = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "tls": server.transport.get_extra_info("sslcontext") is not None,
            "user": session.login_data.decode() if session.login_data else None,
            "subject": message["subject"],
            "headers": [[name, str(value)] for name, value in message.items()],
            "from_addresses": [[a.display_name, a.addr_spec] for a in message["from"].addresses] if message["from"] else [],
            "to_addresses": [[a.display_name, a.addr_spec] for a in message["to"].addresses] if message["to"] else [],
            "text": parts["plain"],
            "html": parts["html"],
            "types": [part.get_content_type() for part in message.walk()],
            "defects": [repr(defect) for part in message.walk() for defect in part.defects]
            + [repr(defect) for value in message.values() for defect in value.defects],
            "raw": base64.b64encode(envelope.content).decode(),
        }
        path = os.path.join(self.options.folder, f"{self.count:05}.json")
        with open(path + ".new", "w") as file:
            json.dump(record, file)
        os.rename(path + ".new", path)


class Server(SMTP):
    """aiosmtpd with faults where it has no hook."""

    async def _handle_client(self):
        await self.event_handler.misbehave("greeting", self)
        await super()._handle_client()

    async def smtp_DATA(self, arg):
        handler = self.event_handler
        refusal = handler.refusal("data")
        if refusal:
            await self.push(refusal)
            return
        if "message" in (handler.options.drop, handler.options.stall):
            await self.push("354 go ahead")
            await self._reader.readexactly(1)
            if handler.options.drop:
                self.transport.abort()
            await asyncio.sleep(3600)
        await super().smtp_DATA(arg)


def authenticator(options):
    def check(server, session, envelope, mechanism, data):
        if options.login_answer:
            return AuthResult(success=False, handled=False, message=options.login_answer)
        user, password = options.login.split(":", 1)
        assert isinstance(data, LoginPassword)
        if (data.login.decode(), data.password.decode()) == (user, password):
            return AuthResult(success=True, auth_data=data)
        return AuthResult(success=False, handled=False)

    return check


async def main():
    options = arguments()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    handler = Handler(options)
    needs_login = bool(options.login or options.login_answer)

    def connection():
        return Server(
            handler,
            hostname="mail.test",
            data_size_limit=options.size,
            tls_context=context if options.starttls else None,
            require_starttls=options.starttls == "required",
            auth_required=needs_login,
            auth_require_tls=not (options.plain_login or options.tls),
            auth_exclude_mechanism=options.no_mechanism,
            authenticator=authenticator(options) if needs_login else None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=context if options.tls else None)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
