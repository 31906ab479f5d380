// What the system says of this process, under the names that every Prometheus client uses.

import Conversation
import Foundation

/// Reads `/proc/self`; empty where there is none.
enum ProcessMetrics {
    /// - Parameter startedAt: seconds since the epoch.
    static func families(startedAt: Int64) -> [MetricFamily] {
        var families = [
            MetricFamily(
                "process_start_time_seconds",
                "When the process started, in seconds since the epoch.",
                .gauge,
                Double(startedAt)
            )
        ]
        let status = text("/proc/self/stat")
        // The name in parentheses may hold spaces; the fields after it are counted from the third (proc(5)).
        if let end = status.lastIndex(of: ")") {
            let fields = status[status.index(after: end)...].split(separator: " ")
            if fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
                let threads = Double(fields[17]), let virtual = Double(fields[20]), let pages = Double(fields[21])
            {
                let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
                families += [
                    MetricFamily(
                        "process_cpu_seconds_total",
                        "Processor time used, user and system.",
                        .counter,
                        (user + system) / ticks
                    ),
                    MetricFamily("process_threads", "Threads of the process.", .gauge, threads),
                    MetricFamily("process_virtual_memory_bytes", "Virtual memory.", .gauge, virtual),
                    MetricFamily(
                        "process_resident_memory_bytes",
                        "Resident memory.",
                        .gauge,
                        pages * Double(sysconf(Int32(_SC_PAGESIZE)))
                    ),
                ]
            }
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            // One of them was for the counting.
            families.append(
                MetricFamily("process_open_fds", "Open file descriptors.", .gauge, Double(max(0, open.count - 1)))
            )
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            families.append(
                MetricFamily("process_max_fds", "File descriptors at the most.", .gauge, Double(limit.rlim_cur))
            )
        }
        return families
    }

    /// Such a file says that it is empty and is not: it is read until it ends.
    private static func text(_ path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { return "" }
        defer { try? file.close() }
        return (try? file.read(upToCount: 4096)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
