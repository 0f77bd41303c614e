import Base
import CloudAPI
import TestKit
import Testing

/// Instance metadata, containers and STS.
@Suite(.timeLimit(.minutes(2))) struct CredentialServiceTests {
    private static let document = """
        {"Code":"Success","AccessKeyId":"AK","SecretAccessKey":"SK","Token":"TK","Expiration":"2030-01-01T00:00:00Z"}
        """

    private func header(_ request: OutgoingRequest, _ name: String) -> String? {
        request.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    @Test func asksInstanceMetadataWithAToken() async throws {
        let http = ScriptedSender([
            .failure, .answer(200, "tok"), .answer(200, "my role\nother"), .answer(500, ""),
            .answer(200, Self.document),
        ])
        let environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"]
        let found = try #require(try await InstanceCredentials(.aws, environment: environment, http: http).load())
        #expect(
            found.accessKeyID == "AK" && found.secretAccessKey == Secret("SK") && found.sessionToken == Secret("TK"))
        #expect(found.expiresAt == WallInstant(secondsSince1970: 1_893_456_000))
        let base = "http://127.0.0.1:1338/latest"
        #expect(
            http.requests.map { "\($0.method) \($0.url)" } == [
                "PUT \(base)/api/token", "PUT \(base)/api/token", "GET \(base)/meta-data/iam/security-credentials/",
                "GET \(base)/meta-data/iam/security-credentials/my%20role",
                "GET \(base)/meta-data/iam/security-credentials/my%20role",
            ])
        #expect(header(http.requests[1], "x-aws-ec2-metadata-token-ttl-seconds") == "21600")
        #expect(http.requests[2...].allSatisfy { header($0, "x-aws-ec2-metadata-token") == "tok" })
        #expect(http.requests.allSatisfy { $0.timeout <= .seconds(1) })
    }

    @Test func asksAliyunsMetadata() async throws {
        let document = Self.document.replacing("SecretAccessKey", with: "AccessKeySecret")
            .replacing("Token", with: "SecurityToken")
        let http = ScriptedSender([.answer(200, "tok"), .answer(200, "role"), .answer(200, document)])
        let found = try #require(try await InstanceCredentials(.aliyun, environment: [:], http: http).load())
        #expect(found.secretAccessKey == Secret("SK") && found.sessionToken == Secret("TK"))
        #expect(http.requests[2].url == "http://100.100.100.200/latest/meta-data/ram/security-credentials/role")
        #expect(header(http.requests[2], "X-aliyun-ecs-metadata-token") == "tok")
    }

    @Test func findsNothingWhereThereIsNoMetadataOrNoRole() async throws {
        let disabled = ScriptedSender([])
        #expect(
            try await InstanceCredentials(.aws, environment: ["AWS_EC2_METADATA_DISABLED": "TRUE"], http: disabled)
                .load() == nil)
        #expect(disabled.requests.isEmpty)
        let silent = ScriptedSender([.failure, .failure])
        #expect(try await InstanceCredentials(.aws, environment: [:], http: silent).load() == nil)
        let roleless = ScriptedSender([.answer(200, "tok"), .answer(404, "")])
        #expect(try await InstanceCredentials(.aws, environment: [:], http: roleless).load() == nil)
        let broken = ScriptedSender([.answer(200, "tok"), .answer(200, "role"), .answer(200, #"{"Code":"Failed"}"#)])
        await expectCode("credentials-failed") {
            _ = try await InstanceCredentials(.aws, environment: [:], http: broken).load()
        }
    }

    @Test func asksTheContainersService() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("token", "from file\n")
        let cases: [([String: String], url: String, token: String?)] = [
            (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"], "http://169.254.170.2/v2/x", nil),
            (
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:80/y",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "plain",
                ],
                "http://127.0.0.1:80/y", "plain"
            ),
            (
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/y",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "plain",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
                ], "http://[fd00:ec2::23]/y", "from file"
            ),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://example.com/z"], "https://example.com/z", nil),
        ]
        for (environment, url, token) in cases {
            let http = ScriptedSender([.answer(500, ""), .failure, .answer(200, Self.document)])
            let found = try await ContainerCredentials(environment: environment, http: http).load()
            #expect(found?.accessKeyID == "AK")
            #expect(http.requests.map(\.url) == Array(repeating: url, count: 3))
            #expect(header(http.requests[0], "Authorization") == token)
        }
        #expect(try await ContainerCredentials(environment: [:], http: ScriptedSender([])).load() == nil)
    }

    @Test(arguments: [
        "http://example.com/", "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/",
        "http://169.254.170.20/", "ftp://x/",
        "http://example.com:80/?127.0.0.1",
    ]) func tellsTheContainersTokenToNobodyElse(url: String) async throws {
        let http = ScriptedSender([])
        await expectCode("credentials-failed") {
            _ = try await ContainerCredentials(environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url], http: http)
                .load()
        }
        #expect(http.requests.isEmpty)
    }

    @Test func takesOnARoleAtMoto() async throws {
        let peer = try await CloudPeer.moto()
        let environment = ["AWS_ENDPOINT_URL_STS": peer.text("endpoint")]
        let chain = CredentialChain.aws(
            CredentialChain.Wishes(fixed: peer.credentials, roleARN: peer.text("roleARN")), region: "us-east-1",
            environment: environment, http: CloudPeer.http, time: SystemTime())
        let found = try await chain.credentials()
        #expect(found.accessKeyID.hasPrefix("ASIA") && found.sessionToken != nil)
        let left = try #require(found.expiresAt).secondsSince1970 - SystemTime().wallNow().secondsSince1970
        #expect(left > 600 && left < 90_000)
        // What the role gives works, its token included.
        let kms = KMSClient(
            endpoint: peer.text("endpoint"), region: "us-east-1", credentials: chain, http: CloudPeer.http,
            time: SystemTime())
        #expect(try await kms.describeKey("alias/apus") == peer.text("kmsKeyID"))
    }

    private static func answer(_ action: String) -> String {
        """
        <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result><Credentials>
        <AccessKeyId>AK</AccessKeyId><SecretAccessKey>SK</SecretAccessKey><SessionToken>TK</SessionToken>
        <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></\(action)Result></\(action)Response>
        """
    }

    @Test func showsAWebIdentity() async throws {
        let folder = try TemporaryFolder()
        let environment = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": try folder.write("token", "ey.J+\n"),
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
        ]
        let time = ManualTime()
        let http = ScriptedSender([
            .answer(400, "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>"),
            .answer(200, Self.answer("AssumeRoleWithWebIdentity")),
        ])
        let sts = STSClient(region: "eu-west-1", environment: [:], http: http, time: time)
        async let found = WebIdentityCredentials(environment: environment, sts: sts).load()
        await time.waitForSleepers()
        time.advance(by: .seconds(10))
        #expect(try await found?.sessionToken == Secret("TK"))
        #expect(http.requests.map(\.url) == Array(repeating: "https://sts.eu-west-1.amazonaws.com/", count: 2))
        let body = String(decoding: http.requests[1].body, as: UTF8.self)
        #expect(body.contains("WebIdentityToken=ey.J%2B&") || body.hasSuffix("WebIdentityToken=ey.J%2B"))
        #expect(header(http.requests[1], "Authorization") == nil)
    }

    @Test func keepsSecretsOutOfRefusals() async throws {
        let text = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>sesame</Message></Error></ErrorResponse>"
        let sts = STSClient(
            region: "r", environment: [:], http: ScriptedSender([.answer(403, text)]), time: ManualTime())
        do {
            _ = try await sts.assumeRoleWithWebIdentity("arn", sessionName: "s", token: Secret("sesame"))
            Issue.record("nothing was thrown")
        } catch {
            #expect(
                error.code == "credentials-failed" && error.message.contains("AccessDenied")
                    && !"\(error)".contains("sesame"))
        }
    }
}
