# The four ways to the model: directly, through nginx, through OpsGate, through LiteLLM's proxy.
import json
import os
import subprocess
import sys

from processes import Process, free_port

# Released before the compromised ones of 2026. Take no other version without looking into its history.
LITELLM = "litellm[proxy]==1.80.0"
SECRET = "bkls_bench_0123456789abcdefghijklmnopqrstuvwxyz"
UPSTREAM_KEY = "sk-bench"
PATH = "/v1/chat/completions"


class Target:
    def __init__(self, name, process, port, model, secret, cold_start=None):
        self.name = name
        self.process = process
        self.port = port
        self.model = model
        self.secret = secret
        self.cold_start = cold_start

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def authorization(self):
        return "Bearer " + self.secret

    def body(self, stream):
        members = {"model": self.model, "messages": [{"role": "user", "content": "What is firing right now?"}]}
        if stream:
            members["stream"] = True
        return json.dumps(members)


    def conversation(self, messages, size=100_000):
        """A conversation of `size` bytes of text in so many messages."""
        text = ("What is firing right now? " * (size // messages // 26 + 1))[: size // messages]
        turns = [{"role": "assistant" if index % 2 else "user", "content": text} for index in range(messages - 1)]
        return json.dumps({"model": self.model, "messages": turns + [{"role": "user", "content": "And now?"}]})


def upstream(products, folder, model):
    process = Process(
        "scripted-upstream",
        [os.path.join(products, "scripted-upstream"), "--key", UPSTREAM_KEY],
        os.path.join(folder, "upstream.log"),
    )
    port = int(process.wait_for_line("listening on").rpartition(":")[2])
    return Target("direct", process, port, model, UPSTREAM_KEY)


NGINX = """
daemon off;
user {user};
worker_processes {workers};
worker_rlimit_nofile 60000;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
events {{ worker_connections 25000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    tcp_nodelay on;
    upstream model {{
        server 127.0.0.1:{upstream};
        keepalive 128;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://model;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


def nginx(folder, direct, workers):
    port = free_port()
    place = os.path.join(folder, f"nginx-{port}")
    os.mkdir(place)
    configuration = os.path.join(place, "nginx.conf")
    with open(configuration, "w") as file:
        user = "root" if os.geteuid() == 0 else "nobody"
        file.write(NGINX.format(folder=place, upstream=direct.port, port=port, workers=workers, user=user))
    process = Process("nginx", ["nginx", "-c", configuration, "-p", place], os.path.join(place, "output.log"))
    process.wait_for_http(port, "/control/stats", 10)
    return Target("nginx", process, port, direct.model, direct.secret)


PROVIDERS = """
providers:
  - {{name: bench, kind: openai-compatible, base_url: "http://127.0.0.1:{port}/v1", api_keys: ["{key}"]}}
  - {{name: second, kind: openai-compatible, base_url: "http://127.0.0.1:{port}/v1", api_keys: ["{key}"]}}
models:
  - {{name: bench/{model}, price: {{input: 0.15, output: 0.60}}}}
  - {{name: second/{model}, price: {{input: 0.15, output: 0.60}}}}
routes:
  default:
    targets: [{{model: bench/{model}}}, {{model: second/{model}, order: 2}}]
    limits: {{requests_per_minute: 100000000, tokens_per_minute: 10000000000, concurrent: 100000, budget_month: 1000000}}
"""


def opsgate(products, root, folder, direct):
    """OpsGate with its defaults and what a gateway is for: authentication, a route with a second target to fall back on,
    prices, limits of the user and the route with a budget, usage records. One line of log a request is off, as in nginx."""
    program = os.path.join(products, "opsgate")
    if not os.access(program, os.X_OK):
        raise RuntimeError(f"{program} is not built")
    port = free_port()
    place = os.path.join(folder, f"opsgate-{port}")
    os.mkdir(place)
    providers = os.path.join(place, "providers.yaml")
    with open(providers, "w") as file:
        file.write(PROVIDERS.format(port=direct.port, key=UPSTREAM_KEY, model=direct.model))
    environment = {
        "OPSGATE_PROVIDERS": providers,
        "OPSGATE_DATA": os.path.join(place, "data"),
        "OPSGATE_HOST": "127.0.0.1",
        "OPSGATE_PORT": str(port),
        "OPSGATE_ADMIN_SECRET": SECRET,
        "OPSGATE_ADMIN_PASSWORD": "bench-Password-1",
        "OPSGATE_LOG_LEVEL": os.environ.get("OPSGATE_LOG_LEVEL", "warning"),
    }
    process = Process("opsgate", [program, "serve"], os.path.join(place, "output.log"), environment, folder=root)
    cold = process.wait_for_http(port, "/api/v1/core/health/", 20)
    return Target("OpsGate", process, port, "default", SECRET, cold)


def litellm_environment(root):
    """The path of LiteLLM's program; installs it on first use."""
    place = os.environ.get("OPSGATE_BENCH_VENV", os.path.join(root, ".venv-bench"))
    program = os.path.join(place, "bin", "litellm")
    if not os.path.exists(program):
        print(f"installing {LITELLM} into {place} …", file=sys.stderr, flush=True)
        for command in (
            ["python3", "-m", "venv", place],
            [os.path.join(place, "bin", "python"), "-m", "pip", "install", "--quiet", LITELLM],
        ):
            done = subprocess.run(command, capture_output=True, text=True, timeout=900)
            if done.returncode != 0:
                raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-1500:]}")
    return program


def litellm(root, folder, direct):
    program = litellm_environment(root)
    port = free_port()
    place = os.path.join(folder, f"litellm-{port}")
    os.mkdir(place)
    configuration = os.path.join(place, "config.yaml")
    with open(configuration, "w") as file:
        # JSON is YAML.
        json.dump(
            {
                "model_list": [
                    {
                        "model_name": "bench",
                        "litellm_params": {
                            "model": "openai/" + direct.model,
                            "api_base": f"http://127.0.0.1:{direct.port}/v1",
                            "api_key": UPSTREAM_KEY,
                        },
                    }
                ],
                "general_settings": {"master_key": "sk-litellm-bench"},
            },
            file,
        )
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"}
    process = Process(
        "litellm",
        [program, "--config", configuration, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"],
        os.path.join(place, "output.log"),
        environment,
        folder=place,
    )
    cold = process.wait_for_http(port, "/health/liveliness", 90, pause=0.1)
    return Target("LiteLLM", process, port, "bench", "sk-litellm-bench", cold)
