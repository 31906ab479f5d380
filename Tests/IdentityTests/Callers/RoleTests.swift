// Which role may do what: the whole table.

import Identity
import Testing

@Suite struct RoleTests {
    /// Permission, operator, viewer; administrators may all.
    private static let table: [(Permission, Bool, Bool)] = [
        (.alertsView, true, true),
        (.alertsManage, true, false),
        (.alertsIngest, false, false),
        (.botUse, true, true),
        (.botManage, false, false),
        (.modelUse, true, false),
        (.secretManage, true, false),
        (.accountManage, false, false),
        (.usageView, true, true),
        (.notificationManage, false, false),
        (.auditView, true, true),
        (.providerManage, false, false),
        (.limitManage, false, false),
    ]

    @Test func rolesGrantWhatTheTableSays() {
        for (permission, operatorMay, viewerMay) in Self.table {
            #expect(Role.administrator.permissions.contains(permission))
            #expect(Role.operator.permissions.contains(permission) == operatorMay, "\(permission)")
            #expect(Role.viewer.permissions.contains(permission) == viewerMay, "\(permission)")
        }
    }

    @Test func theTableIsWhole() {
        #expect(Permission.all == Set(Self.table.map(\.0)))
        #expect(Permission.all.count == Permission.catalogue.count, "a permission is declared twice")
        for (permission, summary) in Permission.catalogue {
            #expect(permission.name.split(separator: ".").count == 2)
            #expect(summary.hasSuffix("."))
        }
    }

    @Test func nobodyMayWhatDoesNotExist() {
        #expect(!Caller.system.may("alerts.veiw"))
    }

    @Test func requireNamesThePermission() {
        let viewer = Caller(
            userID: 7,
            username: "v",
            role: .viewer,
            teams: [1],
            credential: CredentialReference(kind: .token, name: "t")
        )
        #expect(throws: CredentialFailure.forbidden(.alertsManage)) { try viewer.require(.alertsManage) }
        #expect(throws: Never.self) { try viewer.require(.alertsView) }
    }

    @Test func callersSeeTheirTeams() {
        let caller = Caller(
            userID: 7,
            username: "v",
            role: .administrator,
            teams: [3, 5],
            credential: CredentialReference(kind: .token, name: "t")
        )
        #expect(caller.sees(team: 3) && caller.sees(team: 5))
        #expect(!caller.sees(team: 1), "not even administrators see other teams")
        #expect(caller.currentTeam == 3)
        #expect(caller.working(in: 5)?.teams == [5, 3])
        #expect(caller.working(in: 1) == nil)
        #expect(Caller.system.sees(team: 99))
    }

    @Test func domainsAreNormalized() {
        #expect(UserDomain.normalized(nil) == "domain.com")
        #expect(UserDomain.normalized(" ") == "domain.com")
        #expect(UserDomain.normalized("Domain.COM ") == "domain.com")
        #expect(UserDomain.normalized("other.org") == "other.org")
    }
}
