// Which texts are mail addresses.

import Notifications
import Testing

@Suite struct MailAddressTests {
    @Test(arguments: [
        ("ops@example.com", nil, "ops@example.com"), ("  ops@example.com ", nil, "ops@example.com"),
        ("<ops@example.com>", nil, "ops@example.com"), ("Ops <ops@example.com>", "Ops", "ops@example.com"),
        ("\"Gate, Ops\" <o+tag@mail.example.com>", "Gate, Ops", "o+tag@mail.example.com"),
        ("\"a \\\"b\\\" \\\\\" <o@e.com>", "a \"b\" \\", "o@e.com"),
        ("值班经理 <zhiban@xn--fiqs8s>", "值班经理", "zhiban@xn--fiqs8s"),
        ("root@localhost", nil, "root@localhost"), ("\"\" <a@b>", nil, "a@b"),
        ("O'Brien <o'b@e-x.com>", "O'Brien", "o'b@e-x.com"),
    ])
    func accepted(text: String, name: String?, address: String) throws {
        let parsed = try MailAddress(text)
        #expect(parsed.name == name && parsed.address == address)
        #expect(MailAddress.problem(text) == nil)
    }

    @Test(arguments: [
        "", " ", "ops", "@example.com", "ops@", "a@b, c@d", "a@b;c@d", "a b@example.com", "a..b@example.com",
        ".a@example.com", "a.@example.com", "a@-example.com", "a@example-.com", "a@exa mple.com", "a@example..com",
        "a@[127.0.0.1]", "\"a b\"@example.com", "jürgen@example.com", "a@例え.jp", "a@b\r\nBcc: c@d", "a\u{0}@b", "a@b@c",
        "Name <a@b> <c@d>", "A, B <a@b>", "\"open <a@b>", "\"a\"b\" <a@b>", "<a@b", "a@b>", "a(comment)@b", "a@b_c.com",
        String(repeating: "x", count: 65) + "@example.com", "a@" + String(repeating: "x", count: 64) + ".com",
        "a@" + String(repeating: "abc.", count: 70) + "com", "Evil\u{85}Name <a@b>",
    ])
    func refused(text: String) {
        #expect(MailAddress.problem(text)?.isEmpty == false)
    }

    @Test func reasonsHelp() {
        #expect(MailAddress.problem("a@例え.jp") == "must have its domain in the xn-- form")
        #expect(MailAddress.problem("a@b.com, c@d.com") == "must be one address, not several")
        #expect(MailAddress.problem("ops") == "has no @")
    }
}
