// Channels as a resource: what is kept, what is shown, and what is refused.

import Identity
import JSON
import Notifications
import Resources
import Storage
import Testing

@Suite struct ChannelResourceTests {
    static let mail: JSONObject = [
        "smtp_server": "smtp.example.com", "smtp_port": 465, "smtp_user": "noreply@example.com",
        "smtp_password": "swordfish", "from_addr": "noreply@example.com", "use_ssl": true,
    ]
    static let robotURL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k-123-456"

    @Test(arguments: StoreEngine.allCases) func theSeedsConfigurationsAreTaken(_ engine: StoreEngine) async throws {
        try await ChannelWorld.run(engine) { world in
            let mail = try await world.make("mail", "EMAIL", Self.mail)
            #expect(mail["config"]?["smtp_password"] == "******")
            #expect(mail["config"]?["smtp_port"] == 465)
            let app = try await world.make(
                "app",
                "ENTERPRISE_WECHAT",
                ["corp_id": "ww1", "agent_id": "1000002", "secret": "app-secret"]
            )
            #expect(app["config"]?["agent_id"] == 1_000_002)
            #expect(app["config"]?["secret"] == "******")
            let robot = try await world.make("robot", "ENTERPRISE_WECHAT_BOT", ["webhook_url": .string(Self.robotURL)])
            #expect(robot["config"]?["webhook_url"] == "******")
            let hook = try await world.make(
                "hook",
                "WEBHOOK",
                [
                    "url": "http://10.0.0.1:8080/in?token=t-secret", "headers": ["Authorization": "Bearer abc-secret"],
                    "secret": "hmac-secret",
                ]
            )
            #expect(hook["config"]?["url"] == "http://10.0.0.1:8080/in?******")
            #expect(hook["config"]?["headers"]?["Authorization"] == "******")

            let stored = try await world.text("SELECT * FROM notification_channel")
            let audit = try await world.text("SELECT * FROM audit_log")
            let shown = try await world.channels.list(query: [], caller: .chief).json.text
            for secret in ["swordfish", "app-secret", "k-123-456", "t-secret", "abc-secret", "hmac-secret"] {
                for (place, text) in [("store", stored), ("audit", audit), ("list", shown)] {
                    #expect(!text.contains(secret), "\(secret) in the \(place)")
                }
            }
            #expect(stored.contains("v1:") && !shown.contains("v1:") && !audit.contains("v1:"))

            let opened = try #require(try await world.opened(mail.rowID))
            #expect(opened.config["smtp_password"] == "swordfish")
            #expect(!"\(opened) \(String(reflecting: opened))".contains("swordfish"))
            let openedHook = try #require(try await world.opened(hook.rowID))
            #expect(openedHook.config["url"] == "http://10.0.0.1:8080/in?token=t-secret")
            #expect(openedHook.config["headers"]?["Authorization"] == "Bearer abc-secret")
            #expect(try await world.opened(robot.rowID)?.ratePerMinute == 20)
            #expect(try await world.opened(4_711) == nil)
            #expect(try await ChannelResource.resource.schemaProblems(world.database).isEmpty)
        }
    }

    @Test(arguments: StoreEngine.allCases) func whatWasReadCanBeSentBack(_ engine: StoreEngine) async throws {
        try await ChannelWorld.run(engine) { world in
            let resource = world.channels.resource
            let id = try await world.make("mail", "EMAIL", Self.mail).rowID
            guard case .object(var body) = try await resource.get(id: id, caller: .chief) else { return }
            body["description"] = "changed"
            _ = try await resource.replace(id: id, body, caller: .chief)
            #expect(try await world.opened(id)?.config["smtp_password"] == "swordfish")

            var config = Self.mail
            config["smtp_password"] = "******"
            config["smtp_user"] = "other"
            let patched = try await resource.patch(id: id, ["config": .object(config)], caller: .chief)
            #expect(patched["config"]?["smtp_user"] == "other")
            #expect(try await world.opened(id)?.config["smtp_password"] == "swordfish")

            config["smtp_password"] = "new-word"
            _ = try await resource.patch(id: id, ["config": .object(config)], caller: .chief)
            #expect(try await world.opened(id)?.config["smtp_password"] == "new-word")

            _ = try await resource.patch(id: id, ["is_active": false], caller: .chief)
            #expect(try await world.opened(id)?.config["smtp_password"] == "new-word")
        }
    }

    @Test(arguments: StoreEngine.allCases) func aSecretDoesNotFollowAChangedHost(_ engine: StoreEngine) async throws {
        try await ChannelWorld.run(engine) { world in
            let resource = world.channels.resource
            let mail = try await world.make("mail", "EMAIL", Self.mail).rowID
            for (member, value) in [
                ("smtp_server", "evil.example.com"), ("smtp_port", 2525), ("use_ssl", false), ("verify_tls", false),
            ] as [(String, JSONValue)] {
                var config = Self.mail
                config["smtp_password"] = "******"
                config[member] = value
                let sent = config
                let found = await faults {
                    _ = try await resource.patch(id: mail, ["config": .object(sent)], caller: .chief)
                }
                #expect(
                    found.count == 1 && found[0].hasPrefix("config.smtp_password: must be entered again: \(member)")
                )
            }
            let hook = try await world.make(
                "hook",
                "WEBHOOK",
                ["url": "https://a.example.com/in", "headers": ["Authorization": "Bearer x"], "secret": "hmac"]
            ).rowID
            let found = await faults {
                _ = try await resource.patch(
                    id: hook,
                    [
                        "config": [
                            "url": "https://b.example.com/in", "headers": ["Authorization": "******"],
                            "secret": "******",
                        ]
                    ],
                    caller: .chief
                )
            }
            #expect(found.map { $0.prefix { $0 != ":" } } == ["config.headers", "config.secret"])
            let typed = await faults {
                _ = try await resource.patch(id: mail, ["channel_type": "WEBHOOK"], caller: .chief)
            }
            #expect(typed == ["channel_type: is set at creation and cannot be changed"])
        }
    }

    @Test(
        arguments: [
            ("EMAIL", ["smtp_server": "h"], "config.from_addr: is required"),
            ("EMAIL", ["smtp_server": "h h", "from_addr": "a@b.c"], "config.smtp_server: must be the name"),
            ("EMAIL", ["smtp_server": "h", "from_addr": "x"], "config.from_addr: must be a mail address"),
            (
                "EMAIL", ["smtp_server": "h", "from_addr": "a@b.c", "smtp_port": 0],
                "config.smtp_port: must be an integer"
            ),
            (
                "EMAIL", ["smtp_server": "h", "from_addr": "a@b.c", "smtp_port": 25, "port": 25],
                "config.port: says the same"
            ),
            ("EMAIL", ["smtp_server": "h", "from_addr": "a@b.c", "use_ssl": true, "use_tls": true], "config.use_tls:"),
            (
                "EMAIL", ["smtp_server": "h", "from_addr": "a@b.c", "smtp_user": "u"],
                "config.smtp_password: is required"
            ),
            (
                "EMAIL", ["smtp_server": "h", "from_addr": "a@b.c", "use_ssl": "yes"],
                "config.use_ssl: must be true or false"
            ),
            ("EMAIL", ["smtp_server": "h", "from_addr": "a@b.c", "colour": 1], "config.colour: is not a member"),
            (
                "EMAIL", ["smtp_server": "h", "from_addr": "a@b.c", "ca_file": "x"],
                "config.ca_file: must be an absolute"
            ),
            (
                "ENTERPRISE_WECHAT", ["corp_id": "w", "agent_id": "x", "secret": "s"],
                "config.agent_id: must be an integer"
            ),
            (
                "ENTERPRISE_WECHAT", ["corp_id": "w", "agent_id": 1, "secret": "s", "base_url": "ftp://x"],
                "config.base_url: must be an http or https URL"
            ),
            ("ENTERPRISE_WECHAT_BOT", [:], "config.webhook_url: is required, or key"),
            (
                "ENTERPRISE_WECHAT_BOT", ["webhook_url": "https://x/send"],
                "config.webhook_url: must contain the robot's key"
            ),
            (
                "ENTERPRISE_WECHAT_BOT", ["key": "k", "webhook_url": "https://x/send?key=k"],
                "config.key: says the same"
            ),
            ("ENTERPRISE_WECHAT_BOT", ["key": "k", "mentioned_list": ["a>b"]], "config.mentioned_list: holds"),
            ("WEBHOOK", ["url": "https://user:word@host/"], "config.url: must not contain credentials"),
            ("WEBHOOK", ["url": "file:///etc/passwd"], "config.url: must be an http or https URL"),
            ("WEBHOOK", ["url": "https:///x"], "config.url: must name a host"),
            ("WEBHOOK", ["url": "https://h:99999/"], "config.url: must have a port"),
            ("WEBHOOK", ["url": "https://h/", "headers": ["Host": "x"]], "config.headers: has a name that is set by"),
            ("WEBHOOK", ["url": "https://h/", "headers": ["A": "x\r\nB: y"]], "config.headers: has at A no text"),
            ("WEBHOOK", ["url": "https://h/", "headers": ["A B": "x"]], "config.headers: has a name that is no name"),
            ("WEBHOOK", ["url": "https://h/", "method": "DELETE"], "config.method: must be one of POST, PUT, PATCH"),
            ("WEBHOOK", ["url": "https://h/", "body_template": "{{#a}}"], "config.body_template: does not compile"),
            (
                "WEBHOOK", ["url": "https://h/", "body_template": "{\"a\": {{title}}}"],
                "config.body_template: does not make"
            ),
            ("WEBHOOK", ["url": "https://h/", "secret": "******"], "config.secret: is masked"),
        ] as [(String, JSONObject, String)]
    )
    func badMembersAreNamed(type: String, config: JSONObject, fault: String) async throws {
        try await ChannelWorld.run(.sqlite) { world in
            let found = await faults { try await world.make("x", type, config) }
            #expect(found.count == 1 && found.first?.hasPrefix(fault) == true, "\(found)")
        }
    }

    @Test func otherNamesAreUnderstood() async throws {
        try await ChannelWorld.run(.sqlite) { world in
            let mail = try await world.make(
                "mail",
                "EMAIL",
                [
                    "smtp_server": "h", "port": 25, "smtp_user": "u", "smtp_pwd": "w", "mail_sender": "a@b.c",
                    "smtp_usessl": false, "smtp_usetls": true,
                ]
            )
            #expect(
                mail["config"] == [
                    "smtp_server": "h", "smtp_port": 25, "smtp_user": "u", "smtp_password": "******",
                    "from_addr": "a@b.c", "use_ssl": false, "use_tls": true,
                ]
            )
            let robot = try await world.make("robot", "ENTERPRISE_WECHAT_BOT", ["bot_key": "kkkk"])
            #expect(try await world.opened(robot.rowID)?.config["key"] == "kkkk")
            #expect(
                await faults {
                    try await world.make("r2", "ENTERPRISE_WECHAT_BOT", ["key": "k"], ["rate_per_minute": 21])
                }
                .first?.hasPrefix("rate_per_minute: must be at most 20") == true
            )
        }
    }

    @Test(arguments: StoreEngine.allCases) func rightsAndReferences(_ engine: StoreEngine) async throws {
        try await ChannelWorld.run(engine) { world in
            let id = try await world.make("mail", "EMAIL", Self.mail).rowID
            let page = try await world.channels.list(query: [], caller: .worker)
            #expect(page.results.first?.keys == ["id", "name", "channel_type", "is_active", "team"])
            await #expect(throws: ResourceError.forbidden(.notificationManage)) {
                _ = try await world.channels.list(query: [], caller: .looker)
            }
            await #expect(throws: ResourceError.forbidden(.notificationManage)) {
                _ = try await world.channels.resource.get(id: id, caller: .worker)
            }
            await #expect(throws: ResourceError.forbidden(.notificationManage)) {
                _ = try await world.channels.test(id: id, body: [:], caller: .worker)
            }
            let catalog = try ResourceCatalog([ChannelResource.resource, ChannelWorld.rule])
            let rules = try ResourceService(ChannelWorld.rule, catalog: catalog, database: world.database)
            let rule = try await rules.create(
                ["name": "r", "notify_channels": [.integer(id)]],
                caller: .worker
            ).rowID
            let found = await faults { try await world.channels.resource.delete(id: id, caller: .chief) }
            #expect(found == ["rule: 1 row refers to it by notify_channels: \(rule)"])
            try await rules.delete(id: rule, caller: .worker)
            try await world.channels.resource.delete(id: id, caller: .chief)
            await #expect(throws: ResourceError.notFound) {
                _ = try await world.channels.resource.get(id: id, caller: .chief)
            }
        }
    }

    @Test func aLostKeyIsTold() async throws {
        try await ChannelWorld.run(.sqlite) { world in
            let id = try await world.make("mail", "EMAIL", Self.mail).rowID
            let directory = ChannelDirectory(box: .random())
            await #expect(throws: ChannelFault.self) {
                _ = try await world.database.read { try directory.channel(id, on: $0) }
            }
        }
    }

    @Test func badTemplatesAreNamed() async throws {
        try await ChannelWorld.run(.sqlite) { world in
            let found = await faults {
                try await world.make(
                    "mail",
                    "EMAIL",
                    Self.mail,
                    ["templates": ["title": "{{title", "html": "{{{description}}}", "sound": "x", "text": 5]]
                )
            }
            #expect(
                found.map { String($0.prefix { $0 != ":" }) }
                    == ["templates.title", "templates.html", "templates.sound", "templates.text"]
            )
            let made = try await world.make("mail", "EMAIL", Self.mail, ["templates": ["title": "T {{title}}"]])
            #expect(made["templates"] == ["title": "T {{title}}"])
            #expect(try await world.opened(made.rowID)?.templates == ChannelTemplates(["title": "T {{title}}"]))
        }
    }
}
