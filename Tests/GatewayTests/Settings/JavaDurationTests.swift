import Testing

@testable import Gateway

@Suite struct JavaDurationTests {
    @Test(
        "Spring's durations",
        arguments: [
            ("60000", "60000ms"), ("0", "0ms"), ("PT30S", "30s"), ("pt1m30s", "1m30s"), ("P1DT2H", "1d2h"),
            ("P2D", "2d"),
            ("PT0.5S", "500ms"), ("PT1H", "1h"), ("PT0S", "0s"),
        ])
    func reads(_ text: String, _ expected: String) {
        #expect(JavaDuration.text(text) == expected)
    }

    @Test(
        "what is none, or ours already",
        arguments: [
            "30s", "500ms", "", "P", "PT", "PT5", "P1H", "PT-5S", "PT1S1M", "PT5MS", "P1DT", "T5S", "-PT5S", "PT1.S",
        ])
    func leaves(_ text: String) {
        #expect(JavaDuration.text(text) == nil)
    }

    @Test(
        "keys in any spelling",
        arguments: [
            ("failure-rate-threshold", "failureRateThreshold"), ("failure_rate_threshold", "failureRateThreshold"),
            ("failureRateThreshold", "failureRateThreshold"), ("ring-buffer-size-in-closed-state", "slidingWindowSize"),
            ("base-config", "baseConfig"), ("name", "name"),
        ])
    func keys(_ key: String, _ expected: String) {
        #expect(Resilience4jRewriting.camel(key) == expected)
    }
}
