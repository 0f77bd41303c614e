import Base
import Settings
import Telemetry
import Testing

@Suite struct TracingOptionsTests {
    private func options(_ environment: [String: String], file: String? = nil) throws -> (TracingOptions, [String]) {
        var options = TracingOptions()
        if let file { options = try settings(file).options }
        let warnings = options.apply(environment: environment)
        return (options, warnings.map(\.description))
    }

    private func settings(_ file: String) throws -> TracingSettings {
        let result = SettingsReader.read(
            TracingSettings.self, Array(file.utf8), file: "traces.yaml", references: FixedReferences())
        return try #require(result.group, "\(result.complaints)")
    }

    /// The URL that comes of the two endpoint variables.
    @Test(
        arguments: [
            ([:], nil),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318"], "http://h:4318/v1/traces"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318/"], "http://h:4318/v1/traces"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "https://h/my/path"], "https://h/my/path/v1/traces"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "https://h/my/path/"], "https://h/my/path/v1/traces"),
            (["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:4318"], "http://t:4318/"),
            (["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:4318/v1/traces"], "http://t:4318/v1/traces"),
            (
                ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/x"],
                "http://t/x"
            ),
            (
                ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ""],
                "http://h/v1/traces"
            ),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "  "], nil),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h/a?b=c"], "http://h/a/v1/traces?b=c"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1]:4318"], "http://[::1]:4318/v1/traces"),
        ] as [([String: String], String?)])
    func formsTheURL(_ environment: [String: String], _ url: String?) throws {
        let (options, warnings) = try options(environment)
        #expect(options.activeDestination?.url.reveal() == url)
        #expect(warnings.isEmpty)
    }

    /// What is not understood is ignored with a warning that does not repeat the value.
    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a b"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"), ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=b%0d%0ax: s3cret"), ("OTEL_EXPORTER_OTLP_HEADERS", "content-length=s3cret"),
        ("OTEL_RESOURCE_ATTRIBUTES", "novalue"), ("OTEL_RESOURCE_ATTRIBUTES", "a=%FF"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"), ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "x"), ("OTEL_SPAN_EVENT_COUNT_LIMIT", "-2"), ("OTEL_PROPAGATORS", "b3"),
        ("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_SDK_DISABLED", "yes"),
    ])
    func warnsAndIgnores(variable: String, value: String) throws {
        let (found, warnings) = try options([variable: value], file: "endpoint: http://127.0.0.1:4318")
        let plain = try settings("endpoint: http://127.0.0.1:4318").options
        #expect(warnings.count == 1)
        #expect(warnings.allSatisfy { $0.hasPrefix(variable) && !$0.contains("s3cret") })
        #expect("\(found)" == "\(plain)")
    }

    @Test func readsEveryVariable() throws {
        let (options, warnings) = try options([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "HTTP/protobuf",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, x-tenant = 7 ,", "OTEL_EXPORTER_OTLP_TIMEOUT": "2500",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none",
            "OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,a=x%2Cy,b=ä",
            "OTEL_TRACES_SAMPLER": "ParentBased_TraceIDRatio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BSP_EXPORT_TIMEOUT": "0", "OTEL_BSP_MAX_QUEUE_SIZE": "10",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5", "OTEL_PROPAGATORS": "baggage, baggage",
            "OTEL_ATTRIBUTE_COUNT_LIMIT": "7", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "8",
            "OTEL_SPAN_LINK_COUNT_LIMIT": "0",
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "9", "OTEL_SPAN_EVENT_COUNT_LIMIT": "11",
        ])
        #expect(warnings.isEmpty)
        let destination = try #require(options.activeDestination)
        #expect(destination.headers.map { "\($0.name): \($0.value.reveal())" } == ["api-key: a b", "x-tenant: 7"])
        #expect(!"\(options)".contains("a b"))
        #expect(destination.timeout == .milliseconds(2500) && destination.compression == .none)
        #expect(options.resource["service.name"] == "shop")
        #expect(options.resource["a"] == "x,y" && options.resource["b"] == "ä")
        #expect(options.sampler == .parentBased(root: .traceIDRatio(0.25)))
        #expect(options.batchLimits.scheduledDelay == .milliseconds(100))
        #expect(options.batchLimits.exportTimeout == .seconds(86_400))
        #expect(options.batchLimits.queueLimit == 10 && options.batchLimits.batchLimit == 5)
        #expect(options.propagators == .baggage)
        #expect(options.spanLimits.attributes == 8 && options.spanLimits.attributesPerEvent == 7)
        #expect(options.spanLimits.links == 0 && options.spanLimits.events == 11)
        #expect(options.spanLimits.attributeValueLength == 9)
    }

    @Test func hidesTheUserOfAnEndpoint() throws {
        let (found, warnings) = try options(["OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:s3cret@h"])
        #expect(warnings.isEmpty && found.activeDestination?.url.reveal() == "https://me:s3cret@h/v1/traces")
        #expect(!"\(found)".contains("s3cret"))
    }

    @Test func takesTheDefaultRatioForABadArgument() throws {
        let (found, warnings) = try options(["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"])
        #expect(found.sampler == .traceIDRatio(1))
        #expect(warnings.count == 1)
    }

    @Test func switchesOff() throws {
        let endpoint = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h"]
        for (name, value) in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
            let (found, warnings) = try options(endpoint.merging([name: value]) { $1 })
            #expect(found.activeDestination == nil && warnings.isEmpty)
        }
        #expect(try options(endpoint.merging(["OTEL_SDK_DISABLED": "false"]) { $1 }).0.activeDestination != nil)
    }

    @Test func drawsABatchBackToTheQueue() throws {
        let (small, warnings) = try options(["OTEL_BSP_MAX_QUEUE_SIZE": "100"])
        #expect(small.batchLimits.batchLimit == 100 && warnings.isEmpty)
        let (told, complaints) = try options(["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4096"])
        #expect(told.batchLimits.batchLimit == 2048 && complaints.count == 1)
    }

    /// The environment wins over the file, key by key.
    @Test func laysTheEnvironmentOverTheFile() throws {
        let file = """
            endpoint: http://file:4318/base
            headers: { Api-Key: from-file }
            sampler: always_off
            timeout: 3s
            serviceName: file
            resource: { team: ops }
            propagators: [baggage]
            batch: { delay: 1s, queue: 64, size: 32 }
            limits: { events: 4, valueLength: 100 }
            """
        let plain = try settings(file).options
        #expect(plain.activeDestination?.url.reveal() == "http://file:4318/base/v1/traces")
        #expect(plain.activeDestination?.headers.map(\.name) == ["Api-Key"])
        #expect(plain.sampler == .alwaysOff && plain.propagators == .baggage)
        #expect(plain.batchLimits.queueLimit == 64 && plain.batchLimits.batchLimit == 32)
        #expect(plain.spanLimits.events == 4 && plain.spanLimits.attributeValueLength == 100)
        let (both, warnings) = try options(
            [
                "OTEL_TRACES_SAMPLER": "always_on", "OTEL_SERVICE_NAME": "env",
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://env",
            ],
            file: file)
        #expect(warnings.isEmpty)
        #expect(both.activeDestination?.url.reveal() == "http://env/v1/traces")
        #expect(both.activeDestination?.timeout == .seconds(3))
        #expect(both.sampler == .alwaysOn && both.resource["service.name"] == "env" && both.resource["team"] == "ops")
    }

    @Test(arguments: [
        ("endpoint: localhost:4318", "endpoint"), ("sampler: sometimes", "sampler"), ("ratio: 2", "ratio"),
        ("headers: { \"a b\": x }", "headers"), ("headers: { host: x }", "headers"),
        ("batch: { queue: 10, size: 20 }", "batch.size"), ("timeout: 1ms", "timeout"),
        ("endpiont: http://x", "endpiont"),
    ])
    func complainsAboutTheFile(file: String, path: String) {
        let result = SettingsReader.read(
            TracingSettings.self, Array(file.utf8), file: "traces.yaml", references: FixedReferences())
        #expect(result.complaints.contains { "\($0)".contains(path) })
        #expect(result.group == nil)
    }
}
