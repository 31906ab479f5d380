// The three roles and what each of them may do.

/// A named set of permissions. A user has exactly one.
package enum Role: String, Sendable, Hashable, CaseIterable {
    /// May do everything.
    case administrator
    /// Works with alerts, bots and models, and has API secrets of its own.
    case `operator`
    /// Looks, and asks bots.
    case viewer

    /// What the role may do.
    package var permissions: Set<Permission> {
        switch self {
        case .administrator: Permission.all
        case .operator: Self.operatorPermissions
        case .viewer: Self.viewerPermissions
        }
    }

    private static let viewerPermissions: Set<Permission> =
        Permission.all.filter { $0.name.hasSuffix(".view") }.union([.botUse])

    private static let operatorPermissions: Set<Permission> =
        viewerPermissions.union([.alertsManage, .modelUse, .secretManage])
}
