-- wrk's side of the alert benchmark: every request brings alerts that nobody has sent before, in the array form that
-- both Alertmanager's API and OpsGate take; at the end the numbers as one line of JSON.
local batch = tonumber(os.getenv("BENCH_BATCH"))
local run = os.getenv("BENCH_RUN")
local starts = os.getenv("BENCH_STARTS")
local headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = os.getenv("BENCH_AUTHORIZATION"),
}
local number = 0

local before = '{"labels":{"alertname":"DiskFull","severity":"warning","region":"cn-south","job":"node","run":"' ..
    run .. '","instance":"host-'
local after = ':9100"},"annotations":{"summary":"Disk of the host is nearly full",' ..
    '"description":"Less than 5 % are left on /var, and it fills at 2 GB an hour."},"startsAt":"' .. starts ..
    '","generatorURL":"http://prometheus.example:9090/graph?g0.expr=node_filesystem_avail_bytes"}'

function request()
    local parts = {}
    for place = 1, batch do
        number = number + 1
        parts[place] = before .. number .. after
    end
    return wrk.format("POST", nil, headers, "[" .. table.concat(parts, ",") .. "]")
end

done = function(summary, latency, requests)
    local failed = summary.errors
    io.write(string.format(
        "RESULT {\"requests\":%d,\"microseconds\":%d,\"p50_us\":%d,\"p99_us\":%d,\"max_us\":%d," ..
        "\"errors\":{\"connect\":%d,\"read\":%d,\"write\":%d,\"timeout\":%d,\"status\":%d}}\n",
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
        failed.connect, failed.read, failed.write, failed.timeout, failed.status
    ))
end
