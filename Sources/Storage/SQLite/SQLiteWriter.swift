// The one writer of a SQLite file: takes all that waits into one transaction, and so into one sync of the disk.

/// Runs on the writer's thread.
struct SQLiteWriter {
    let connection: SQLiteConnection
    let queue: JobQueue
    /// Bounds how long the first job of a batch waits for the last.
    private let maximumBatch = 512

    private struct Done {
        let job: Job
        let delivery: Job.Delivery
    }

    /// Serves until the queue is closed and empty.
    func serve() {
        while let jobs = queue.take(upTo: maximumBatch) {
            var rest = jobs[...]
            while !rest.isEmpty { commit(&rest) }
        }
    }

    /// Runs jobs from the front in one transaction, and tells their tasks what became of it. Jobs are left over only
    /// when SQLite has undone the transaction midway.
    private func commit(_ jobs: inout ArraySlice<Job>) {
        do {
            try connection.run("BEGIN IMMEDIATE")
        } catch {
            fail(jobs, error)
            jobs = []
            return
        }
        let isAlone = jobs.count == 1
        var done: [Done] = []
        done.reserveCapacity(jobs.count)
        while let job = jobs.popFirst() {
            do {
                done.append(Done(job: job, delivery: try perform(job, isAlone: isAlone)))
            } catch {
                job.fail(error)
                if !connection.isInTransaction { return undone(by: error, done, &jobs) }
            }
        }
        finish(done)
    }

    /// Nothing is left of the jobs before, either. They run again without the culprit, unless the disk is to blame.
    private func undone(by error: any Error, _ done: [Done], _ jobs: inout ArraySlice<Job>) {
        if let error = error as? DatabaseError, error.kind == .unavailable {
            fail(done.map(\.job)[...], error)
        } else {
            jobs = done.map(\.job) + jobs
        }
    }

    private func finish(_ done: [Done]) {
        do {
            try connection.run(done.isEmpty ? "ROLLBACK" : "COMMIT")
        } catch {
            if connection.isInTransaction { try? connection.run("ROLLBACK") }
            fail(done.map(\.job)[...], error)
            return
        }
        for item in done { item.delivery() }
    }

    /// One job, within a savepoint unless the transaction is all its own.
    private func perform(_ job: Job, isAlone: Bool) throws -> Job.Delivery {
        if !isAlone { try connection.run("SAVEPOINT job") }
        do {
            let delivery = try connection.perform(job)
            if connection.hasBrokenDeferredKeys {
                throw DatabaseError(.constraint(.foreignKey), "FOREIGN KEY constraint failed")
            }
            if !isAlone { try connection.run("RELEASE job") }
            return delivery
        } catch {
            if !isAlone, connection.isInTransaction {
                try connection.run("ROLLBACK TO job")
                try connection.run("RELEASE job")
            }
            throw error
        }
    }

    private func fail(_ jobs: ArraySlice<Job>, _ error: any Error) {
        for job in jobs { job.fail(error) }
    }
}

/// Reads, one transaction each, on a reader's thread.
struct SQLiteReader {
    let connection: SQLiteConnection
    let queue: JobQueue

    /// Serves until the queue is closed and empty.
    func serve() {
        while let jobs = queue.take(upTo: 1) {
            for job in jobs { perform(job) }
        }
    }

    private func perform(_ job: Job) {
        do {
            try connection.run("BEGIN")
            let delivery = try connection.perform(job)
            try connection.run("COMMIT")
            delivery()
        } catch {
            if connection.isInTransaction { try? connection.run("ROLLBACK") }
            job.fail(error)
        }
    }
}
