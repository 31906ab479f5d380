// Money: exact, rounded once, unknown where it is not known; a price file's faults have a line.

import Logging
import OpenAIProtocol
import Providers
import Support
import Synchronization
import Testing
import YAML

@testable import Conversation

@Suite struct PriceTests {
    private static let book = PriceBook(
        currency: "USD",
        prices: [
            "gpt-4o-mini": ModelPrice(input: 150_000, output: 600_000, cachedInput: 75_000),
            "claude-sonnet-4": ModelPrice(
                input: 3_000_000,
                output: 15_000_000,
                cachedInput: 300_000,
                cacheWrite: 3_750_000
            ),
            "own/gpt-4o-mini": ModelPrice(input: 0, output: 0),
        ]
    )

    private final class Price: Sendable {
        let value = Mutex<Int64>(0)
    }

    /// Of two reloads at once the later one's prices stay, whoever takes them last.
    @Test func pricesAreThoseInForce() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let folder = try TemporaryFolder("prices")
        let shelf = PriceShelf(path: folder.file("none.yaml"), logger: logger)
        let inForce = Price()
        await withTaskGroup { group in
            for price in 1...500 {
                group.addTask {
                    inForce.value.withLock { $0 = Int64(price) }
                    shelf.use {
                        [ModelProfile(name: "a/m", price: ModelPrice(input: inForce.value.withLock { $0 }, output: 0))]
                    }
                }
            }
        }
        #expect(shelf.book.price(of: "a/m")?.input == inForce.value.withLock { $0 })
    }

    @Test func tokensCostByTheirKind() {
        let usage = Usage(
            promptTokens: 1_000_000,
            completionTokens: 500_000,
            cachedTokens: 400_000,
            reasoningTokens: 100_000
        )
        // 600,000 at 0.15, 400,000 at 0.075, 500,000 at 0.60; reasoning is among the 500,000.
        #expect(Self.book.cost(model: "openai/gpt-4o-mini", usage: usage) == 420_000)
        let written = Usage(promptTokens: 1_000, completionTokens: 0, cachedTokens: 100, cacheWriteTokens: 200)
        #expect(Self.book.cost(model: "x/claude-sonnet-4", usage: written) == 2_880)
        // A count beside the prompt instead of in it: no part is paid twice, none is negative.
        let odd = Usage(promptTokens: 10, completionTokens: 0, cachedTokens: 1_000)
        #expect(Self.book.cost(model: "x/claude-sonnet-4", usage: odd) == 300)
    }

    @Test func halvesGoUpOnceARow() {
        let book = PriceBook(currency: "USD", prices: ["m": ModelPrice(input: 500_000, output: 499_999)])
        #expect(book.cost(model: "p/m", usage: Usage(promptTokens: 1)) == 1)
        #expect(book.cost(model: "p/m", usage: Usage(completionTokens: 1)) == 0)
        #expect(book.cost(model: "p/m", usage: Usage(promptTokens: 3)) == 2)
        let tally = TurnTally()
        tally.target = RouteTarget(provider: "p", model: "m")
        tally.add(Usage(promptTokens: 1))
        tally.add(Usage(promptTokens: 1))
        #expect(tally.cost(book).micros == 1 && tally.cost(book).isKnown)
        let huge = Usage(promptTokens: 1 << 60, completionTokens: 1 << 60)
        #expect(
            PriceBook(currency: "USD", prices: ["m": ModelPrice(input: .max, output: .max)]).cost(
                model: "p/m",
                usage: huge
            ) == .max
        )
    }

    @Test func namesAreFoundWithAndWithoutDates() {
        let usage = Usage(promptTokens: 1_000_000)
        for model in ["openai/gpt-4o-mini", "azure/gpt-4o-mini-2024-07-18", "openrouter/gpt-4o-mini-20240718"] {
            #expect(Self.book.cost(model: model, usage: usage) == 150_000, "\(model)")
        }
        #expect(Self.book.cost(model: "own/gpt-4o-mini", usage: usage) == 0)
        #expect(Self.book.cost(model: "offline/ops", usage: usage) == 0)
        for model in ["openai/gpt-4o", "openai/gpt-4o-mini-18", "x/", "", "openai/gpt-4o-mini-2024-07"] {
            #expect(Self.book.cost(model: model, usage: usage) == nil, "\(model)")
        }
        #expect(Self.book.cost(model: "nobody/knows", usage: Usage()) == 0)
    }

    @Test func configuredModelsWin() {
        let profile = ModelProfile(name: "openai/gpt-4o-mini", price: ModelPrice(input: 7, output: 7))
        let usage = Usage(promptTokens: 1_000_000)
        #expect(Self.book.merging([profile]).cost(model: "openai/gpt-4o-mini", usage: usage) == 7)
    }

    @Test func theFileThatShipsIsRead() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let file = "/\(root)/prices.yaml"
        let shelf = PriceShelf(path: file, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(shelf.fault == nil)
        #expect(shelf.book.currency == "USD")
        let usage = Usage(promptTokens: 1_000_000)
        #expect(shelf.book.cost(model: "openai/gpt-4o-mini-2024-07-18", usage: usage) == 150_000)
        for model in ["claude-sonnet-4", "gemini-2.5-pro", "deepseek-chat", "qwen-plus"] {
            #expect(shelf.book.price(of: "any/\(model)") != nil)
        }
    }

    @Test(arguments: [
        ("models: []", 1, "`currency` is missing"),
        ("currency: usd\nas_of: 2026-01-01\nmodels: []", 1, "three capital letters"),
        ("currency: USD\nas_of: soon\nmodels: []", 2, "must be a day"),
        ("currency: USD\nas_of: 2026-01-01\nmodels:\n  - {model: a, input: 0.1234567, output: 1}", 4, "six places"),
        ("currency: USD\nas_of: 2026-01-01\nmodels:\n  - {model: a, input: -1, output: 1}", 4, "must be a decimal"),
        ("currency: USD\nas_of: 2026-01-01\nmodels:\n  - {model: a, input: 1e3, output: 1}", 4, "must be a decimal"),
        ("currency: USD\nas_of: 2026-01-01\nmodels:\n  - {model: a, input: 1}", 4, "output"),
        (
            "currency: USD\nas_of: 2026-01-01\nmodels:\n  - {model: a, input: 1, output: 1}\n  - {model: a, input: 2, output: 1}",
            5, "there twice"
        ),
        ("currency: USD\nas_of: 2026-01-01\nmodels:\n  - {model: a, imput: 1, output: 1}", 4, "imput"),
    ]) func faultsHaveALine(_ text: String, _ line: Int, _ reason: String) {
        do {
            _ = try PriceFile.read(text, file: "prices.yaml")
            Issue.record("was taken")
        } catch {
            #expect(error.line == line)
            #expect(error.reason.contains(reason), "\(error.reason)")
        }
    }

    @Test func theLastGoodPricesStay() throws {
        let folder = try TemporaryFolder("prices")
        let good = "currency: EUR\nas_of: 2026-01-01\nmodels:\n  - {model: m, input: 0.000001, output: 999999}"
        let file = try folder.write(good, to: "prices.yaml")
        let shelf = PriceShelf(path: file, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let price = ModelPrice(input: 1, output: 999_999_000_000)
        #expect(shelf.book.price(of: "p/m") == price)
        #expect(!shelf.reload(force: false))
        _ = try folder.write("currency: EUR\nmodels: {", to: "prices.yaml")
        #expect(shelf.reload(force: false))
        #expect(shelf.fault != nil)
        #expect(shelf.book.price(of: "p/m") == price)
        _ = try folder.write(good.replacing("0.000001", with: "2"), to: "prices.yaml")
        #expect(shelf.reload(force: false))
        #expect(shelf.fault == nil)
        #expect(shelf.book.price(of: "p/m")?.input == 2_000_000)
    }
}
