// Sending mail: the same loops, deadlines and cancellation as for HTTP.

extension HTTPClient {
    /// Hands a mail to its server and returns what the server said when it took it over, such as
    /// `250 2.0.0 Ok: queued as 4Rk2`, or nothing but the code. Each mail has a connection of its own. Cancelling the
    /// task gives the mail up; it goes or it does not, see `MailFailure.isAmbiguous`.
    ///
    /// - Throws: any `MailFailure`.
    package func send(_ mail: MailTransfer) async throws(MailFailure) -> String {
        let request = try PreparedRequest(mail, defaultCAFile: defaultCAFile)
        let transfer = transfer(for: request, isWhole: true, bodyLimit: 0)
        switch await transfer.begin() {
        case .whole(_, let reply): return String(decoding: reply, as: UTF8.self)
        case .failed(let failure): throw MailFailure(failure, isCommitted: transfer.isCommitted)
        default: throw MailFailure(.other, "a mail ended without a reply", isAmbiguous: transfer.isCommitted)
        }
    }
}
