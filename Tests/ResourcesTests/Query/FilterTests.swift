// Lists: filters, search, ordering and pages, on both engines, and what they refuse.

import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct FilterTests {
    private func fill(_ world: World) async throws {
        try await world.book(
            "Alpha",
            [
                "pages": 10, "price": 1.5, "level": "critical", "tags": ["a", "b"], "scores": [1, 2], "published": 1000,
                "labels": ["host": "web-1", "a.b\"c": "x"],
            ]
        )
        try await world.book(
            "Beta 50%",
            [
                "pages": 20, "price": 2.5, "level": "warning", "tags": ["b"], "scores": [2], "published": 2000,
                "note": "under_score", "labels": ["host": "web-2"],
            ]
        )
        try await world.book(
            "gamma",
            [
                "pages": 30, "in_print": false, "published": 3000, "note": "comma, back\\slash",
                "labels": ["host": 5],
            ]
        )
        try await world.book("Delta_x", ["note": "UNDERxSCORE 50 alpha"])
    }

    @Test(arguments: Engine.allCases)
    func filtersSelect(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            try await fill(world)
            let cases: [([(String, String)], [String])] = [
                ([], ["Alpha", "Beta 50%", "Delta_x", "gamma"]),
                ([("title", "Alpha")], ["Alpha"]),
                ([("title", "alpha")], []),
                ([("title", "Alpha,gamma,none")], ["Alpha", "gamma"]),
                ([("title", "Alpha"), ("title", "gamma")], ["Alpha", "gamma"]),
                ([("note", #"comma\, back\\slash"#)], ["gamma"]),
                ([("level", "critical,warning")], ["Alpha", "Beta 50%"]),
                ([("pages", "10,30")], ["Alpha", "gamma"]),
                ([("pages__gte", "20")], ["Beta 50%", "gamma"]),
                ([("pages__gt", "20")], ["gamma"]),
                ([("pages__lte", "20"), ("pages__gt", "10")], ["Beta 50%"]),
                ([("pages__lt", "20")], ["Alpha"]),
                ([("pages__isnull", "true")], ["Delta_x"]),
                ([("pages__isnull", "0"), ("in_print", "false")], ["gamma"]),
                ([("price", "1.5")], ["Alpha"]),
                ([("price__gte", "2")], ["Beta 50%"]),
                ([("in_print", "true")], ["Alpha", "Beta 50%", "Delta_x"]),
                ([("published", "1970-01-01T00:16:40Z")], ["Alpha"]),
                ([("published__gt", "0000001000")], ["Beta 50%", "gamma"]),
                ([("published__gt", "1970-01-01T08:16:40+08:00")], ["Beta 50%", "gamma"]),
                ([("published__gt", "1970-01-01T08:16:40 08:00")], ["Beta 50%", "gamma"]),
                ([("published__lte", "1970-01-01 00:33:20")], ["Alpha", "Beta 50%"]),
                ([("tags", "a")], ["Alpha"]),
                ([("tags", "a,b")], ["Alpha", "Beta 50%"]),
                ([("scores", "2")], ["Alpha", "Beta 50%"]),
                ([("scores", "1,7")], ["Alpha"]),
                ([("title__contains", "ALPHA")], ["Alpha"]),
                ([("title__contains", "%")], ["Beta 50%"]),
                ([("title__contains", "_")], ["Delta_x"]),
                ([("note__contains", "r_s")], ["Beta 50%"]),
                ([("note__contains", "\\")], ["gamma"]),
                ([("search", "alpha")], ["Alpha", "Delta_x"]),
                ([("search", "50 under")], ["Beta 50%", "Delta_x"]),
                ([("search", "under_score")], ["Beta 50%"]),
                ([("search", "50%")], ["Beta 50%"]),
                ([("search", "")], ["Alpha", "Beta 50%", "Delta_x", "gamma"]),
                ([("label.host", "web-1")], ["Alpha"]),
                ([("label.host", "5")], ["gamma"]),
                ([("label.a.b\"c", "x")], ["Alpha"]),
                ([("label.host", "web-1"), ("label.none", "x")], []),
                ([("mine", "true"), ("level", "info")], ["Delta_x", "gamma"]),
                (
                    [("created_by", "alice"), ("team", "1"), ("id__gte", "1"), ("created_at__gt", "0")],
                    ["Alpha", "Beta 50%", "Delta_x", "gamma"]
                ),
                ([("ordering", "-title")], ["gamma", "Delta_x", "Beta 50%", "Alpha"]),
                ([("ordering", "level,-title")], ["Alpha", "Beta 50%", "gamma", "Delta_x"]),
                ([("ordering", "-pages")], ["gamma", "Beta 50%", "Alpha", "Delta_x"]),
                ([("ordering", "pages")], ["Alpha", "Beta 50%", "gamma", "Delta_x"]),
                ([("ordering", "sold,-id")], ["Delta_x", "gamma", "Beta 50%", "Alpha"]),
                ([("page_size", "3")], ["Alpha", "Beta 50%", "Delta_x"]),
                ([("page_size", "3"), ("page", "2")], ["gamma"]),
                ([("page_size", "3"), ("page", "3")], []),
                ([("page_size", "1000"), ("page", "1000000")], []),
            ]
            for (query, expected) in cases {
                #expect(try await world.titles(query) == expected, "\(query)")
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func nonsenseIsRefusedByName(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let long = String(repeating: "x", count: 1001)
            let cases: [([(String, String)], String, String)] = [
                ([("page", "0")], "page", "must be an integer from 1"),
                ([("page", "x")], "page", "must be an integer from 1"),
                ([("page", "")], "page", "must be an integer from 1"),
                ([("page", "1000001")], "page", "must be at most 1000000"),
                ([("page_size", "0")], "page_size", "must be an integer from 1"),
                ([("page_size", "-1")], "page_size", "must be an integer from 1"),
                ([("page_size", "1001")], "page_size", "must be at most 1000"),
                ([("page_size", "99999999999999999999")], "page_size", "must be an integer"),
                ([("page", "1"), ("page", "2")], "page", "is given twice"),
                ([("colour", "red")], "colour", "is not a parameter of this list"),
                ([("pages__near", "1")], "pages__near", "is not a parameter of this list"),
                ([("title__gte", "1")], "title__gte", "is not a parameter of this list"),
                ([("pages__contains", "1")], "pages__contains", "is not a parameter of this list"),
                ([("title__isnull", "true")], "title__isnull", "is not a parameter of this list"),
                ([("key", "x")], "key", "is not a parameter of this list"),
                ([("labels", "x")], "labels", "is not a parameter of this list"),
                ([("__gte", "x")], "__gte", "is not a parameter of this list"),
                ([("", "x")], "", "is not a parameter of this list"),
                ([("label.", "x")], "label.", "is not a parameter of this list"),
                ([("pages", "many")], "pages", "must be an integer"),
                ([("pages", "1,")], "pages", "must be an integer"),
                ([("pages", "99999999999999999999")], "pages", "must be an integer"),
                ([("price", "nan")], "price", "must be a number"),
                ([("in_print", "yes")], "in_print", "must be true or false"),
                ([("published__gt", "soon")], "published__gt", "is not a time"),
                ([("pages__isnull", "x")], "pages__isnull", "must be true or false"),
                ([("level", "high")], "level", "must be one of"),
                ([("title__contains", "")], "title__contains", "must not be empty"),
                ([("title", "a\u{0}b")], "title", "must not contain the character U+0000"),
                ([("search", "a\u{0}b")], "search", "must not contain the character U+0000"),
                ([("label.x\u{0}", "b")], "label.x\u{0}", "must not contain the character U+0000"),
                ([("title", long)], "title", "must not be longer than 1000 bytes"),
                ([("search", long)], "search", "must not be longer than 1000 bytes"),
                ([("search", "a b c d e f g h i j k")], "search", "must not have more than 10 words"),
                ([("pages", String(repeating: "1,", count: 200) + "1")], "pages", "must not have more than 200 values"),
                ([("ordering", "note")], "ordering", "must name fields out of id, title, pages"),
                ([("ordering", "")], "ordering", "must name fields"),
                ([("ordering", "title,")], "ordering", "must name fields"),
                ([("ordering", "title,-title")], "ordering", "names title twice"),
                ([("ordering", "--title")], "ordering", "must name fields"),
                ([("mine", "false")], "mine", "must be true"),
            ]
            for (query, field, message) in cases {
                let error = await resourceError { _ = try await world.books.list(query: query, caller: .alice) }
                #expect(error?.errors.count == 1, "\(query): \(String(describing: error))")
                #expect(error?.errors.first?.field == field)
                #expect(error?.errors.first?.message.hasPrefix(message) == true, "\(String(describing: error))")
            }
            let several = await resourceError {
                _ = try await world.books.list(query: [("a", "1"), ("page", "x"), ("b", "2")], caller: .alice)
            }
            #expect(several?.errors.map(\.field) == ["a", "page", "b"])
            let many = await resourceError {
                _ = try await world.books.list(query: Array(repeating: ("label.x", "y"), count: 101), caller: .alice)
            }
            #expect(many?.message == "there must not be more than 100 parameters")
            let endless = await resourceError {
                _ = try await world.books.list(query: [(String(repeating: "n", count: 100_000), "1")], caller: .alice)
            }
            #expect(endless?.errors.first?.field.count == 51)
            let unsearchable = await resourceError {
                _ = try await world.kinds.list(query: [("search", "x")], caller: .alice)
            }
            #expect(unsearchable == .invalid("search", "is not possible in this list"))
        }
    }

    @Test(arguments: Engine.allCases)
    func attemptsToInjectAreJustText(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            try await fill(world)
            try await world.book("Bob's", by: .bob)
            let attempts = [
                "' OR 1=1 --", "\" OR \"\"=\"", "1; DROP TABLE books", "x') OR ('1'='1", "$1", "?1", "\\' OR 1=1 --",
                "%", "_",
                "title); DELETE FROM books; --", "title DESC; --", "id\", (SELECT 1)) --", "CASE WHEN 1=1 THEN id END",
                "books.team", "\"key\"", "||(SELECT key FROM books)||",
            ]
            for attempt in attempts {
                let ordering = await resourceError {
                    _ = try await world.books.list(query: [("ordering", attempt)], caller: .alice)
                }
                #expect(ordering?.errors.first?.field == "ordering", "\(attempt)")
                let name = await resourceError {
                    _ = try await world.books.list(query: [(attempt, "1")], caller: .alice)
                }
                #expect(name?.errors.first?.field == attempt, "\(attempt)")
                for parameter in ["title", "note", "tags", "label.host"] {
                    #expect(try await world.titles([(parameter, attempt)]).isEmpty, "\(parameter) \(attempt)")
                }
                #expect(try await world.titles([("label.\(attempt)", "1")]).isEmpty, "label \(attempt)")
                for parameter in ["title__contains", "search"] {
                    let found = try await world.titles([(parameter, attempt)])
                    #expect(!found.contains("Bob's") && found.count <= 2, "\(parameter) \(attempt): \(found)")
                }
                let id = try await world.book(attempt, ["note": .string(attempt), "tags": [.string(attempt)]])
                #expect(try await world.books.get(id: id, caller: .alice)["title"] == .string(attempt))
                let escaped = attempt.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
                #expect(try await world.titles([("title", escaped)]) == [attempt])
                #expect(try await world.titles([("tags", escaped)]) == [attempt])
                try await world.books.delete(id: id, caller: .alice)
            }
            let rows = try await world.books.list(query: [], caller: .admin)
            #expect(rows.count == 5)
        }
    }

    @Test(arguments: Engine.allCases)
    func pagesNeitherOverlapNorSkip(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let seed = UInt64.random(in: .min ... .max)
            var random = Seeded(seed)
            var ids: Set<Int> = []
            for number in 0..<57 {
                let level = ["critical", "warning", "info"].randomElement(using: &random) ?? "info"
                let pages: JSONValue = number % 5 == 0 ? nil : .integer(Int64.random(in: 1...3, using: &random))
                ids.insert(Int(try await world.book("Same", ["level": .string(level), "pages": pages])))
            }
            for ordering in ["title", "-title", "level", "-level,pages", "pages", "-pages", "-created_at"] {
                var seen: [Int] = []
                for page in 1...7 {
                    let answer = try await world.books.list(
                        query: [("ordering", ordering), ("page_size", "10"), ("page", String(page))],
                        caller: .alice
                    )
                    #expect(answer.count == 57, "seed \(seed): \(ordering), page \(page)")
                    #expect(answer.results.count == (page < 6 ? 10 : page == 6 ? 7 : 0))
                    seen += answer.results.compactMap { $0["id"]?.int }
                }
                #expect(seen.count == 57 && Set(seen) == ids, "seed \(seed): \(ordering)")
            }
            let exact = try await world.books.list(query: [("page_size", "57")], caller: .alice)
            #expect(exact.count == 57 && exact.results.count == 57)
            let standard = try await world.books.list(query: [], caller: .alice).json
            #expect(standard["page_size"] == 20 && standard["page"] == 1 && standard["count"] == 57)
            #expect(standard["results"]?.array?.count == 20)
        }
    }

    @Test func fragmentsKeepValuesOutOfTheText() {
        let name = "x'; DROP TABLE t; --"
        let fragment: SQLFragment = "a = \(name) AND b IN (\(list: [1, .null])) AND c < \(5 as Int64)"
        #expect(fragment.rendered.sql == "a = $1 AND b IN ($2, $3) AND c < $4")
        #expect(fragment.rendered.parameters == [.text(name), .integer(1), .null, .integer(5)])
        let nested: SQLFragment = "NOT (\(fragment)) OR \(SQLFragment.raw("d"))"
        #expect(nested.rendered.sql == "NOT (a = $1 AND b IN ($2, $3) AND c < $4) OR d")
        let none: SQLFragment = "a IN (\(list: []))"
        #expect(none.rendered.sql == "a IN (NULL)")
        #expect(SQLFragment.joined([], " AND ", empty: "1 = 1").rendered.sql == "1 = 1")
        #expect(SQLFragment.joined(["a", "b"], " OR ", empty: "1 = 0").rendered.sql == "(a) OR (b)")
        let placed = SQLFragment.placing("v", in: { "f(\($0), \($0))" })
        #expect(placed.rendered.sql == "f($1, $2)")
        #expect(placed.rendered.parameters == ["v", "v"])
    }
}
