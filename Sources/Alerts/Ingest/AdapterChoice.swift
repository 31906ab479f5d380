// Which adapter reads a body: by its content, and by the source's type where that can be.

package import JSON

/// All adapters that know a body by its content. A new sender is a new file and a line here.
package enum AdapterChoice {
    package static let all: [any EventAdapter] = [
        AlertmanagerAdapter(), GrafanaAdapter(), GrafanaLegacyAdapter(), SeedEventsAdapter(), ZabbixAdapter(),
    ]

    /// The adapter that a source's type stands for.
    private static let byType: [String: any EventAdapter] = [
        "monitor": SeedEventsAdapter(), "prometheus": AlertmanagerAdapter(), "grafana": GrafanaAdapter(),
        "zabbix": ZabbixAdapter(),
    ]

    /// In this order: the source's own mapping (type `webhook`) where it finds something; the type's adapter when the
    /// body can be its; the one adapter that knows the content; the mapping, or for `webhook` a guess.
    ///
    /// - Throws: `BodyFault` (400) when the content is that of several forms and the type does not decide.
    package static func adapter(
        for body: JSONView,
        sourceType: String,
        mapping: EventMapping? = nil
    ) throws(BodyFault) -> any EventAdapter {
        let mapped = mapping.map { MappingAdapter($0) }
        if let mapped, sourceType == AlertSourceType.webhook.rawValue, mapped.recognises(body) { return mapped }
        let preferred = byType[sourceType]
        if let preferred, preferred.couldBe(body) { return preferred }
        let known = all.filter { $0.recognises(body) }
        if known.count > 1 {
            let names = known.map(\.name).joined(separator: " or ")
            throw BodyFault("source_type", "The body could be read as \(names); set the source's type to decide")
        }
        if let only = known.first { return only }
        if let mapped { return mapped }
        return preferred ?? GuessAdapter()
    }
}
