// The loop's side of mail: taking a connection over from libcurl and speaking on it without ever waiting.

import CCurl
import Glibc
import Loops

extension TransferLoop {
    /// libcurl has done its part, or failed to.
    func finish(_ transfer: RunningTransfer, _ mail: MailExchange, _ code: CURLcode) {
        guard code == CURLE_OK else {
            end(transfer, failure: TransferFailure(mail.failure(code, handle: transfer.handle)))
            return
        }
        let result = mail.begin(transfer.handle)
        if let descriptor = mail.descriptor { exchanges[descriptor] = transfer }
        proceed(transfer, mail, result)
    }

    /// Its socket is ready.
    func converse(_ transfer: RunningTransfer) {
        guard let mail = transfer.mail else { return }
        proceed(transfer, mail, mail.drive(transfer.handle) { transfer.transfer.commit() })
    }

    /// The mail is over: libcurl closes the socket next, and another may get its number.
    func leave(_ mail: MailExchange) {
        guard let descriptor = mail.descriptor, exchanges.removeValue(forKey: descriptor) != nil else { return }
        watch(descriptor, for: [])
        // Should libcurl want to part with a QUIT of its own, it must not find anybody to wait for.
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    private func proceed(_ transfer: RunningTransfer, _ mail: MailExchange, _ result: MailExchange.Result) {
        switch result {
        case .wait(let asked, let moved):
            if let descriptor = mail.descriptor {
                watch(descriptor, for: mail.wantsWrite ? [.readable, .writable] : .readable)
            }
            if asked {
                transfer.deadlines.asked(at: now)
            } else if moved {
                transfer.deadlines.received(at: now)
            }
            reschedule(transfer)
        case .done(let reply):
            transfer.newHead = ResponseHead(status: 250, fieldLines: [])
            transfer.incoming = Array(reply.utf8)
            end(transfer, failure: nil)
        case .failed(let failure):
            end(transfer, failure: TransferFailure(failure))
        }
    }
}
