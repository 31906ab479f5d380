// What the server does without being asked: notices are delivered, and what time brings about is done.

package import Alerts
package import Notifications

/// Runs as long as the server; several nodes may do it on one store.
package struct BackgroundWork: Sendable {
    private let delivery: DeliveryService
    private let ticker: AlertTicker

    package init(delivery: DeliveryService, ticker: AlertTicker) {
        self.delivery = delivery
        self.ticker = ticker
    }

    /// Until the task is cancelled; deliveries under way get their drain time then.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await delivery.run() }
            group.addTask { await ticker.run() }
        }
    }
}
