// What is wrong with answers in any of the forms.

import OpenAIProtocol

extension OpenAIError {
    /// A model goes on and on.
    static let answerTooLarge = OpenAIError(
        status: 502,
        message: "The model sent more than an answer can hold.",
        type: "upstream_error",
        code: "upstream_error"
    )
}
