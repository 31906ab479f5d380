"""A collector of OTLP over HTTP for the tests: opentelemetry-proto reads what comes, with failures on demand.

Prints "port N" when it listens. POST /v1/traces and /v1/metrics take both encodings, checked by the content type.
GET /control/spans, /control/metrics and /control/stats tell what came as JSON; POST /control/behave takes
{"status": 503, "times": 2, "retry_after": "1"} or {"stall": seconds}: what the next requests get; {} is well again.
"""
import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

KINDS = {
    "/v1/traces": (trace_service_pb2.ExportTraceServiceRequest, trace_service_pb2.ExportTraceServiceResponse),
    "/v1/metrics": (metrics_service_pb2.ExportMetricsServiceRequest, metrics_service_pb2.ExportMetricsServiceResponse),
}


def plain(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None


def attributes(pairs):
    return {pair.key: plain(pair.value) for pair in pairs}


def span_of(span, resource):
    return {
        "trace": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "start": span.start_time_unix_nano,
        "end": span.end_time_unix_nano,
        "flags": span.flags,
        "status": span.status.code,
        "attributes": attributes(span.attributes),
        "resource": resource,
    }


def metric_of(metric, resource):
    kind = metric.WhichOneof("data")
    data = getattr(metric, kind)
    points = []
    for point in data.data_points:
        entry = {
            "attributes": attributes(point.attributes),
            "start": point.start_time_unix_nano,
            "time": point.time_unix_nano,
        }
        if kind == "histogram":
            entry.update(
                count=point.count,
                sum=point.sum,
                buckets=list(point.bucket_counts),
                bounds=list(point.explicit_bounds),
            )
        else:
            entry["value"] = getattr(point, point.WhichOneof("value"))
        points.append(entry)
    return {
        "name": metric.name,
        "unit": metric.unit,
        "kind": kind,
        "monotonic": kind == "sum" and data.is_monotonic,
        "temporality": data.aggregation_temporality if kind != "gauge" else 0,
        "points": points,
        "resource": resource,
    }


def check_known(message):
    """Raises for fields that are none of the message's: numbers that were mixed up."""
    if len(UnknownFieldSet(message)):
        raise ValueError(f"unknown fields in {message.DESCRIPTOR.name}")
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for each in value if field.is_repeated else [value]:
                check_known(each)


def ids_as_base64(value):
    """OTLP writes ids as hexadecimal digits, which protobuf's own JSON reader would take for base64."""
    import base64

    if isinstance(value, list):
        return [ids_as_base64(each) for each in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(each)).decode()
            if key in ("traceId", "spanId", "parentSpanId")
            else ids_as_base64(each)
            for key, each in value.items()
        }
    return value


class State:
    lock = threading.Lock()
    behaviour = {}
    spans = []
    metrics = []
    requests = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", kind="application/json", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with State.lock:
            known = {
                "/control/spans": State.spans,
                "/control/metrics": State.metrics,
                "/control/stats": State.requests,
            }
            body = json.dumps(known.get(self.path)).encode()
        self.answer(200, body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/control/behave":
            with State.lock:
                State.behaviour = json.loads(body)
            return self.answer(200, b"{}")
        with State.lock:
            behaviour = dict(State.behaviour)
            if "times" in behaviour:
                State.behaviour["times"] -= 1
                if State.behaviour["times"] <= 0:
                    State.behaviour = {}
        if "stall" in behaviour:
            time.sleep(behaviour["stall"])
        status = behaviour.get("status", 200)
        kind = self.headers["Content-Type"]
        with State.lock:
            State.requests.append(
                {"path": self.path, "type": kind, "status": status, "time": time.time(), "bytes": len(body)}
                | {"key": self.headers.get("x-collector-key"), "agent": self.headers.get("User-Agent")}
            )
        if status != 200:
            retry = behaviour.get("retry_after")
            return self.answer(status, b"", headers=[("Retry-After", retry)] if retry else [])
        if self.path not in KINDS:
            return self.answer(404)
        request, response = (each() for each in KINDS[self.path])
        try:
            if kind == "application/x-protobuf":
                request.ParseFromString(body)
                check_known(request)
            elif kind == "application/json":
                json_format.ParseDict(ids_as_base64(json.loads(body)), request)
            else:
                return self.answer(415)
        except Exception as error:
            with State.lock:
                State.requests.append({"path": self.path, "error": repr(error)})
            return self.answer(400, repr(error).encode())
        with State.lock:
            if self.path == "/v1/traces":
                for group in request.resource_spans:
                    resource = attributes(group.resource.attributes)
                    for scope in group.scope_spans:
                        State.spans += [span_of(span, resource) for span in scope.spans]
            else:
                for group in request.resource_metrics:
                    resource = attributes(group.resource.attributes)
                    for scope in group.scope_metrics:
                        State.metrics += [metric_of(metric, resource) for metric in scope.metrics]
        self.answer(200, response.SerializeToString(), kind="application/x-protobuf")


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
options = parser.parse_args()
server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
server.daemon_threads = True
print(f"port {server.server_address[1]}", flush=True)
server.serve_forever()
