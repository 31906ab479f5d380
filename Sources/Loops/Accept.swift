// Accepting a connection for a loop.

import CEpoll

/// The next connection of a listening socket, which does not block and is kept out of programs that this one starts.
///
/// - Returns: its descriptor; -1 when there is none, with the reason in `errno`.
package func acceptConnection(_ listening: Int32) -> Int32 { cepoll_accept(listening) }
