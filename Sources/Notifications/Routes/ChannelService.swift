// Channels without HTTP: the resource, the names for those who only choose, and what can be tried out.

package import Identity
import JSON
package import Resources
package import Storage

/// The channels of the program. One for a process.
package final class ChannelService: Sendable {
    /// `channel`, with all verbs.
    package let resource: ResourceService
    /// For those who choose channels in rules and must not see how they are set up.
    private let names: ResourceService

    let database: any Database
    let directory: ChannelDirectory
    let sender: any ChannelSender
    let renderer = ChannelRenderer()
    let clock: WallClock

    /// - Parameters:
    ///   - catalog: the program's; knows which assignments refer to a channel.
    ///   - sender: sends test messages; the program's `ChannelSenders`.
    package init(
        database: any Database,
        catalog: ResourceCatalog,
        box: SecretBox,
        sender: any ChannelSender,
        audit: ChangeRecorder? = nil,
        clock: WallClock = .system
    ) throws(ResourceDeclarationError) {
        let declaration = ChannelResource.resource(box: box)
        resource = try ResourceService(
            declaration,
            catalog: catalog,
            database: database,
            audit: audit,
            clock: clock
        )
        var chosen = declaration
        chosen.permissions.view = .alertsManage
        chosen.operations = [.list, .get]
        names = try ResourceService(chosen, catalog: catalog, database: database, clock: clock)
        self.database = database
        self.sender = sender
        self.clock = clock
        directory = ChannelDirectory(box: box)
    }

    /// Members that people see who may choose channels but not set them up.
    private static let publicMembers = ["id", "name", "channel_type", "is_active", "team"]

    /// A page of channels. With `alerts.manage` instead of `notification.manage`: names and types only.
    package func list(query: [(String, String)], caller: Caller) async throws -> ResourcePage {
        guard !caller.may(.notificationManage), caller.may(.alertsManage) else {
            return try await resource.list(query: query, caller: caller)
        }
        var page = try await names.list(query: query, caller: caller)
        page.results = page.results.map { row in
            JSONObject(row.filter { Self.publicMembers.contains($0.key) })
        }
        return page
    }

    /// The channel if the caller may set it up; as for its resource, one of another team is not found.
    func channel(_ id: Int64, _ caller: Caller) async throws -> NotificationChannel {
        try resource.authorize(.patch, caller)
        let (resource, directory) = (resource, directory)
        return try await database.read { connection in
            _ = try resource.find(id, caller, on: connection)
            do {
                guard let channel = try directory.channel(id, on: connection) else { throw ResourceError.notFound }
                return channel
            } catch let fault as ChannelFault {
                throw ResourceError.conflict(
                    message: fault.message,
                    errors: [FieldError("config", "cannot be opened; enter its secrets again")]
                )
            }
        }
    }
}
