// A thread with a loop on it.

import CEpoll
import Glibc

enum LoopThread {
    /// Hands `core` over to a new thread, which runs it and leaves when it ends. Nobody else may use it from then on.
    ///
    /// - Throws: when there is no thread.
    static func start(name: String, _ core: sending LoopCore) throws(LoopFailure) {
        let context = Unmanaged.passRetained(Body(name: name, core: core))
        var thread = pthread_t()
        // Signals are for the program's other threads; SIGPIPE in particular must not end it when a peer is gone.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let code = pthread_create(&thread, nil, runBody, context.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard code == 0 else {
            context.release()
            throw LoopFailure("no thread", code)
        }
        pthread_detach(thread)
    }

    /// Something that a C context pointer can refer to.
    private final class Body {
        let name: String
        let core: LoopCore

        init(name: String, core: LoopCore) {
            self.name = name
            self.core = core
        }
    }

    private static let runBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context else { return nil }
        let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        cepoll_name_thread(body.name)
        body.core.run()
        return nil
    }
}
