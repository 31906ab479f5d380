// From the name that a client gives as `model` to what answers under it.

import Conversation
import Identity
import OpenAIProtocol
import Providers

extension GatewayServices {
    /// A bot by id or name; else a model route or `provider/model`, for callers who may.
    ///
    /// - Throws: `OpenAIError` 400 for a text that is no name, 404 for a name that nobody has, 403 for a caller who may
    ///   not, 502 for a bot whose model is not configured.
    func resolve(model name: String, for caller: Caller) throws(OpenAIError) -> (bot: Bot?, route: ModelRoute) {
        guard ModelRouter.isName(name) else {
            throw .invalid("model must not have control characters", param: "model")
        }
        let router = turns.router()
        if let bot = bots.bot(named: name) {
            guard let route = router.route(named: bot.model) else {
                throw OpenAIError(
                    status: 502,
                    message: "The bot's model \(bot.model) is not configured.",
                    type: "upstream_error",
                    code: "upstream_error",
                    shouldRetry: false
                )
            }
            return (bot, route)
        }
        guard let route = router.route(named: name) else { throw .modelNotFound(String(name.prefix(200))) }
        guard caller.may(.modelUse) else {
            throw .forbidden(
                "This token has no access to model \(name): the permission \(Permission.modelUse.name) is needed.",
                param: "model"
            )
        }
        return (nil, route)
    }
}
