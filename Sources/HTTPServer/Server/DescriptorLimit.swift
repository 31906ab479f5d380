// How many connections the process can bear.

import Glibc

extension Listener.Configuration {
    /// Half of the file descriptors that the process may have, since an answer may need one to an upstream; 64 are for
    /// the rest of the program.
    package static var connectionsForDescriptors: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 4096 }
        return max(64, (Int(clamping: limit.rlim_cur) - 64) / 2)
    }
}
