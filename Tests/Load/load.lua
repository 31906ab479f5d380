-- wrk's side of the benchmark: one POST over and over; at the end the numbers as one line of JSON.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = os.getenv("BENCH_AUTHORIZATION")

done = function(summary, latency, requests)
    local failed = summary.errors
    io.write(string.format(
        "RESULT {\"requests\":%d,\"microseconds\":%d,\"bytes\":%d,\"p50_us\":%d,\"p99_us\":%d,\"max_us\":%d," ..
        "\"errors\":{\"connect\":%d,\"read\":%d,\"write\":%d,\"timeout\":%d,\"status\":%d}}\n",
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99), latency.max,
        failed.connect, failed.read, failed.write, failed.timeout, failed.status
    ))
end
