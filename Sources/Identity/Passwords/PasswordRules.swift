// What a new password must be.

/// The rules for new passwords: length only, as NIST SP 800-63B section 5.1.1 advises.
package enum PasswordRules {
    package static let minimumCharacters = 8

    /// Why the password is not good enough; nil if it is.
    package static func objection(to password: Secret) -> String? {
        let text = password.reveal()
        if text.count < minimumCharacters { return "must have at least \(minimumCharacters) characters" }
        if text.utf8.count > PasswordHash.maximumPasswordBytes {
            return "must have at most \(PasswordHash.maximumPasswordBytes) bytes"
        }
        if text.unicodeScalars.contains(where: { $0.value == 0 }) { return "must not contain a null character" }
        return nil
    }
}
