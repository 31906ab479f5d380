// What lives on a loop.

/// Hears of a descriptor. Called on the loop's thread.
package protocol DescriptorHandler: AnyObject {
    /// - Parameter events: those of a descriptor that was closed and opened anew within a turn may be stale,
    ///   so they are a reason to look rather than to believe.
    func ready(_ descriptor: Int32, _ events: DescriptorEvents)
}

/// Has its part in every turn of a loop, on the loop's thread.
package protocol LoopTenant: AnyObject {
    /// When it has to have its part next, whatever happens.
    var deadline: Moment? { get }
    /// Whether it has something to do now. Asked once the loop counts as asleep: whoever brings something after that
    /// calls `wake`.
    var hasWork: Bool { get }
    /// Does what there is to do.
    ///
    /// - Parameter hasListened: whether descriptors have been heard since the last time. Who waits for one of them judges
    ///   its patience only then.
    func turn(hasListened: Bool)
    /// The loop is over.
    func leave()
}
