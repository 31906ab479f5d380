// Base64 of a text, for Basic credentials.

import Foundation

extension Data {
    static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
