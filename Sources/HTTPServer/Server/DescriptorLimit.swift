// How many connections the process can bear.

import Glibc

extension Listener.Configuration {
    private static let most = 1 << 16

    /// Half of the file descriptors that the process may have, since an answer may need one to an upstream; 64 are for
    /// the rest of the program. Where descriptors have no bound to speak of, memory is the bound. The process first takes as many as it is allowed to: shells give 1,024 to begin with.
    package static var connectionsForDescriptors: Int {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return 4096 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if setrlimit(kind, &limit) != 0 { limit.rlim_cur = before }
        return min(most, max(64, (Int(clamping: limit.rlim_cur) - 64) / 2))
    }
}
