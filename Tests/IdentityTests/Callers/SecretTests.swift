// A secret shows itself nowhere.

import Accounts
import Identity
import Testing

@Suite struct SecretTests {
    private let hidden = "bkls_ThisMustNeverBeSeenAnywhere"

    private func everyWayToShow(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        var printed = ""
        print(value, to: &printed)
        return [dumped, printed, "\(value)", String(describing: value), String(reflecting: value)]
    }

    @Test func showsStarsHoweverItIsShown() {
        let secret = Secret(hidden)
        for text in everyWayToShow(secret) + everyWayToShow([secret]) + everyWayToShow(Optional(secret) as Any) {
            #expect(!text.contains("NeverBeSeen"), "\(text.count) characters show the secret")
        }
        #expect("\(secret)" == "***")
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(secret.reveal() == hidden)
    }

    @Test func hidesInWhatHoldsIt() {
        let holders: [Any] = [
            NewUser(username: "a", password: Secret(hidden), role: .viewer),
            (name: "b", secret: Secret(hidden)),
            ["secret": Secret(hidden)],
        ]
        for text in holders.flatMap(everyWayToShow) {
            #expect(!text.contains("NeverBeSeen"))
        }
    }

    @Test func cannotBecomeJSONOrAKey() {
        #expect(!(Secret.self is any Encodable.Type))
        #expect(!(Secret.self is any Equatable.Type))
    }

    @Test func comparesByContent() {
        #expect(Secret("abc").matches(Secret("abc")))
        #expect(!Secret("abc").matches(Secret("abd")))
        #expect(!Secret("abc").matches(Secret("abcd")))
        #expect(!Secret("abc").matches(Secret("")))
        #expect(Secret("").isEmpty)
    }
}
