import NIOHTTP2

/// What a session hears from the core.
protocol HTTP2CoreEvents: AnyObject {
    func headers(_ id: StreamID, _ content: HTTP2Frame.FramePayload.Headers)
    func data(_ id: StreamID, _ bytes: UnsafeRawBufferPointer)
    /// The peer sends no more on the stream.
    func ended(_ id: StreamID, trailers: UnsafeRawBufferPointer)
    /// The stream is gone, by the peer's RST_STREAM or by ours because the peer broke a rule.
    func streamReset(_ id: StreamID, _ code: StreamError, byPeer: Bool)
    func windowOpened(_ id: StreamID)
    func goAway(last: Int32, _ code: StreamError)
    func pong(_ data: UInt64)
}
